"""One-time schedules of EventBridge Scheduler, which delete themselves after they fired."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson
from botocore.exceptions import ClientError

from models.errors import BadInput, Unavailable
from stores.aws_errors import error_code, translated

if TYPE_CHECKING:
    from mypy_boto3_scheduler import EventBridgeSchedulerClient

_NAME: Final = re.compile(r"[0-9a-zA-Z._-]{1,64}")
_ATTEMPTS: Final = 3


class SchedulerSchedules:
    """Port ``Schedules`` of one group. A schedule that nobody could deliver ends in the dead-letter queue.

    ``enabled`` False makes schedules that do not fire by themselves, which is how the local stack keeps the time.
    """

    def __init__(
        self,
        client: "EventBridgeSchedulerClient",
        *,
        group: str,
        role_arn: str,
        target_arn: str,
        dead_letter_arn: str,
        retries: int = 10,
        maximum_age: timedelta = timedelta(hours=6),
        enabled: bool = True,
    ) -> None:
        self._client = client
        self._group = group
        self._state = "ENABLED" if enabled else "DISABLED"
        self._target: dict[str, Any] = {
            "Arn": target_arn,
            "RoleArn": role_arn,
            "DeadLetterConfig": {"Arn": dead_letter_arn},
            "RetryPolicy": {
                "MaximumRetryAttempts": retries,
                "MaximumEventAgeInSeconds": int(maximum_age.total_seconds()),
            },
        }

    def put(self, name: str, at: datetime, payload: Mapping[str, Any]) -> None:
        """Raises:
        BadInput: not a name of a schedule; the service's own answer would not say so everywhere.
        """
        if not _NAME.fullmatch(name):
            raise BadInput(f"not a name of a schedule: {name!r}; expected 1 to 64 of A-Z, a-z, 0-9, -, _ and .")
        wanted = self._wanted(name, at, payload)
        for _ in range(_ATTEMPTS):
            if self._create(wanted):
                return
            expression = self._expression(name)
            if expression == wanted["ScheduleExpression"]:
                return
            # None: it fired, and deleted itself, between the two calls.
            if expression is not None and self._update(wanted):
                return
        raise Unavailable(f"schedule {name} comes and goes")

    def _wanted(self, name: str, at: datetime, payload: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "Name": name,
            "GroupName": self._group,
            "ScheduleExpression": f"at({at.astimezone(UTC):%Y-%m-%dT%H:%M:%S})",
            "ScheduleExpressionTimezone": "UTC",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "ActionAfterCompletion": "DELETE",
            "State": self._state,
            "Target": self._target | {"Input": orjson.dumps(dict(payload)).decode()},
        }

    def _create(self, wanted: dict[str, Any]) -> bool:
        with translated("scheduler CreateSchedule"):
            try:
                self._client.create_schedule(**wanted)
            except ClientError as error:
                if error_code(error) != "ConflictException":
                    raise
                return False
        return True

    def _expression(self, name: str) -> str | None:
        with translated("scheduler GetSchedule"):
            try:
                return self._client.get_schedule(Name=name, GroupName=self._group)["ScheduleExpression"]
            except ClientError as error:
                if error_code(error) != "ResourceNotFoundException":
                    raise
                return None

    def _update(self, wanted: dict[str, Any]) -> bool:
        with translated("scheduler UpdateSchedule"):
            try:
                self._client.update_schedule(**wanted)
            except ClientError as error:
                if error_code(error) != "ResourceNotFoundException":
                    raise
                return False
        return True
