"""What is on this machine: the stack's settings, names of variables, tools, and where Pulumi keeps the state."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from cli.doctor.asking import CALL_SECONDS
from cli.doctor.errors import Absent, Unexpected, Unreachable, Unreadable
from cli.doctor.signing_in import PULUMI_PASSPHRASE, PULUMI_TOKEN, QDRANT, Backend
from cli.doctor.tools import StackFile

_CLOUD: Final = "https://api.pulumi.com"
_INSTEAD: Final = {"qdrant-cloud:apiKey": QDRANT[0], "qdrant-cloud:accountId": QDRANT[1]}
"""What the program takes from the stack's configuration where the environment has it not, by key."""


def names_set(environment: Mapping[str, str]) -> frozenset[str]:
    """Of the variables that have a value. The values stay here."""
    return frozenset(name for name, value in environment.items() if value)


def chosen_region(environment: Mapping[str, str], option: str | None) -> str | None:
    """Where the other commands would look for the stack."""
    if option or environment.get("AWS_REGION"):
        return option or environment["AWS_REGION"]
    import boto3
    from botocore.exceptions import BotoCoreError

    try:
        found: str | None = boto3.Session().region_name
    except BotoCoreError:  # a profile that does not exist, which the sign-in tells
        return None
    return found


def read_stack_file(root: Path, stack: str) -> StackFile:
    """Raises:
    Absent: the stack has no file of its own.
    Unreadable: it cannot be understood; says which key is wrong, never its value.
    """
    from local.configuration import read_configuration
    from local.errors import LocalStackError

    if not (root / f"Pulumi.{stack}.yaml").is_file():
        raise Absent
    try:
        configuration = read_configuration(root, stack)
    except LocalStackError:
        raise Unreadable("is no settings file: YAML with the stack's keys under config") from None
    namespace = f"{configuration.project}:"
    values = {
        key.removeprefix(namespace): text for key, text in configuration.values.items() if key.startswith(namespace)
    }
    variables = {_INSTEAD[key] for key in _INSTEAD if configuration.values.get(key) or key in configuration.secrets}
    return _stack_file(values, frozenset(variables))


def _stack_file(values: Mapping[str, str], variables: frozenset[str]) -> StackFile:
    given = _Given(values)
    optional: dict[str, Any] = {
        "in_vpc": values.get("network") == "full",
        "nat_in_each_zone": values.get("nat") == "zone",
        "zones": tuple(map(str, given.json("availabilityZones", list) or ())),
        "fetch_concurrency": given.json("fetchConcurrency", int),
        "bulk_concurrency": given.json("bulkConcurrency", int),
        "review_reminder_hours": given.json("reviewReminderHours", int),
        "alarm_emails": len(given.json("alarmEmails", list) or ()),
        "boundary": values.get("permissionsBoundary"),
        "variables": variables,
    }
    return StackFile(
        stage=given.text("stage"),
        region=given.text("awsRegion"),
        embedder=given.text("embedder"),
        schedules_enabled=bool(given.json("schedulesEnabled", bool)),
        **{name: value for name, value in optional.items() if value is not None},
    )


class _Given:
    """Raises ``Unreadable`` with the key."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def text(self, key: str) -> str:
        if not self._values.get(key):
            raise Unreadable(f"has no {key}")
        return self._values[key]

    def json(self, key: str, kind: type) -> Any:
        if key not in self._values:
            return None
        try:
            value = json.loads(self._values[key])
        except ValueError:
            value = None
        if not isinstance(value, kind):
            raise Unreadable(f"{key} is not of its kind")
        return value


def version_of(program: str, *arguments: str, path: str | None) -> str:
    """What the program says of itself. ``path`` is the environment's PATH.

    Raises:
        Absent: there is no such program.
        Unreachable, Unexpected: it does not answer, or fails.
    """
    found = shutil.which(program, path=path)
    if found is None:
        raise Absent
    try:
        ended = subprocess.run(  # noqa: S603 (a program that the user has installed, with fixed arguments)
            [found, *arguments],
            env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=CALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Unreachable from None
    except OSError as error:
        raise Unexpected(type(error).__name__) from None
    if ended.returncode:
        raise Unexpected(f"exit code {ended.returncode}")
    return ended.stdout


def read_backend(root: Path, stack: str, environment: Mapping[str, str], *, home: Path) -> Backend:
    """The order is Pulumi's own: the environment, the project, then where one has logged in.

    Raises:
        Unreadable: a file of Pulumi is not what Pulumi writes.
    """
    logged_in = _credentials(environment, home)
    url = environment.get("PULUMI_BACKEND_URL") or _project_backend(root) or str(logged_in.get("current") or "")
    accounts = logged_in.get("accounts")
    account = accounts.get(url or _CLOUD) if isinstance(accounts, dict) else None
    known = isinstance(account, dict) and bool(account.get("accessToken"))
    return Backend(
        scheme=urlsplit(url).scheme or None,
        token=bool(environment.get(PULUMI_TOKEN)) or known,
        key=any(name in environment for name in PULUMI_PASSPHRASE) or _has_secrets_provider(root, stack),
    )


def _credentials(environment: Mapping[str, str], home: Path) -> dict[str, Any]:
    folder = environment.get("PULUMI_CREDENTIALS_PATH") or environment.get("PULUMI_HOME") or home / ".pulumi"
    file = Path(folder) / "credentials.json"
    try:
        found = json.loads(file.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        raise Unreadable("Pulumi's credentials.json cannot be read; run `pulumi login` again") from None
    return found if isinstance(found, dict) else {}


def _project_backend(root: Path) -> str | None:
    backend = _yaml(root / "Pulumi.yaml").get("backend")
    url = backend.get("url") if isinstance(backend, dict) else None
    return url if isinstance(url, str) else None


def _has_secrets_provider(root: Path, stack: str) -> bool:
    provider = _yaml(root / f"Pulumi.{stack}.yaml").get("secretsprovider")
    return isinstance(provider, str) and not provider.startswith("passphrase")


def _yaml(path: Path) -> dict[str, Any]:
    import yaml

    try:
        found = yaml.safe_load(path.read_text())
    except (OSError, yaml.YAMLError):
        return {}
    return found if isinstance(found, dict) else {}
