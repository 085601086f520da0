"""A stack as the command line sees it: its endpoints, and the AWS API in front of its functions and machines."""

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from cli.errors import CommandError, RemoteError
from workflows import keys

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_sts import STSClient

    from models.events import Report

LOCAL_STACKS = ("local", "demo")
POLL_SECONDS = 0.3
SILENCE_SECONDS = 20 * 60
"""A run whose report has not changed for longer than any function may run is lost."""
FIRST_WORD_SECONDS = 5 * 60
"""A run's first act is a word in its report. Lambda repeats one that fails before it twice, within three minutes."""


@dataclass(frozen=True)
class Session:
    stack: str
    region: str
    endpoints: Mapping[str, Any]
    endpoint_url: str | None = None
    _clients: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = _client(service, self.region, self.endpoint_url)
        return self._clients[service]

    @property
    def s3(self) -> "S3Client":
        return cast("S3Client", self.client("s3"))

    @property
    def functions(self) -> "LambdaClient":
        return cast("LambdaClient", self.client("lambda"))

    @property
    def machines(self) -> "SFNClient":
        return cast("SFNClient", self.client("stepfunctions"))

    @property
    def data_bucket(self) -> str:
        return str(self.endpoints["buckets"]["data"])

    def machine_arn(self, name: str) -> str:
        return str(self.endpoints["machines"][name])

    def caller(self) -> str:
        """Who we are, as the account knows us; recorded with each decision."""
        sts = cast("STSClient", self.client("sts"))
        return str(sts.get_caller_identity()["Arn"])

    def invoke(self, task: str, event: Mapping[str, Any]) -> Any:
        """Waits for the function's answer.

        Raises:
            RemoteError: it failed.
        """
        answer = self.functions.invoke(
            FunctionName=self.endpoints["functions"][task], Payload=json.dumps(event).encode()
        )
        body = json.loads(answer["Payload"].read() or b"null")
        if answer.get("FunctionError"):
            raise RemoteError(body.get("errorType", "Unknown"), body.get("errorMessage", "the function failed"))
        return body

    def start(self, task: str, event: Mapping[str, Any]) -> None:
        """Asynchronously; the run's report tells how it goes."""
        self.functions.invoke(
            FunctionName=self.endpoints["functions"][task],
            InvocationType="Event",
            Payload=json.dumps(event).encode(),
        )

    def upload(self, path: Path, run_id: str) -> str:
        """Puts a file at a temporary key and returns it."""
        key = f"{keys.UPLOADS}{run_id}/{path.name}"
        self.put_file(path, key)
        return key

    def put_file(self, path: Path, key: str) -> None:
        self.s3.upload_file(str(path), self.data_bucket, key)

    def read_json(self, key: str) -> dict[str, Any] | None:
        try:
            answer = self.s3.get_object(Bucket=self.data_bucket, Key=key)
        except self.s3.exceptions.NoSuchKey:
            return None
        return cast("dict[str, Any]", json.loads(answer["Body"].read()))

    def report(self, kind: str, run_id: str) -> "Report | None":
        from models.events import Report  # pydantic costs more than `anime --help` may take

        stored = self.read_json(keys.report(kind, run_id))
        return None if stored is None else Report.model_validate(stored)

    def follow(
        self,
        kind: str,
        run_id: str,
        update: "Update",
        *,
        clock: "Callable[[], float]" = time.monotonic,
        sleep: "Callable[[float], None]" = time.sleep,
    ) -> "Report":
        """Waits until the run's report says how it ended.

        Raises:
            CommandError: the run failed (with its one-line reason), or was silent for too long.
        """
        heard = clock()
        last: Report | None = None
        while True:
            report = self.report(kind, run_id)
            if report is not None and report != last:
                last, heard = report, clock()
                update(report.progress)
            if report is not None and report.state == "failed":
                raise CommandError(report.error or "the run failed without a reason; see `anime local logs`")
            if report is not None and report.state == "succeeded":
                return report
            if clock() - heard > (FIRST_WORD_SECONDS if last is None else SILENCE_SECONDS):
                raise CommandError(f"nothing heard of run {run_id}; look at {keys.report(kind, run_id)} and the logs")
            sleep(POLL_SECONDS)


def open_session(stack: str, *, region: str | None, root: Path) -> Session:
    """Raises:
    CommandError: the stack cannot be found; says how to start or deploy it.
    """
    if stack in LOCAL_STACKS:
        return local_session(stack, root)
    return _cloud_session(stack, region)


def local_session(stack: str, root: Path) -> Session:
    from local.control import status

    # Asked of the stack itself: its file may have outlived it, if it was killed.
    described = status(stack, root=root).description
    if described is None:
        raise CommandError("the local stack is not running; start it with `anime local up --detach`")
    return session_of(stack, described)


def session_of(stack: str, described: Mapping[str, Any]) -> Session:
    """From the content of a local stack's ``stack.json``."""
    return Session(stack, described["region"], described["endpoints"], described["aws_endpoint"])


def _cloud_session(stack: str, region: str | None) -> Session:
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    name = f"/anime-infra/{stack}/endpoints"
    try:
        # boto3 itself knows AWS_DEFAULT_REGION and the profile's region alone.
        session = boto3.Session(region_name=region or os.environ.get("AWS_REGION"))
        if session.region_name is None:
            raise CommandError("no AWS region; give --region or set AWS_REGION")
        document = session.client("ssm").get_parameter(Name=name)["Parameter"].get("Value", "{}")
    except ClientError as error:
        code = error.response["Error"].get("Code", "unknown error")
        raise CommandError(f"cannot read {name} ({code}); deploy the stack with `pulumi up --stack {stack}`") from None
    except BotoCoreError as error:
        raise CommandError(f"AWS cannot be reached as you ({type(error).__name__}); sign in, then repeat") from None
    return Session(stack, session.region_name, json.loads(document))


def _client(service: str, region: str, endpoint_url: str | None) -> Any:
    import boto3
    from botocore.config import Config

    local: dict[str, Any] = {"aws_access_key_id": "test", "aws_secret_access_key": "test"} if endpoint_url else {}
    config = Config(
        connect_timeout=5,
        read_timeout=310,
        retries={"max_attempts": 1 if service == "lambda" else 4, "mode": "standard"},
        s3={"addressing_style": "path"} if endpoint_url else None,
        proxies={} if endpoint_url else None,  # a proxy of the environment must not catch loopback
    )
    return boto3.Session(region_name=region, **local).client(service, endpoint_url=endpoint_url, config=config)  # type: ignore[call-overload]


if TYPE_CHECKING:
    from collections.abc import Callable

    Update = Callable[[str], None]
