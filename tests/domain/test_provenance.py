from datetime import UTC, datetime

from domain.provenance import last_fetched, merged_provenance
from models.anime import CatalogueProvenance, Provenance
from models.vocabulary import ProvenanceStatus

EARLY, LATE = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)


def told(status: ProvenanceStatus, at: datetime | None, reason: str | None = None) -> CatalogueProvenance:
    return CatalogueProvenance(status=status, fetched_at=at, reason=reason)


def test_what_was_asked_now_stands_and_what_was_not_asked_stays() -> None:
    base = Provenance(catalogues={"jikan": told(ProvenanceStatus.OK, EARLY), "kitsu": told(ProvenanceStatus.OK, EARLY)})
    now = Provenance(catalogues={"jikan": told(ProvenanceStatus.FAILED, LATE, "down")})
    merged = merged_provenance(base, now)
    assert merged.catalogues == {"jikan": now.catalogues["jikan"], "kitsu": base.catalogues["kitsu"]}


def test_a_catalogue_that_did_not_answer_keeps_telling_when_it_last_did() -> None:
    base = Provenance(catalogues={"jikan": told(ProvenanceStatus.OK, EARLY)})
    merged = merged_provenance(base, Provenance(catalogues={"jikan": told(ProvenanceStatus.FAILED, None, "down")}))
    assert merged.catalogues["jikan"] == told(ProvenanceStatus.FAILED, EARLY, "down")


def test_the_last_answer_is_the_latest() -> None:
    found = {
        "a": told(ProvenanceStatus.OK, LATE),
        "b": told(ProvenanceStatus.OK, EARLY),
        "c": told(ProvenanceStatus.FAILED, None),
    }
    assert last_fetched(Provenance(catalogues=found)) == LATE
    assert last_fetched(Provenance()) is None
