"""Credentials of the outside world. The program makes the place; a person puts the value there, so it never passes
through the program, its state or a log.
"""

from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from components.tags import Service, service_tags

_RECOVERY_DAYS: Final = 30


@dataclass(frozen=True, kw_only=True)
class CredentialsArgs:
    """``name_prefix`` is what the physical names begin with. ``protect`` keeps a deleted secret for 30 days."""

    name_prefix: str
    protect: bool


class Credentials(pulumi.ComponentResource):
    def __init__(self, name: str, args: CredentialsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("anime:aws:Credentials", name, None, opts)

        def secret(role: str, holds: str) -> pulumi.Output[str]:
            return aws.secretsmanager.Secret(
                f"{name}-{role}",
                name=f"{args.name_prefix}-{role}",
                description=holds,
                recovery_window_in_days=_RECOVERY_DAYS if args.protect else 0,
                tags=service_tags(Service.PIPELINE),
                opts=pulumi.ResourceOptions(parent=self, protect=args.protect, retain_on_delete=args.protect),
            ).arn

        self.qdrant_arn = secret("qdrant-api-key", "API key of the vector index, as plain text")
        self.redis_arn = secret("redis-auth", "Password of the cache server, as plain text")
        self.catalogues_arn = secret(
            "catalogue-tokens", 'JSON: {"anidb_client": ..., "animeschedule_token": ..., "server_key": ...}'
        )
        self.register_outputs(
            {"qdrant_arn": self.qdrant_arn, "redis_arn": self.redis_arn, "catalogues_arn": self.catalogues_arn}
        )
