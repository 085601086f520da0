"""Errors of the command line.

::

    CommandError            exit 1: it was understood and did not work
    └── RemoteError         a function of the stack failed; carries its error type
    UsageError              exit 2: it was not understood
"""


class CommandError(Exception):
    pass


class RemoteError(CommandError):
    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class UsageError(Exception):
    pass
