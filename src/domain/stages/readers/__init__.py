"""One module a catalogue: the only places that know the shapes of their answers."""

from collections.abc import Mapping
from typing import Final

from domain.stages.readers.anidb import ANIDB
from domain.stages.readers.anilist import ANILIST
from domain.stages.readers.animeplanet import ANIMEPLANET
from domain.stages.readers.animeschedule import ANIMESCHEDULE
from domain.stages.readers.anisearch import ANISEARCH
from domain.stages.readers.base import Reader
from domain.stages.readers.jikan import JIKAN
from domain.stages.readers.kitsu import KITSU
from models.events import Catalogue

READERS: Final[Mapping[Catalogue, Reader]] = {
    Catalogue.JIKAN: JIKAN,
    Catalogue.ANILIST: ANILIST,
    Catalogue.KITSU: KITSU,
    Catalogue.ANIDB: ANIDB,
    Catalogue.ANIMEPLANET: ANIMEPLANET,
    Catalogue.ANISEARCH: ANISEARCH,
    Catalogue.ANIMESCHEDULE: ANIMESCHEDULE,
}
