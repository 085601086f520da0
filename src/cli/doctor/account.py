"""Whether the account has what the stack needs: access to the embedding model, and room under its quotas."""

from dataclasses import dataclass
from typing import Final

from cli.doctor.errors import Absent, Denied, NoAnswer
from cli.doctor.findings import Finding, missing, needed_to_deploy, ok, unanswered, warning

EMBEDDER: Final = "embedding model"

KEPT_FOR_OTHERS: Final = 10
"""Executions that Lambda refuses to set aside, in a new account; in one with the usual quota it keeps
``USUALLY_KEPT`` (https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionConcurrency.html)."""

USUALLY_KEPT: Final = 100
USUAL_CONCURRENCY: Final = 1000


@dataclass(frozen=True, kw_only=True)
class Quota:
    """``code`` as Service Quotas has it."""

    what: str
    service: str
    code: str


CONCURRENCY: Final = Quota(what="concurrent executions", service="lambda", code="L-B99A9384")
ADDRESSES: Final = Quota(what="Elastic IP addresses", service="ec2", code="L-0263D0A3")
NETWORKS: Final = Quota(what="VPCs", service="vpc", code="L-F678F1CE")
GATEWAYS: Final = Quota(what="NAT gateways in a zone", service="vpc", code="L-FE5A380F")


@dataclass(frozen=True, kw_only=True)
class ModelAccess:
    """``GetFoundationModelAvailability``, each as yes or no. ``subscribed``: entitled, and the agreement is made."""

    in_region: bool
    authorized: bool
    subscribed: bool


@dataclass(frozen=True, kw_only=True)
class Concurrency:
    """``free`` is not set aside for any function; ``ours`` is, for those of this stack."""

    limit: int
    free: int
    ours: int


@dataclass(frozen=True, kw_only=True)
class Room:
    """``ours`` of those ``used`` belong to this stack."""

    limit: int
    used: int
    ours: int


def embedder(model: str, access: ModelAccess | NoAnswer, *, region: str) -> Finding:
    here = f"{model} in {region}"
    if isinstance(access, Absent) or (isinstance(access, ModelAccess) and not access.in_region):
        return missing(
            EMBEDDER,
            f"there is no {here}",
            "set embedder or awsRegion to a model and a region that have each other",
        )
    if isinstance(access, NoAnswer):
        return unanswered(EMBEDDER, access)
    if not access.authorized:
        return missing(
            EMBEDDER,
            f"{here}: the account is not authorized",
            "ask whoever manages the organisation to allow Amazon Bedrock in its service control policies",
        )
    if not access.subscribed:
        return warning(
            EMBEDDER,
            f"{here}: access has not been used yet, or not been granted",
            "`anime doctor --probe` makes one call, which tells, and subscribes where that is all; else open the model "
            "in the Bedrock console",
        )
    return ok(EMBEDDER, f"{here} is available")


def probed_embedder(model: str, answer: float | NoAnswer, *, region: str) -> Finding:
    """``answer``: the seconds that a real call took. What was only said of the model then no longer matters."""
    here = f"{model} in {region}"
    match answer:
        case Denied(action=action):
            return missing(
                EMBEDDER,
                f"{here} refuses you, or the account",
                f"allow {action} on the model, and see in the Bedrock console (Model catalog) whether it can be used",
            )
        case NoAnswer():
            return unanswered(EMBEDDER, answer)
    return ok(EMBEDDER, f"{here} answered in {answer:.1f} s")


def lambda_concurrency(
    found: Concurrency | NoAnswer, *, set_aside: int | None, at_once: int, region: str, deployed: bool
) -> Finding:
    """``set_aside`` is ``fetchConcurrency``; ``at_once`` how many functions the stack likes to run side by side."""
    check = "Lambda concurrency"
    if isinstance(found, NoAnswer):
        return unanswered(check, found)
    free = found.free + found.ours
    more = request_more(CONCURRENCY, USUAL_CONCURRENCY, region=region)
    if set_aside is not None and free < set_aside + KEPT_FOR_OTHERS:
        return needed_to_deploy(
            check,
            f"{free} of {found.limit} can be set aside, and fetchConcurrency {set_aside} needs "
            f"{set_aside + KEPT_FOR_OTHERS}: Lambda keeps at least {KEPT_FOR_OTHERS} for all other functions",
            f"remove fetchConcurrency, or ask for more: {more}",
            deployed=deployed,
        )
    if set_aside is not None and found.ours < set_aside and free < set_aside + USUALLY_KEPT:
        return warning(
            check,
            f"{free} of {found.limit} can be set aside; Lambda may keep {USUALLY_KEPT} of them and refuse "
            f"fetchConcurrency {set_aside}",
            f"if it does, remove fetchConcurrency, or ask for more: {more}",
        )
    if free < at_once:
        return warning(
            check,
            f"{found.limit}, and {free} for this stack, which likes to run {at_once} at once: the rest waits and is "
            "tried again",
            f"ask for more: {more}",
        )
    return ok(check, f"{found.limit}, {free} of it for this stack")


def room(check: str, quota: Quota, found: Room | NoAnswer, *, needed: int, region: str, deployed: bool) -> Finding:
    if isinstance(found, NoAnswer):
        return unanswered(check, found)
    still = max(0, needed - found.ours)
    if found.used + still > found.limit:
        return needed_to_deploy(
            check,
            f"{found.used} of {found.limit} {quota.what} are taken, and the stack needs {still} more",
            f"release some, or ask for more: {request_more(quota, found.used + still, region=region)}",
            deployed=deployed,
        )
    return ok(check, f"{found.used} of {found.limit} {quota.what} are taken, {found.ours} by this stack")


def request_more(quota: Quota, value: int, *, region: str) -> str:
    return (
        f"aws service-quotas request-service-quota-increase --service-code {quota.service} --quota-code {quota.code} "
        f"--desired-value {value} --region {region}"
    )


def boundary(name: str, found: bool | NoAnswer, *, deployed: bool) -> Finding:
    """``found`` True: the account has the policy that ``permissionsBoundary`` names."""
    check = "permissions boundary"
    if isinstance(found, Absent):
        return needed_to_deploy(
            check,
            f"there is no policy {name}, so no role could be made",
            "apply bootstrap/, which makes it, or remove permissionsBoundary",
            deployed=deployed,
        )
    if isinstance(found, NoAnswer):
        return unanswered(check, found)
    return ok(check, name)
