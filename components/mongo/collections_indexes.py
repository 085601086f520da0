"""Collections, indexes and vector collections, brought to their schema by the migration function when the program is
applied.

The Atlas API cannot create them, nor can that of Qdrant Cloud, and only a function reaches the databases. The function
is invoked again whenever the schema changes or a database is another one. What it cannot do fails the update, and its
message says what to do (docs/decisions/0012-migrations.md).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from models.collections import schema_hash


@dataclass(frozen=True, kw_only=True)
class CollectionsIndexesArgs:
    """``database_cluster``, ``database`` and ``vector_index`` are where it is created; another place is migrated anew.

    ``after`` are resources that must be there before: the function's user in the database, its key of the index and its
    way to both. That they are made first does not follow from the function's own inputs.
    """

    function_name: pulumi.Input[str]
    database_cluster: pulumi.Input[str]
    database: str
    vector_index: pulumi.Input[str]
    after: Sequence[pulumi.Resource] = ()


class CollectionsIndexes(pulumi.ComponentResource):
    """``answer`` is JSON: what was ``created`` and ``changed`` the last time, and what is ``left_over``.
    ``applied_hash`` is known once the migration went through.
    """

    def __init__(self, name: str, args: CollectionsIndexesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("anime:mongo:CollectionsIndexes", name, None, opts)
        schema = schema_hash()
        migration = aws.lambda_.Invocation(
            f"{name}-migration",
            function_name=args.function_name,
            input=json.dumps({"schema_hash": schema}),
            triggers={
                "schema_hash": schema,
                "database_cluster": args.database_cluster,
                "database": args.database,
                "vector_index": args.vector_index,
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(args.after)),
        )
        self.schema_hash = schema
        self.answer = migration.result
        self.applied_hash = migration.result.apply(lambda _: schema)
        self.register_outputs({"schema_hash": self.schema_hash, "answer": self.answer})
