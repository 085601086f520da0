"""Where an entry's content comes from, over several enrichments."""

from datetime import datetime

from models.anime import Provenance


def merged_provenance(base: Provenance | None, latest: Provenance) -> Provenance:
    """What the latest enrichment says of the catalogues it asked; of others the earlier word stays.

    A catalogue that failed now keeps telling when it last answered, since what it gave then is still in the entry.
    """
    earlier = base.catalogues if base is not None else {}
    catalogues = dict(earlier)
    for name, now in latest.catalogues.items():
        before = earlier.get(name)
        if now.fetched_at is None and before is not None:
            now = now.model_copy(update={"fetched_at": before.fetched_at})  # noqa: PLW2901 - the same, completed
        catalogues[name] = now
    return Provenance(catalogues=catalogues)


def last_fetched(provenance: Provenance) -> datetime | None:
    """When the latest answer of any catalogue came."""
    return max((one.fetched_at for one in provenance.catalogues.values() if one.fetched_at is not None), default=None)
