"""Why a question has no answer. Each is a fact to judge, carried to the check that asked, and never ends the doctor.

::

    NoAnswer
    ├── NotSignedIn      nobody has signed in
    ├── SignInRefused    the credentials are expired, revoked or wrong
    ├── Denied           signed in, and not allowed; carries the IAM action
    ├── Absent           what was asked for does not exist
    ├── Unreachable      nothing answers in time
    ├── FunctionFailed   a function of the stack failed; carries its error type
    ├── Unreadable       a file is not as it should be; the message says how
    └── Unexpected       any other answer; carries its type or code

None of them holds a foreign message, which may hold a secret.
"""


class NoAnswer(Exception):
    pass


class NotSignedIn(NoAnswer):
    pass


class SignInRefused(NoAnswer):
    pass


class Denied(NoAnswer):
    def __init__(self, action: str) -> None:
        super().__init__(action)
        self.action = action


class Absent(NoAnswer):
    pass


class Unreachable(NoAnswer):
    pass


class FunctionFailed(NoAnswer):
    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class Unreadable(NoAnswer):
    pass


class Unexpected(NoAnswer):
    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind
