"""The enriched file: what is written is read again, what is wrong is named."""

from datetime import date
from typing import Any

import orjson
import pytest

from domain.enriched_file import EnrichedFile, write_enriched
from models.anime import AnimeEntry
from models.errors import BadInput
from models.vocabulary import SystemStatus
from tests.support.database import make_entry
from tests.support.samples import ENRICHED

DAY = date(2026, 11, 21)


def written(*entries: AnimeEntry) -> bytes:
    body = bytearray()
    write_enriched(body.extend, entries, last_update=DAY)
    return bytes(body)


def given(*entries: Any) -> EnrichedFile:
    return EnrichedFile(orjson.dumps({"data": entries}))


def test_what_is_written_is_read_again_without_what_the_stores_keep_for_themselves() -> None:
    entries = [make_entry(1), make_entry(2, system_status=SystemStatus.ORPHANED)]
    portable = [entry.model_copy(update={"revision": 0, "last_saga": None}) for entry in entries]
    file = EnrichedFile(written(*entries))
    assert list(file.entries()) == portable
    assert list(file.entries()) == portable, "a second pass reads the same"


def test_the_file_names_its_licence_and_counts_its_entries() -> None:
    document = orjson.loads(written(make_entry(1), make_entry(2)))
    assert "ODbL" in document["license"]["name"]
    assert document["lastUpdate"] == "2026-11-21"
    assert document["enrichmentInfo"] == {"totalAnime": 2}


def test_no_entries_are_a_file_as_well() -> None:
    assert list(EnrichedFile(written()).entries()) == []
    assert orjson.loads(written())["data"] == []


def test_the_figures_count_episodes_and_characters() -> None:
    figures = write_enriched(lambda _: None, [make_entry(1), make_entry(2, characters=[])], last_update=DAY)
    assert (figures.entries, figures.episodes, figures.characters) == (2, 2, 1)


def test_the_first_enriched_file_is_adopted_and_counts_as_enriched() -> None:
    file = EnrichedFile(ENRICHED.read_bytes())
    entries = list(file.entries())
    assert len(entries) == len(file) == 28
    assert all(entry.enriched and entry.anime_id.startswith("ani_") for entry in entries)
    assert [entry.system_status for entry in entries].count(SystemStatus.ORPHANED) == 1


@pytest.mark.parametrize("body", [b"", b"not json", b"[]", b'{"data": {}}', b'{"license": {}}', b'{"data": [', b"\xff"])
def test_another_document_is_refused(body: bytes) -> None:
    with pytest.raises(BadInput, match="no enriched database"):
        EnrichedFile(body)


def test_an_entry_that_is_not_readable_is_named_with_its_fields() -> None:
    good = make_entry(1).model_dump(mode="json")
    bad = {**make_entry(2).model_dump(mode="json"), "episodes": -1, "status": "AIRING"}
    with pytest.raises(BadInput, match=r"entry 2 of the file \(Anime 2\) is not valid: .*status") as caught:
        list(given(good, bad).entries())
    assert "episodes" in str(caught.value)


def test_an_entry_that_is_no_object_is_named() -> None:
    with pytest.raises(BadInput, match="entry 2 of the file is no object"):
        list(given(make_entry(1).model_dump(mode="json"), 7).entries())


def test_an_entry_without_a_source_is_refused() -> None:
    with pytest.raises(BadInput, match="entry 1 of the file"):
        list(given({"title": "Nothing", "type": "TV", "status": "FINISHED", "episodes": 0, "sources": []}).entries())
