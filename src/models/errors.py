"""What can go wrong, by type.

::

    AnimeError
    ├── Retryable                the same call may succeed later; state machines and retry policies name it
    │   ├── Unavailable          a store or service does not answer, or answers with its own fault; ``sent`` is False
    │   │                        where nothing of what was asked can have reached it
    │   ├── Throttled            told to slow down; ``retry_after`` seconds where the answer says so
    │   └── LockHeld             another execution works on this anime
    ├── Permanent                repeating the call changes nothing
    │   ├── NotFound             what was asked for does not exist
    │   ├── NotRecorded          a replay holds no answer to this request
    │   ├── Malformed            an answer or object is not of the expected shape
    │   │   └── ChangedShape     a catalogue's field that we cannot do without is not what it was
    │   ├── LockLost             the lock has another owner now
    │   ├── StaleRevision        the entry changed since it was read
    │   ├── SourceConflict       a source URL belongs to another anime
    │   ├── AlreadyExists        a conditional write found something there
    │   ├── AlreadyDecided       the review has been decided otherwise
    │   ├── ReviewOutdated       the decision was made on another version of the proposal
    │   ├── NoCatalogueAnswered  not one catalogue gave anything
    │   ├── SchemaConflict       what is stored cannot become what the schema says; the message says what to do
    │   ├── UndoImpossible       a compensation could not be carried out; a person has to look
    │   └── NotEmpty             a restore found data where it needs none
    └── BadInput                 what the caller gave is wrong, and the message says what to do
        ├── InvalidEntry         an entry fails strict validation; ``problems`` names the fields
        └── ImplausibleChange    a release would change more than is believable

The class name is what ``Retry`` and ``Catch`` of the state machines see as ``errorType``.
"""

from collections.abc import Sequence


class AnimeError(Exception):
    """Base of every error that the code raises on purpose."""


class Retryable(AnimeError):
    pass


class Unavailable(Retryable):
    def __init__(self, message: str = "", *, sent: bool = True) -> None:
        super().__init__(message)
        self.sent = sent


class Throttled(Retryable):
    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class InTrouble(Throttled):
    """Not asked, since the catalogue is left alone after failures, or since the count of requests that all workers
    share cannot be had and it would ban whoever asks too often."""


class LockHeld(Retryable):
    def __init__(self, anime_id: str, owner: str) -> None:
        super().__init__(f"{anime_id} is locked by {owner}")
        self.anime_id = anime_id
        self.owner = owner


class Permanent(AnimeError):
    pass


class NotFound(Permanent):
    pass


class NotRecorded(Permanent):
    pass


class Malformed(Permanent):
    pass


class ChangedShape(Malformed):
    """``path`` leads to the field from the kind of answer on, such as ``characters[3].character.mal_id``; ``found`` is
    what stands there, shortened."""

    def __init__(self, catalogue: str, path: str, *, expected: str, found: str) -> None:
        super().__init__(f"{catalogue} {path}: expected {expected}, got {found}")
        self.catalogue = catalogue
        self.path = path
        self.found = found


class LockLost(Permanent):
    pass


class StaleRevision(Permanent):
    pass


class SourceConflict(Permanent):
    pass


class AlreadyExists(Permanent):
    pass


class AlreadyDecided(Permanent):
    pass


class ReviewOutdated(Permanent):
    pass


class NoCatalogueAnswered(Permanent):
    pass


class SchemaConflict(Permanent):
    pass


class UndoImpossible(Permanent):
    pass


class NotEmpty(Permanent):
    pass


class BadInput(AnimeError):
    pass


class InvalidEntry(BadInput):
    """``problems`` are lines such as ``characters.3.name: Field required``."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("the entry is not valid: " + "; ".join(problems))
        self.problems = tuple(problems)


class ImplausibleChange(BadInput):
    pass
