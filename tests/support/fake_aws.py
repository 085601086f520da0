"""AWS as the doctor meets it: by a table of answers, or by botocore's own stubs, which check every shape."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from cli.doctor.asking import CALL_SECONDS, Clients

REGION = "eu-central-1"
ACCOUNT = "123456789012"
Answers = Mapping[str, Any]
"""By ``service.operation``: what is answered, an error to raise, or a function of the parameters."""


def refusal(code: str, message: str = "no") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


class FakeAws(Clients):
    """``asked`` has what was asked, in no particular order. What stands in no answer is refused as not allowed."""

    def __init__(self, answers: Answers, *, region: str = REGION, endpoint_url: str | None = None) -> None:
        super().__init__(region, endpoint_url=endpoint_url)
        self.answers = answers
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, service: str, *, seconds: float = CALL_SECONDS) -> Any:
        return _FakeClient(self, service)


class _FakeClient:
    def __init__(self, aws: FakeAws, service: str) -> None:
        self._aws = aws
        self._service = service
        self.exceptions = _Exceptions()

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**parameters: Any) -> Any:
            name = f"{self._service}.{operation}"
            self._aws.asked.append((name, parameters))
            answer = self._aws.answers.get(name, refusal("AccessDenied"))
            if callable(answer):
                answer = answer(**parameters)
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call

    def get_paginator(self, operation: str) -> "_Pages":
        return _Pages(getattr(self, operation))


class _Pages:
    def __init__(self, call: Callable[..., Any]) -> None:
        self._call = call

    def paginate(self, **parameters: Any) -> Iterator[Any]:
        yield self._call(**parameters)


class _Exceptions:
    """A class for each code, as a client has, which matches that code alone."""

    def __getattr__(self, code: str) -> type[Exception]:
        class Coded(ClientError):
            pass

        _CODED[code] = found = _CODED.get(code, Coded)
        return found


_CODED: dict[str, type[ClientError]] = {}


def coded(code: str) -> ClientError:
    """The error that a client's ``exceptions`` know by that name."""
    found: type[ClientError] = getattr(_Exceptions(), code)
    return found({"Error": {"Code": code, "Message": "no"}}, "Operation")


class StubbedAws(Clients):
    """Real clients that answer what ``stub`` was told, in that order; nothing goes out."""

    def __init__(self) -> None:
        super().__init__(REGION)
        self._stubs: dict[str, Stubber] = {}

    def __call__(self, service: str, *, seconds: float = CALL_SECONDS) -> Any:
        return self.stub(service).client

    def stub(self, service: str) -> Stubber:
        if service not in self._stubs:
            import boto3

            client = boto3.session.Session().client(
                service,  # type: ignore[call-overload]  # any service
                region_name=self.region,
                aws_access_key_id="test",
                aws_secret_access_key="test",
                config=Config(retries={"total_max_attempts": 1}),
            )
            self._stubs[service] = Stubber(client)
            self._stubs[service].activate()
        return self._stubs[service]
