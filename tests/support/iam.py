"""What IAM would answer: whether policies of one identity allow a request, and what AWS says of an action.

As much of IAM as our own documents use. An operator that is not known here fails the test instead of being passed over.
"""

import functools
import json
import re
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from policies.reading import as_list

with warnings.catch_warnings():
    # It reads its data through pkg_resources, which is deprecated, and leaves the files open.
    warnings.simplefilter("ignore")
    import parliament  # type: ignore[import-untyped]  # it has no types

Context = Mapping[str, str]


def allows(documents: Iterable[str], action: str, resource: str, context: Context | None = None) -> bool:
    """``context`` has the request's condition keys; one that is missing matches nothing."""
    statements = [each for document in documents for each in json.loads(document)["Statement"]]
    matching = [each for each in statements if _matches(each, action, resource, context or {})]
    return any(each["Effect"] == "Allow" for each in matching) and all(each["Effect"] == "Allow" for each in matching)


def _matches(statement: Mapping[str, Any], action: str, resource: str, context: Context) -> bool:
    return (
        any(_fits(pattern.lower(), action.lower()) for pattern in as_list(statement["Action"]))
        and any(_fits(pattern, resource) for pattern in as_list(statement["Resource"]))
        and all(
            _OPERATORS[operator](as_list(values), context.get(key))
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
    )


def _fits(pattern: str, text: str) -> bool:
    escaped = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(escaped, text) is not None


_OPERATORS: dict[str, Callable[[Sequence[str], str | None], bool]] = {
    "StringEquals": lambda values, given: given in values,
    "Null": lambda values, given: [str(given is None).lower()] == list(values),
}


@functools.cache
def _privilege(action: str) -> Mapping[str, Any]:
    """As the service authorization reference has it.

    Raises:
        KeyError: there is no such action.
    """
    prefix, _, name = action.partition(":")
    for service in parliament.iam_definition:
        if service["prefix"] == prefix:
            for privilege in service["privileges"]:
                if privilege["privilege"].lower() == name.lower():
                    found: Mapping[str, Any] = privilege
                    return found
    raise KeyError(action)


def only_reads(action: str) -> bool:
    """Raises:
    KeyError: there is no such action.
    """
    return _privilege(action)["access_level"] in ("Read", "List")


def has_no_narrower_resource(action: str) -> bool:
    """Whether AWS knows no resource that the action could be granted on, so that ``*`` is all there is to say."""
    return not [kind for kind in _privilege(action)["resource_types"] if kind["resource_type"]]


def findings(document: str) -> set[str]:
    """What parliament has against a document, a line each. A trust document is linted as if it named its role."""
    parsed = json.loads(document)
    for statement in parsed.get("Statement", ()):
        if "Principal" in statement and not {"Resource", "NotResource"} & statement.keys():
            statement["Resource"] = "arn:aws:iam::123456789012:role/it"
    return {
        line
        for finding in parliament.analyze_policy_string(json.dumps(parsed)).findings
        for line in _lines(finding.issue, finding.detail)
    }


def _lines(issue: str, detail: object) -> list[str]:
    """Mismatches come as the text of a list of them."""
    mismatches = re.findall(r"'action': '([^']+)', 'required_format': '([^']+)'", str(detail))
    return [f"{issue}: {action} needs {wanted}" for action, wanted in mismatches] or [f"{issue}: {detail}"]
