"""No secret stands in an environment or a parameter, where whoever may list functions could read it.

The engine hands over secrets as plain values, so it cannot be seen which ones are marked; what a value looks like and
what its name promises are judged instead. A value is never shown.
"""

import json
import re
from collections.abc import Iterator
from typing import Final

from pulumi_policy import ResourceValidationArgs

from policies.making import Complaints, resource_policy
from policies.reading import is_empty, texts, value

FUNCTION: Final = "aws:lambda/function:Function"
TASK: Final = "aws:ecs/taskDefinition:TaskDefinition"
PARAMETER: Final = "aws:ssm/parameter:Parameter"

_PROMISES: Final = re.compile(
    r"(^|_)(PASSWORD|PASSWD|PWD|SECRET|TOKEN|CREDENTIALS?|APIKEY|(API|ACCESS|AUTH|PRIVATE|SECRET|SERVER|CLIENT)_KEY)"
    r"(_VALUE)?$"
)
"""Names of what holds a secret itself; ``..._ARN``, ``..._NAME`` or ``..._ID`` only say where one is."""

_LOOKS: Final = (
    ("a URI with a password", re.compile(r"[a-z][a-z0-9+.-]*://[^\s/@:]*:[^\s/@]+@", re.IGNORECASE)),
    ("an access key of AWS", re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b")),
    ("a private key", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")),
    ("a signed token", re.compile(r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]+")),
    ("a token of GitHub", re.compile(r"\b(gh[pousr]_\w{20,}|github_pat_\w{20,})")),
)

_FIX: Final = (
    "put it into Secrets Manager (components/aws/secrets_manager.py), pass the secret's ARN and read it when it is used"
)


def exposed_secrets(args: ResourceValidationArgs) -> Complaints:
    if args.resource_type == PARAMETER:
        yield from _exposed_parameter(args)
        return
    found = texts(args.props, "environment", "variables") if args.resource_type == FUNCTION else _of_containers(args)
    for name, text in found:
        kind = _kind(text)
        if kind:
            yield f"shows {kind} in the variable {name}: {_FIX}"
        elif text and _PROMISES.search(name.upper()) and not text.startswith("arn:"):
            yield f"shows a secret in the variable {name}: {_FIX}"


def _exposed_parameter(args: ResourceValidationArgs) -> Complaints:
    text = value(args.props, "value")
    kind = _kind(text) if isinstance(text, str) and value(args.props, "type") != "SecureString" else None
    if kind:
        yield f"shows {kind} to whoever may read parameters: {_FIX}"
    if value(args.props, "type") == "SecureString" and not is_empty(args.props, "value"):
        yield f"takes a secret through the program and its state: {_FIX}"


def _of_containers(args: ResourceValidationArgs) -> Iterator[tuple[str, str]]:
    """Variables of a task; its ``secrets`` are references and may stay."""
    definitions = value(args.props, "containerDefinitions")
    for container in json.loads(definitions) if isinstance(definitions, str) else ():
        for variable in container.get("environment") or ():
            yield str(variable.get("name", "")), str(variable.get("value") or "")


def _kind(text: str) -> str | None:
    return next((kind for kind, pattern in _LOOKS if pattern.search(text)), None)


NO_PLAIN_SECRETS: Final = resource_policy(
    "no-plain-secrets",
    "No environment and no parameter holds a secret.",
    exposed_secrets,
    types=(FUNCTION, TASK, PARAMETER),
)
