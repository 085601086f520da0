"""A review: what a person decides, and the record of the decision.

States: ``pending`` -> ``decided`` or ``expired``. The task token lives in the stored document alone;
``PublicReview`` is what leaves the server.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from models.events import Event, ObjectKey, Sha256
from models.ids import AnimeId


class ReviewKind(StrEnum):
    NEW = "new"
    REFRESH = "refresh"
    PREMIERE = "premiere"
    EPISODE = "episode"
    STATUS = "status"
    EPISODES = "episodes"
    CONFLICT = "conflict"


class Flag(Event):
    """One difference between a release and our entry. Its identity is (anime, field, offered)."""

    field: Literal["status", "episodes", "conflict"]
    stored: str
    offered: str


class Proposal(Event):
    """The change that a ``review_only`` execution puts before a reviewer."""

    anime_id: AnimeId
    flags: tuple[Flag, ...]
    release: str


class Decision(Event):
    """``sha256`` is of the proposed entry that the reviewer saw; ``approved_key`` holds what is to be committed.

    ``edit_sha256`` is of what the reviewer sent to change it, so that the same decision is known when it comes again.
    """

    verdict: Literal["approved", "rejected"]
    by: str
    at: datetime
    sha256: Sha256 | None
    reason: str | None = None
    approved_key: ObjectKey | None = None
    approved_sha256: Sha256 | None = None
    edited: bool = False
    edit_sha256: Sha256 | None = None


class Review(BaseModel):
    """The stored document; ``token`` is None for a conflict, which no execution waits for.

    ``changed``: top-level fields in which the proposed entry differs from the stored one; None where none was stored.
    """

    model_config = ConfigDict(extra="ignore")

    review_id: str
    anime_id: AnimeId
    title: str
    kinds: tuple[ReviewKind, ...]
    state: Literal["pending", "decided", "expired"]
    execution: str | None
    token: str | None = Field(default=None, repr=False)
    attempt: int = 1
    proposed_key: ObjectKey | None = None
    sha256: Sha256 | None = None
    base_revision: int | None = None
    changed: tuple[str, ...] | None = None
    episode_number: str | None = None
    flags: tuple[Flag, ...] = ()
    release: str | None = None
    created_at: datetime
    decision: Decision | None = None

    def public(self) -> dict[str, Any]:
        """Everything but the token, as JSON values."""
        return self.model_dump(mode="json", exclude={"token"})


class ReviewRequest(Event):
    """What the page, the terminal and the demo ask of the review function.

    ``decide`` needs ``review_id``, ``verdict``, ``by`` and ``sha256`` (the one shown); ``edited`` replaces the
    proposed entry, and what it changes is locked from then on; ``unlock`` takes such locks off; ``reason`` is required
    to reject.
    """

    action: Literal["list", "show", "decide"]
    review_id: str | None = None
    state: Literal["pending", "decided", "expired"] | None = "pending"
    kind: ReviewKind | None = None
    limit: int = Field(default=100, ge=1, le=1000)
    after: str | None = None
    """List from behind this review id."""
    verdict: Literal["approved", "rejected"] | None = None
    by: str | None = None
    sha256: Sha256 | None = None
    reason: str | None = None
    edited: dict[str, Any] | None = None
    unlock: tuple[str, ...] = ()


class RaisedFlag(Event):
    """A flag that was raised before, open or decided, with the release that raised it."""

    anime_id: AnimeId
    field: str
    offered: str
    release: str | None
