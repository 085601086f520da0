"""How the catalogues are doing, for whoever looks after the stack."""

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from domain.token_bucket import Reason
from models.errors import AnimeError
from models.events import Catalogue
from workflows.catalogue_ports import RateBuckets
from workflows.ports import Clock
