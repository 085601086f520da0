"""The Atlas project: what belongs to the stack there, and whose users, roles and networks its cluster has.

It comes before the cluster, since the ways to the database are made in between (``network_access``).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_mongodbatlas as mongodbatlas

_NAME: Final = re.compile(r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$")


@dataclass(frozen=True, kw_only=True)
class ProjectArgs:
    """``org_id`` None is the organisation that the API key belongs to. ``tags`` are all of them: AWS's default tags do
    not reach Atlas.
    """

    project_name: str
    org_id: pulumi.Input[str] | None
    tags: Mapping[str, str]
    protect: bool

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.project_name):
            raise ValueError(
                f"{self.project_name!r} would be refused as the name of an Atlas project: use 1 to 64 letters, digits, "
                "spaces, dots, dashes and underscores"
            )


class Project(pulumi.ComponentResource):
    """Expects an explicit Atlas provider in its options. ``project_id`` is what everything else in Atlas names."""

    def __init__(self, name: str, args: ProjectArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("anime:mongo:Project", name, None, opts)
        project = mongodbatlas.Project(
            f"{name}-project",
            name=args.project_name,
            org_id=args.org_id if args.org_id is not None else self._own_organisation(),
            with_default_alerts_settings=True,
            # Whoever may open the project in a browser could read documents past every role, task tokens among them.
            is_data_explorer_enabled=False,
            is_data_explorer_gen_ai_features_enabled=False,
            is_data_explorer_gen_ai_sample_document_passing_enabled=False,
            tags=dict(args.tags),
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect, retain_on_delete=args.protect),
        )
        self.project_id = project.id
        self.register_outputs({"project_id": self.project_id})

    def _own_organisation(self) -> pulumi.Output[str]:
        return mongodbatlas.get_roles_org_id_output(opts=pulumi.InvokeOptions(parent=self)).org_id
