"""The migration is invoked by the deployment: when, with what, and after what."""

import json
from pathlib import Path

from local.program import record_program
from local.recording import RecordedResource, Recording
from models.collections import schema_hash

PROGRAM = """
import pulumi
import pulumi_aws as aws
from components.mongo.collections_indexes import CollectionsIndexes, CollectionsIndexesArgs

user = aws.sqs.Queue("user", name="stands-for-a-user")
made = CollectionsIndexes(
    "collections-indexes",
    CollectionsIndexesArgs(
        function_name="migrate",
        database_cluster=%r,
        database="anime_service",
        vector_index=%r,
        after=[user],
    ),
)
pulumi.export("answer", made.answer)
"""


def record(root: Path, *, cluster: str = "c1.mongodb.net", index: str = "https://h:6333") -> Recording:
    (root / "Pulumi.yaml").write_text("name: anime-infra\nruntime: python\n")
    (root / "Pulumi.dev.yaml").write_text("config: {}")
    (root / "__main__.py").write_text(PROGRAM % (cluster, index))
    return record_program(stack="dev", root=root)


def invocation(recording: Recording) -> RecordedResource:
    return recording.named("collections-indexes-migration", "aws:lambda/invocation:Invocation")


def test_the_function_is_told_the_schema_of_the_program(tmp_path: Path) -> None:
    made = invocation(record(tmp_path))

    assert made.inputs["functionName"] == "migrate"
    assert json.loads(made.inputs["input"]) == {"schema_hash": schema_hash()}


def test_another_schema_or_another_database_is_migrated_anew(tmp_path: Path) -> None:
    triggers = [
        invocation(record(tmp_path, **changes)).inputs["triggers"]
        for changes in ({}, {"cluster": "c2.mongodb.net"}, {"index": "https://other:6333"})
    ]

    assert triggers[0]["schema_hash"] == schema_hash()
    assert len({json.dumps(each, sort_keys=True) for each in triggers}) == len(triggers)
    assert invocation(record(tmp_path)).inputs["triggers"] == triggers[0]


def test_it_comes_after_what_its_function_needs(tmp_path: Path) -> None:
    recording = record(tmp_path)

    assert recording.named("user").urn in invocation(recording).options.dependencies


def test_what_it_answered_is_an_output(tmp_path: Path) -> None:
    recording = record(tmp_path)

    component = recording.named("collections-indexes", "anime:mongo:CollectionsIndexes")
    assert component.outputs == {"schema_hash": schema_hash(), "answer": recording.exports["answer"]}
    assert component.output_registrations == 1
