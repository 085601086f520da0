"""Who may sign in from the workflow, and what for: the issuer, the boundary, and a role a purpose."""

from collections.abc import Callable
from functools import partial

import pulumi
import pulumi_aws as aws

from bootstrap.boundary import RIGHTS
from bootstrap.documents import Account, Part, allowing, denying
from bootstrap.foundation import Foundation, FoundationArgs
from bootstrap.names import PREFIX
from bootstrap.needs import ALL, AREAS
from bootstrap.roles import DENIALS, PURPOSES, CiRole, CiRoleArgs
from bootstrap.settings import read_settings
from bootstrap.trust import trusting
from components.tags import default_tags

settings = read_settings()
provider = aws.Provider("aws", region=settings.aws_region, default_tags={"tags": default_tags(environment="shared")})
asking = pulumi.InvokeOptions(provider=provider)
number = aws.get_caller_identity_output(opts=asking).account_id
partition = aws.get_partition_output(opts=asking).partition


def written(write: Callable[[Account], str]) -> pulumi.Output[str]:
    """A document that is of the account which the program is applied to."""
    return pulumi.Output.all(partition, number).apply(
        lambda found: write(Account(partition=found[0], number=found[1], region=settings.aws_region))
    )


foundation = Foundation(
    "foundation",
    FoundationArgs(boundary=written(partial(allowing, RIGHTS, Part.WRITES))),
    pulumi.ResourceOptions(provider=provider),
)
reads = written(partial(allowing, ALL, Part.READS))
denials = written(partial(denying, DENIALS))
writes = {area: written(partial(allowing, needs, Part.WRITES)) for area, needs in AREAS.items()}
for role, purpose in PURPOSES.items():
    made = CiRole(
        role,
        CiRoleArgs(
            role_name=f"{PREFIX}-{role}",
            purpose=purpose,
            trust=written(partial(trusting, purpose.environments, settings.subject_prefix)),
            inline={"reads": reads, "denials": denials} if purpose.writes else {"reads": reads},
            managed=writes if purpose.writes else {},
        ),
        pulumi.ResourceOptions(provider=provider, depends_on=[foundation]),
    )
    pulumi.export(f"{role}_role_arn", made.arn)
