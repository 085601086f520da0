"""Who one is to AWS, Atlas, Qdrant Cloud and Pulumi. Of variables only the names of those that are set are known here.

Names and precedence are those of the providers: MongoDB's ``internal/config/credentials.go`` and
``docs/guides/provider-configuration.md`` (https://github.com/mongodb/terraform-provider-mongodbatlas), which Pulumi's
provider wraps; for Qdrant Cloud those of ``components.qdrant.provider``.
"""

from collections.abc import Set
from dataclasses import dataclass
from typing import Final

from cli.doctor.errors import NoAnswer, NotSignedIn, SignInRefused, Unreachable
from cli.doctor.findings import SIGN_IN, Finding, missing, needed_to_deploy, ok, unanswered, warning

ATLAS_ROLE: Final = ("ASSUME_ROLE_ARN", "TF_VAR_ASSUME_ROLE_ARN")
ATLAS_TOKEN: Final = "MONGODB_ATLAS_ACCESS_TOKEN"  # noqa: S105 (a variable's name)
ATLAS_ACCOUNT: Final = ("MONGODB_ATLAS_CLIENT_ID", "MONGODB_ATLAS_CLIENT_SECRET")
ATLAS_PUBLIC: Final = ("MONGODB_ATLAS_PUBLIC_API_KEY", "MONGODB_ATLAS_PUBLIC_KEY", "MCLI_PUBLIC_API_KEY")
ATLAS_PRIVATE: Final = ("MONGODB_ATLAS_PRIVATE_API_KEY", "MONGODB_ATLAS_PRIVATE_KEY", "MCLI_PRIVATE_API_KEY")
QDRANT: Final = ("QDRANT_CLOUD_API_KEY", "QDRANT_CLOUD_ACCOUNT_ID")
PULUMI_TOKEN: Final = "PULUMI_ACCESS_TOKEN"  # noqa: S105 (a variable's name)
PULUMI_PASSPHRASE: Final = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")

_SET_ATLAS: Final = (
    f"make a service account in Atlas (Organization Access Manager) and set {ATLAS_ACCOUNT[0]} and {ATLAS_ACCOUNT[1]}"
)


@dataclass(frozen=True, kw_only=True)
class Identity:
    account: str
    arn: str

    @property
    def partition(self) -> str:
        return self.arn.split(":")[1]


@dataclass(frozen=True, kw_only=True)
class Backend:
    """Where Pulumi keeps the state. ``scheme`` None: nobody has logged in anywhere, which means Pulumi Cloud.

    ``token``: Pulumi Cloud would know who we are. ``key``: the stack's secrets have a key that is known: a passphrase
    in the environment, or a secrets provider in the stack's file.
    """

    scheme: str | None
    token: bool
    key: bool

    @property
    def in_pulumi_cloud(self) -> bool:
        return self.scheme in {None, "http", "https"}


def aws_sign_in(identity: Identity | NoAnswer) -> Finding:
    check = "AWS sign-in"
    match identity:
        case Identity():
            return ok(check, f"account {identity.account}, as {identity.arn}")
        case NotSignedIn():
            return missing(check, "nobody has signed in", SIGN_IN)
        case SignInRefused():
            return missing(
                check,
                "the credentials are expired or wrong, or the region is not enabled in their account",
                SIGN_IN,
            )
        case Unreachable():
            return missing(
                check,
                "AWS does not answer",
                "see whether a network, proxy or firewall is in the way, and whether the region is spelt right",
            )
    return unanswered(check, identity)


def aws_region(settled: str, chosen: str | None, *, stack: str) -> Finding:
    """``settled`` is of the stack's file, ``chosen`` what the other commands would ask in."""
    check = "AWS region"
    do = f"set AWS_REGION={settled}, or give --region {settled} to the anime command"
    if chosen is None:
        return warning(check, f"{settled} by Pulumi.{stack}.yaml; the environment names none", do)
    if chosen != settled:
        return warning(check, f"{settled} by Pulumi.{stack}.yaml, and the environment or --region says {chosen}", do)
    return ok(check, settled)


def atlas_credentials(names: Set[str], *, deployed: bool) -> Finding:
    """The provider takes the first kind of which it finds a part, and fails where the other part is missing."""
    check = "Atlas credentials"
    if role := _first(ATLAS_ROLE, names):
        return warning(
            check,
            f"{role} is set, so the Atlas provider reads AWS Secrets Manager (SECRET_NAME) and nothing else",
            f"unset {role} unless that is what you want",
        )
    if ATLAS_TOKEN in names:
        return warning(
            check,
            f"{ATLAS_TOKEN} is set, which expires within the hour and is taken before all others",
            f"for more than a try, {_SET_ATLAS}, and unset the token",
        )
    if names & set(ATLAS_ACCOUNT):
        return _both(check, names, ATLAS_ACCOUNT, deployed=deployed)
    public, private = _first(ATLAS_PUBLIC, names), _first(ATLAS_PRIVATE, names)
    if public or private:
        return _both(check, names, (public or ATLAS_PUBLIC[0], private or ATLAS_PRIVATE[0]), deployed=deployed)
    return needed_to_deploy(check, "none in the environment", _SET_ATLAS, deployed=deployed)


def qdrant_credentials(names: Set[str], *, deployed: bool) -> Finding:
    check = "Qdrant Cloud credentials"
    if not names & set(QDRANT):
        return needed_to_deploy(
            check,
            "none in the environment",
            f"make a Cloud Management Key in Qdrant Cloud (Access Management) and set {QDRANT[0]}, and {QDRANT[1]} "
            "from the account's settings",
            deployed=deployed,
        )
    return _both(check, names, QDRANT, deployed=deployed)


def pulumi_backend(backend: Backend | NoAnswer, *, deployed: bool) -> Finding:
    check = "Pulumi sign-in"
    if isinstance(backend, NoAnswer):
        return unanswered(check, backend)
    if backend.in_pulumi_cloud and not backend.token:
        return needed_to_deploy(
            check,
            "nobody has logged in",
            f"set {PULUMI_TOKEN}, or run `pulumi login`; `pulumi login --local` keeps the state on this machine",
            deployed=deployed,
        )
    if backend.in_pulumi_cloud:
        return ok(check, "Pulumi Cloud")
    if not backend.key:
        return warning(
            check,
            f"the state is kept by {backend.scheme}://, and nothing says what encrypts the secrets in it",
            f"set {PULUMI_PASSPHRASE[0]} or {PULUMI_PASSPHRASE[1]} (else Pulumi asks), or make the stack with "
            "--secrets-provider",
        )
    return ok(check, f"the state is kept by {backend.scheme}://")


def _both(check: str, names: Set[str], pair: tuple[str, str], *, deployed: bool) -> Finding:
    absent = [name for name in pair if name not in names]
    if absent:
        present = next(name for name in pair if name in names)
        return needed_to_deploy(
            check, f"{present} is set and {absent[0]} is not", f"set {absent[0]} too", deployed=deployed
        )
    return ok(check, f"{pair[0]} and {pair[1]} are set")


def _first(wanted: tuple[str, ...], names: Set[str]) -> str | None:
    return next((name for name in wanted if name in names), None)
