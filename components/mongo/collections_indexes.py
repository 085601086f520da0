"""Collections, indexes and vector collections, created by the migration function when the program is applied.

The Atlas API cannot create them, and only a function reaches the database. The function is invoked again whenever the
schema changes, and creates only what is missing.
"""

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from models.collections import schema_hash


@dataclass(frozen=True, kw_only=True)
class CollectionsIndexesArgs:
    """``database`` and ``vector_index`` are where it is created; another place is migrated anew."""

    function_name: pulumi.Input[str]
    database: str
    vector_index: pulumi.Input[str]


class CollectionsIndexes(pulumi.ComponentResource):
    def __init__(self, name: str, args: CollectionsIndexesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("anime:mongo:CollectionsIndexes", name, None, opts)
        schema = schema_hash()
        aws.lambda_.Invocation(
            f"{name}-migration",
            function_name=args.function_name,
            input=json.dumps({"schema_hash": schema}),
            triggers={"schema_hash": schema, "database": args.database, "vector_index": args.vector_index},
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.schema_hash = schema
        self.register_outputs({"schema_hash": self.schema_hash})
