"""Secrets: those that a person puts in, and those that the program passes on from one service to another.

Of the first kind the program makes the place alone, so the value never passes through the program, its state or a log.
Of the second, keys of the vector index, nobody else could: they are made with the cluster, and are marked as secrets at
every step. Each secret has one reader or group of readers, so that a role can read nothing that others use.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from components.qdrant.rights import IndexConsumer
from components.tags import Service, service_tags

CATALOGUE_SECRETS: Final[Mapping[str, str]] = {
    "anidb": "Client registered with AniDB, as NAME/VERSION",
    "animeschedule": "Application token of AnimeSchedule, as plain text",
    "jikan": "Server key of a Jikan service that asks for one, as plain text",
}
"""Catalogues that can be shown something, with what the secret holds."""

_RECOVERY_DAYS: Final = 30


@dataclass(frozen=True, kw_only=True)
class CredentialsArgs:
    """``name_prefix`` is what the physical names begin with. ``index_keys`` are the keys' values. ``protect`` keeps a
    deleted secret for 30 days.
    """

    name_prefix: str
    index_keys: Mapping[IndexConsumer, pulumi.Input[str]]
    protect: bool


class Credentials(pulumi.ComponentResource):
    """ARNs, by catalogue and by consumer. An ARN of a key is there when its value is, so whoever depends on the one
    depends on the other.
    """

    def __init__(self, name: str, args: CredentialsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("anime:aws:Credentials", name, None, opts)

        def secret(role: str, holds: str, service: Service) -> aws.secretsmanager.Secret:
            return aws.secretsmanager.Secret(
                f"{name}-{role}",
                name=f"{args.name_prefix}-{role}",
                description=holds,
                recovery_window_in_days=_RECOVERY_DAYS if args.protect else 0,
                tags=service_tags(service),
                opts=pulumi.ResourceOptions(parent=self, protect=args.protect, retain_on_delete=args.protect),
            )

        def key(consumer: IndexConsumer, value: pulumi.Input[str]) -> pulumi.Output[str]:
            role = f"index-key-{consumer}"
            holds = secret(role, f"Key of the vector index for {consumer}; written by the program", Service.STORES)
            return aws.secretsmanager.SecretVersion(
                f"{name}-{role}-value",
                secret_id=holds.id,
                secret_string=pulumi.Output.secret(value),
                opts=pulumi.ResourceOptions(parent=self),
            ).secret_arn

        self.catalogue_arns: Mapping[str, pulumi.Output[str]] = {
            catalogue: secret(f"catalogue-{catalogue}", holds, Service.PIPELINE).arn
            for catalogue, holds in CATALOGUE_SECRETS.items()
        }
        self.index_key_arns: Mapping[IndexConsumer, pulumi.Output[str]] = {
            consumer: key(consumer, value) for consumer, value in args.index_keys.items()
        }
        self.register_outputs(
            {
                "catalogue_arns": dict(self.catalogue_arns),
                "index_key_arns": {consumer.value: arn for consumer, arn in self.index_key_arns.items()},
            }
        )
