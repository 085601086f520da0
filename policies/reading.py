"""How policies read what Pulumi hands them.

Properties have Pulumi's names (camelCase). In a preview some are not known yet, and touching one of those raises; the
functions here say UNKNOWN instead, so that a rule can judge the rest and leave that one to the update, where every
input is known before its resource is made.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, Final

from pulumi_policy import PolicyProviderResource, PolicyResource, ResourceValidationArgs
from pulumi_policy.proxy import UnknownValueError

Judged = ResourceValidationArgs | PolicyResource
Statement = Mapping[str, Any]


class Unknown(Enum):
    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN


def value(properties: Mapping[str, Any], *path: str) -> Any:
    """What is at the path; None where nothing is, UNKNOWN where it is not known yet."""
    found: Any = properties
    for key in path:
        if not isinstance(found, Mapping):
            return None
        try:
            found = found.get(key)
        except UnknownValueError:
            return UNKNOWN
    return found


def is_off(properties: Mapping[str, Any], *path: str) -> bool:
    """Neither true nor possibly true."""
    return value(properties, *path) not in (True, "true", UNKNOWN)


def is_empty(properties: Mapping[str, Any], *path: str) -> bool:
    """Neither set nor possibly set."""
    found = value(properties, *path)
    return found is not UNKNOWN and not found


def items(properties: Mapping[str, Any], *path: str) -> Iterator[Mapping[str, Any]]:
    """The objects of a list, as far as they are known."""
    found = value(properties, *path)
    if not isinstance(found, Sequence) or isinstance(found, str):
        return
    for index in range(len(found)):
        try:
            item = found[index]
        except UnknownValueError:
            continue
        if isinstance(item, Mapping):
            yield item


def texts(properties: Mapping[str, Any], *path: str) -> Iterator[tuple[str, str]]:
    """Names and values of a map of strings, as far as they are known."""
    found = value(properties, *path)
    if isinstance(found, Mapping):
        for name in found:
            text = value(found, name)
            if isinstance(text, str):
                yield name, text


def statements(document: object) -> Iterator[Statement]:
    """Of a policy document, which arrives as JSON text; none while it is not known."""
    parsed = json.loads(document) if isinstance(document, str) else document
    listed = parsed.get("Statement", ()) if isinstance(parsed, Mapping) else ()
    yield from [listed] if isinstance(listed, Mapping) else listed


def as_list(one_or_more: object) -> list[str]:
    """IAM writes one string where a list has one member."""
    if isinstance(one_or_more, str):
        return [one_or_more]
    return [str(member) for member in one_or_more] if isinstance(one_or_more, Sequence) else []


def tags(judged: Judged) -> dict[str, str]:
    """The provider's default tags, with the resource's own over them. Those that are not known yet count as ``?``."""
    return {**_known_tags(_default_tags(judged.provider)), **_known_tags(value(judged.props, "tags"))}


def stage(judged: Judged) -> str:
    """What the stack is for: its environment tag, or the stack's name where the provider sets no tags."""
    return tags(judged).get("environment") or judged.urn.split("::")[0].rpartition(":")[2]


def region(judged: Judged) -> Any:
    """The resource's own region, or its provider's; None for a resource without one."""
    own = value(judged.props, "region")
    if own or judged.provider is None:
        return own
    return value(judged.provider.props, "region")


def refers_to(resource: PolicyResource, key: str, target: PolicyResource, *names: str) -> bool:
    """Whether the property names the target by one of these properties of it.

    By what the property was made from where its value is not known yet.
    """
    found = value(resource.props, key)
    if found is UNKNOWN:
        return any(each.urn == target.urn for each in resource.property_dependencies.get(key, ()))
    return found is not None and any(value(target.props, name) == found for name in names)


def _default_tags(provider: PolicyProviderResource | None) -> object:
    """The engine passes a provider's structured properties as JSON text."""
    given = value(provider.props, "defaultTags") if provider else None
    if isinstance(given, str):
        given = json.loads(given)
    return value(given, "tags") if isinstance(given, Mapping) else given


def _known_tags(given: object) -> dict[str, str]:
    if not isinstance(given, Mapping):
        return {}
    return {name: "?" if value(given, name) is UNKNOWN else str(value(given, name)) for name in given}
