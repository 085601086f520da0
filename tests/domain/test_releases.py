"""Names and spellings of a release."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.releases import canonical_sources, check_metadata, text_identity
from models.errors import BadInput
from models.ids import normalise_sources
from models.offline import OfflineLicense, OfflineMetadata

HOSTS = [
    "myanimelist.net",
    "anilist.co",
    "anidb.net",
    "anisearch.com",
    "livechart.me",
    "simkl.com",
    "kitsu.app",
    "kitsu.io",
    "anime-planet.com",
    "notify.moe",
    "animecountdown.com",
    "www.anisearch.com",
    "animenewsnetwork.com",
]
PATHS = st.sampled_from(
    ["/anime/1", "/anime/0012", "/anime/1,name", "/anime/1/name", "/anime/Ab-c_d", "/7", "/", "/07"]
)
ANY_URL = st.builds(
    "{}://{}{}{}".format,
    st.sampled_from(["https", "http"]),
    st.sampled_from(HOSTS),
    PATHS,
    st.sampled_from(["", "?a=1"]),
)
ANY_SLUG = st.builds(
    "https://{}/anime/{}".format, st.sampled_from(HOSTS), st.text("aZ0-_.,~%é", min_size=1, max_size=6)
)


@given(st.lists(ANY_URL | ANY_SLUG, max_size=4))
def test_the_fast_way_spells_as_the_slow_one(urls: list[str]) -> None:
    assert canonical_sources(urls) == normalise_sources(urls)


def test_the_fast_way_refuses_what_is_no_url() -> None:
    with pytest.raises(ValueError, match="not a source URL"):
        canonical_sources(["https://anilist.co/anime/1", "anilist.co/anime/2"])


def metadata(schema: str) -> OfflineMetadata:
    licence = OfflineLicense(name="ODbL", url="https://example.test")
    return OfflineMetadata(schema_url=schema, license=licence, repository="https://r.test", last_update="2026-01-31")


def test_a_release_is_named_by_its_tag() -> None:
    schema = "https://raw.test/o/r/refs/tags/2026-05/schemas/anime-offline-database.jsonl.schema.json"
    assert check_metadata(metadata(schema)) == "2026-05"


def test_without_a_tag_by_its_day() -> None:
    assert check_metadata(metadata("https://raw.test/anime-offline-database.jsonl.schema.json")) == "2026-01-31"


def test_another_form_of_the_dataset_is_refused() -> None:
    schema = "https://raw.test/o/r/refs/tags/2026-05/schemas/anime-offline-database-minified.schema.json"
    with pytest.raises(BadInput, match=r"anime-offline-database\.jsonl\.zst"):
        check_metadata(metadata(schema))


@given(st.lists(st.text(max_size=400), max_size=6), st.lists(st.text(max_size=400), max_size=6))
def test_a_text_identity_is_short_and_tells_texts_apart(one: list[str], other: list[str]) -> None:
    left, right = text_identity(one), text_identity(other)
    assert max(len(left), len(right)) <= 1000
    assert (left == right) == (" | ".join(one) == " | ".join(other))
