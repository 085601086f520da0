"""Where a stack stands, and what its resources are called there.

Logical names never hold stage or account; physical names are ``anime-infra-<stack>-<thing>``. Because they are fixed,
an ARN can be known before its resource exists: that is how a function learns of the state machine which calls it.
"""

import re
from dataclasses import dataclass

import pulumi

from components.tags import PROJECT

_STACK = re.compile(r"^[a-z][a-z0-9-]{0,15}$")


@dataclass(frozen=True, kw_only=True)
class Site:
    stack: str
    region: str
    account: pulumi.Output[str]
    partition: pulumi.Output[str]

    def __post_init__(self) -> None:
        if not _STACK.fullmatch(self.stack):
            raise ValueError(
                f"stack name {self.stack!r} cannot be part of every physical name (IAM roles end at 64 characters): "
                "use 1 to 16 of a-z, 0-9 and -, beginning with a letter"
            )

    @property
    def prefix(self) -> str:
        """What every physical name begins with."""
        return f"{PROJECT}-{self.stack}"

    def name(self, thing: str) -> str:
        return f"{self.prefix}-{thing.replace('_', '-')}"

    def bucket_name(self, thing: str) -> pulumi.Output[str]:
        """With the account: bucket names are shared by all accounts of the world, and a short one may be taken."""
        return pulumi.Output.concat(self.name(thing), "-", self.account)

    def arn(self, service: str, resource: str) -> pulumi.Output[str]:
        return pulumi.Output.concat(
            "arn:", self.partition, ":", service, ":", self.region, ":", self.account, ":", resource
        )

    def function_arn(self, task: str) -> pulumi.Output[str]:
        return self.arn("lambda", f"function:{self.name(task)}")

    def machine_arn(self, machine: str) -> pulumi.Output[str]:
        return self.arn("states", f"stateMachine:{self.name(machine)}")

    def executions_arn(self, machine: str) -> pulumi.Output[str]:
        """Of every execution of the machine."""
        return self.arn("states", f"execution:{self.name(machine)}:*")
