"""Makes an entry in the enriched format out of one line of a release, without asking any catalogue."""

from typing import Final

from models.anime import AnimeEntry, Images, Provenance, RelatedAnime, Score, StaffData
from models.base import FailedImage
from models.ids import normalise_sources
from models.offline import OfflineEntry, OfflineScore, OfflineSeasonName, is_placeholder_picture
from models.people import Company
from models.provenance import RELEASE, Origin
from models.vocabulary import AnimeStatus, AnimeType, CompanyType, RelationType, Season

NOT_FETCHED: Final = "not fetched"
"""Error message of an image that nobody has tried to re-host yet."""

_RELEASE: Final = Origin(catalogue=RELEASE)
_PLAIN: Final = ("title", "episodes", "season", "year", "duration", "score", "synonyms", "tags", "related_anime")


def derive_entry(offered: OfflineEntry, anime_id: str) -> AnimeEntry:
    """Everything that the line tells. The entry is marked as never enriched, its images as not fetched.

    What has no place: season ``UNDEFINED`` and the picture that stands for none mean that nothing is known, and the
    duration's unit is seconds by the schema.
    """
    entry = _entry(offered, anime_id)
    return entry.model_copy(update={"provenance": Provenance(fields={path: [_RELEASE] for path in _told(entry)})})


def _entry(offered: OfflineEntry, anime_id: str) -> AnimeEntry:
    sources = list(normalise_sources(offered.sources))
    season = offered.anime_season
    return AnimeEntry(
        anime_id=anime_id,
        sources=sources,
        offered_sources=sources,
        enriched=False,
        title=offered.title.strip(),
        type=AnimeType(offered.type.value),
        status=AnimeStatus(offered.status.value),
        episodes=offered.episodes,
        season=None if season.season is OfflineSeasonName.UNDEFINED else Season(season.season.value),
        year=season.year,
        duration=offered.duration.value if offered.duration else None,
        score=_score(offered.score),
        synonyms=_texts(offered.synonyms),
        tags=_texts(offered.tags),
        images=_images(offered),
        staff_data=_companies(offered),
        related_anime=[
            RelatedAnime(url=url, relation_type=RelationType.UNKNOWN) for url in dict.fromkeys(offered.related_anime)
        ],
    )


def _told(entry: AnimeEntry) -> list[str]:
    """Paths of what the line tells; an unknown type or status, or no number of episodes, is nothing told."""
    staff = entry.staff_data or StaffData()
    said = {
        "type": entry.type is not AnimeType.UNKNOWN,
        "status": entry.status is not AnimeStatus.UNKNOWN,
        "images/covers": entry.images.covers,
        "staff_data/studios": staff.studios,
        "staff_data/producers": staff.producers,
        **{name: getattr(entry, name) for name in _PLAIN},
    }
    return [path for path, value in said.items() if value]


def _texts(values: list[str]) -> list[str]:
    """Without blanks around them, each once, in the given order."""
    return list(dict.fromkeys(text for value in values if (text := value.strip())))


def _score(score: OfflineScore | None) -> Score | None:
    if score is None:
        return None
    return Score(
        arithmetic_geometric_mean=score.arithmetic_geometric_mean,
        arithmetic_mean=score.arithmetic_mean,
        median=score.median,
    )


def _images(offered: OfflineEntry) -> Images:
    urls = [url for url in (offered.picture, offered.thumbnail) if not is_placeholder_picture(url)]
    return Images(covers=[FailedImage(image_url=url, error_message=NOT_FETCHED) for url in dict.fromkeys(urls)])


def _companies(offered: OfflineEntry) -> StaffData | None:
    studios = [Company(name=name, type=CompanyType.ANIMATION_STUDIO) for name in _texts(offered.studios)]
    producers = [Company(name=name, type=CompanyType.PRODUCER) for name in _texts(offered.producers)]
    if not studios and not producers:
        return None
    return StaffData(studios=studios, producers=producers)
