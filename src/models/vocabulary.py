"""The closed sets of the enriched data. The values are those that the data holds."""

from enum import StrEnum


class SystemStatus(StrEnum):
    """ORPHANED: no release offers the anime any more. It is kept, and left out of what users see."""

    ACTIVE = "ACTIVE"
    ORPHANED = "ORPHANED"


class AnimeType(StrEnum):
    TV = "TV"
    MOVIE = "MOVIE"
    OVA = "OVA"
    ONA = "ONA"
    SPECIAL = "SPECIAL"
    TV_SPECIAL = "TV_SPECIAL"
    MUSIC = "MUSIC"
    PV = "PV"
    CM = "CM"
    UNKNOWN = "UNKNOWN"


class AnimeStatus(StrEnum):
    FINISHED = "FINISHED"
    ONGOING = "ONGOING"
    UPCOMING = "UPCOMING"
    UNKNOWN = "UNKNOWN"


class Season(StrEnum):
    WINTER = "WINTER"
    SPRING = "SPRING"
    SUMMER = "SUMMER"
    FALL = "FALL"


class Month(StrEnum):
    JANUARY = "January"
    FEBRUARY = "February"
    MARCH = "March"
    APRIL = "April"
    MAY = "May"
    JUNE = "June"
    JULY = "July"
    AUGUST = "August"
    SEPTEMBER = "September"
    OCTOBER = "October"
    NOVEMBER = "November"
    DECEMBER = "December"


class Rating(StrEnum):
    G = "G - All Ages"
    PG = "PG - Children"
    PG_13 = "PG-13 - Teens 13 or older"
    R = "R - 17+ (violence & profanity)"
    R_PLUS = "R+ - Mild Nudity"
    RX = "Rx - Hentai"


class SourceMaterial(StrEnum):
    ORIGINAL = "ORIGINAL"
    MANGA = "MANGA"
    FOUR_KOMA_MANGA = "4-KOMA MANGA"
    WEB_MANGA = "WEB MANGA"
    DOUJINSHI = "DOUJINSHI"
    COMIC = "COMIC"
    NOVEL = "NOVEL"
    LIGHT_NOVEL = "LIGHT NOVEL"
    WEB_NOVEL = "WEB NOVEL"
    VISUAL_NOVEL = "VISUAL NOVEL"
    BOOK = "BOOK"
    PICTURE_BOOK = "PICTURE BOOK"
    GAME = "GAME"
    VIDEO_GAME = "VIDEO GAME"
    CARD_GAME = "CARD GAME"
    MUSIC = "MUSIC"
    RADIO = "RADIO"
    ANIME = "ANIME"
    LIVE_ACTION = "LIVE ACTION"
    MIXED_MEDIA = "MIXED MEDIA"
    MULTIMEDIA_PROJECT = "MULTIMEDIA PROJECT"
    OTHER = "OTHER"
    UNKNOWN = "UNKNOWN"


class RelationType(StrEnum):
    """How another work relates to this one.

    MUSIC, MOVIE, ONA, OVA and SPECIAL are formats; older enriched data has them where the catalogue gave no better.
    UNKNOWN: the release says only that the two are related.
    """

    SEQUEL = "SEQUEL"
    PREQUEL = "PREQUEL"
    PARENT_STORY = "PARENT STORY"
    SIDE_STORY = "SIDE STORY"
    FULL_STORY = "FULL STORY"
    SUMMARY = "SUMMARY"
    COMPILATION = "COMPILATION"
    CONTAINS = "CONTAINS"
    SPIN_OFF = "SPIN OFF"
    ALTERNATIVE = "ALTERNATIVE"
    ALTERNATIVE_SETTING = "ALTERNATIVE SETTING"
    ALTERNATIVE_VERSION = "ALTERNATIVE VERSION"
    SAME_FRANCHISE = "SAME FRANCHISE"
    SAME_SETTING = "SAME SETTING"
    CHARACTER = "CHARACTER"
    ADAPTATION = "ADAPTATION"
    ORIGINAL_WORK = "ORIGINAL WORK"
    MUSIC = "MUSIC"
    MOVIE = "MOVIE"
    OVA = "OVA"
    ONA = "ONA"
    SPECIAL = "SPECIAL"
    OTHER = "OTHER"
    UNKNOWN = "UNKNOWN"


class CharacterRole(StrEnum):
    MAIN = "Main"
    SUPPORTING = "Supporting"
    BACKGROUND = "Background"
    UNKNOWN = "Unknown"


class CompanyType(StrEnum):
    ANIMATION_STUDIO = "animation_studio"
    PRODUCER = "producer"
    LICENSOR = "licensor"


class RankingType(StrEnum):
    RATED = "RATED"
    POPULAR = "POPULAR"


class ProvenanceStatus(StrEnum):
    """What became of asking a catalogue.

    MISSING: it answered that it does not know the anime. FAILED: it did not answer, or not sensibly.
    NOT_RECORDED: the replay of recorded answers holds none for it.
    """

    OK = "ok"
    MISSING = "missing"
    FAILED = "failed"
    NOT_RECORDED = "not_recorded"
