"""The stack's directory: one parameter with the names and ARNs by which the command line finds everything."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

import pulumi
import pulumi_aws as aws

from components.tags import Service, service_tags

SIZE_LIMIT: Final = 4096
"""Of a standard parameter, which is free."""

Names = Mapping[str, pulumi.Input[str]]


def parameter_name(stack: str) -> str:
    return f"/anime-infra/{stack}/endpoints"


@dataclass(frozen=True, kw_only=True)
class EndpointsArgs:
    """``buckets`` and ``tables`` hold names, ``queues`` URLs, ``functions`` names by task, ``machines`` ARNs.
    ``schema_hash`` is of the collections and indexes that the stack has.

    No secret: whoever may use the stack may read it.
    """

    stack: str
    region: str
    buckets: Names
    images_domain: pulumi.Input[str]
    queues: Names
    tables: Names
    functions: Names
    machines: Names
    mongo_database: str
    schedule_group: pulumi.Input[str]
    review_function: pulumi.Input[str]
    schema_hash: pulumi.Input[str]


class Endpoints(pulumi.ComponentResource):
    def __init__(self, name: str, args: EndpointsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("anime:aws:Endpoints", name, None, opts)
        document = {entry.name: getattr(args, entry.name) for entry in fields(args) if entry.name != "stack"}
        parameter = aws.ssm.Parameter(
            f"{name}-parameter",
            name=parameter_name(args.stack),
            type="String",
            description="Names and ARNs that the anime command needs; no secret",
            value=pulumi.Output.from_input(document).apply(_document),
            tags=service_tags(Service.OPERATIONS),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.parameter_name = parameter.name
        self.register_outputs({"parameter_name": self.parameter_name})


def _document(document: Mapping[str, object]) -> str:
    text = json.dumps(document, sort_keys=True)
    if len(text.encode()) > SIZE_LIMIT:
        raise ValueError(f"the endpoints take {len(text)} bytes and would be refused above {SIZE_LIMIT}: shorten names")
    return text
