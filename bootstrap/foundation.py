"""What the roles stand on: GitHub as an issuer whose word AWS takes, and the boundary of all that is made on it."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from bootstrap.names import BOUNDARY, ISSUER
from bootstrap.trust import AUDIENCE
from components.tags import Service, service_tags


@dataclass(frozen=True, kw_only=True)
class FoundationArgs:
    """``boundary`` is the document that the roles of the stacks cannot go beyond."""

    boundary: pulumi.Input[str]


class Foundation(pulumi.ComponentResource):
    """AWS knows GitHub's certificate by itself, so no thumbprint is given."""

    def __init__(self, name: str, args: FoundationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("anime:bootstrap:Foundation", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        tags = service_tags(Service.OPERATIONS)
        aws.iam.OpenIdConnectProvider(
            f"{name}-github", url=f"https://{ISSUER}", client_id_lists=[AUDIENCE], tags=tags, opts=child
        )
        aws.iam.Policy(
            f"{name}-boundary",
            name=BOUNDARY,
            description="The most that a role of a stack can do",
            policy=args.boundary,
            tags=tags,
            opts=child,
        )
        self.register_outputs({})
