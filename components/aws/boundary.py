"""The boundary of the stack's roles, put on every one of them in one place."""

from typing import Final

import pulumi

_ROLE: Final = "aws:iam/role:Role"


def bound_every_role(boundary_arn: pulumi.Input[str]) -> None:
    """No role can do more than the policy ``boundary_arn`` allows, whatever it is granted. Call it before any role is
    registered.
    """

    def bound(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if args.type_ != _ROLE:
            return None
        return pulumi.ResourceTransformationResult(
            props={**args.props, "permissions_boundary": boundary_arn}, opts=args.opts
        )

    pulumi.runtime.register_stack_transformation(bound)
