"""What can go wrong with the local stack.

::

    LocalStackError              the message is one line for the user, with what to do
    ├── AlreadyRunning           the same stack runs already
    ├── NotRunning               there is no such stack to talk to
    ├── StartFailed              a part did not come up, or the seam to the emulator is not where it was
    ├── DatabaseRefused          a server given by the user is not ours to empty
    ├── ProgramFailed            the Pulumi program raised, or one of its resources could not be made
    │   └── ResourceFailed       which resource, and why
    │       └── Unsupported      the kind of resource or look-up is not on the written list
    └── ClockError               a schedule or a time cannot be understood
"""

from models.errors import AnimeError


class LocalStackError(AnimeError):
    pass


class AlreadyRunning(LocalStackError):
    pass


class NotRunning(LocalStackError):
    pass


class StartFailed(LocalStackError):
    pass


class DatabaseRefused(LocalStackError):
    pass


class ProgramFailed(LocalStackError):
    pass


class ResourceFailed(ProgramFailed):
    pass


class Unsupported(ResourceFailed):
    pass


class ClockError(LocalStackError):
    pass
