"""Encryption of what is kept, and of the way to it."""

import json
from typing import Any

import pytest

from policies.encryption import ENCRYPTED_BUCKETS, ENCRYPTED_STORES, UNENCRYPTED_TOPICS
from tests.policies.judging import UNKNOWN, Subject, complaints_of

QUEUE = "aws:sqs/queue:Queue"
TOPIC = "aws:sns/topic:Topic"
TABLE = "aws:dynamodb/table:Table"
CACHE = "aws:elasticache/replicationGroup:ReplicationGroup"
BUCKET = "aws:s3/bucket:Bucket"
CONFIGURATION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"


@pytest.mark.parametrize(
    ("type_token", "props"),
    [
        (QUEUE, {"sqsManagedSseEnabled": True}),
        (QUEUE, {"kmsMasterKeyId": UNKNOWN}),
        (TOPIC, {"kmsMasterKeyId": "alias/ours"}),
        (TABLE, {"serverSideEncryption": {"enabled": True}}),
        (CACHE, {"atRestEncryptionEnabled": "true", "transitEncryptionEnabled": True}),
        ("aws:ebs/volume:Volume", {"encrypted": True}),
        ("aws:rds/instance:Instance", {"storageEncrypted": True}),
    ],
)
def test_encrypted_stores_pass(type_token: str, props: dict[str, Any]) -> None:
    assert complaints_of(ENCRYPTED_STORES, Subject(type=type_token, props=props)) == []


@pytest.mark.parametrize(
    ("type_token", "props", "fix"),
    [
        (QUEUE, {}, "sqsManagedSseEnabled"),
        (QUEUE, {"sqsManagedSseEnabled": False}, "sqsManagedSseEnabled"),
        (TOPIC, {}, "kmsMasterKeyId"),
        (TABLE, {}, "serverSideEncryption.enabled"),
        (TABLE, {"serverSideEncryption": {"enabled": False}}, "serverSideEncryption.enabled"),
        (CACHE, {"atRestEncryptionEnabled": True}, "transitEncryptionEnabled"),
        (CACHE, {"transitEncryptionEnabled": True}, "atRestEncryptionEnabled"),
        ("aws:ebs/volume:Volume", {}, "encrypted"),
        ("aws:efs/fileSystem:FileSystem", {}, "encrypted"),
        ("aws:rds/instance:Instance", {}, "storageEncrypted"),
    ],
)
def test_unencrypted_stores_are_rejected(type_token: str, props: dict[str, Any], fix: str) -> None:
    (complaint,) = complaints_of(ENCRYPTED_STORES, Subject(type=type_token, props=props))

    assert f"{fix} to true" in complaint or f"set {fix}" in complaint


def test_the_listed_topics_alone_need_no_key() -> None:
    for name, reason in UNENCRYPTED_TOPICS.items():
        assert complaints_of(ENCRYPTED_STORES, Subject(type=TOPIC, name=name)) == []
        assert reason


def _document(**changes: Any) -> str:
    refusing = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::data"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return json.dumps({"Statement": [{**refusing, **changes}]})


def _bucket() -> Subject:
    return Subject(type=BUCKET, name="data", props={"bucket": "data"})


def _configuration(**props: Any) -> Subject:
    rules = [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]
    return Subject(
        type=CONFIGURATION,
        name="encryption",
        props={"bucket": "data", "rules": rules, **props},
        made_from={"bucket": ["data"]},
    )


def _policy(**props: Any) -> Subject:
    return Subject(
        type=POLICY,
        name="policy",
        props={"bucket": "data", "policy": _document(), **props},
        made_from={"bucket": ["data"]},
    )


class TestBuckets:
    def test_encrypted_and_by_https_alone_passes(self) -> None:
        assert complaints_of(ENCRYPTED_BUCKETS, _bucket(), _configuration(), _policy()) == []

    def test_names_that_are_not_known_yet_are_found_by_what_they_were_made_from(self) -> None:
        subjects = (_bucket(), _configuration(bucket=UNKNOWN), _policy(bucket=UNKNOWN, policy=UNKNOWN))

        assert complaints_of(ENCRYPTED_BUCKETS, *subjects) == []

    @pytest.mark.parametrize(
        "changes",
        [{"bucket": "another"}, {"rules": []}, {"rules": [{"applyServerSideEncryptionByDefault": {}}]}],
    )
    def test_a_bucket_of_no_algorithm_is_rejected(self, changes: dict[str, Any]) -> None:
        (complaint,) = complaints_of(ENCRYPTED_BUCKETS, _bucket(), _configuration(**changes), _policy())

        assert complaint.startswith("data leaves it to S3")

    @pytest.mark.parametrize(
        "changes",
        [
            {"bucket": "another"},
            {"policy": _document(Effect="Allow")},
            {"policy": _document(Condition={})},
            {"policy": _document(Action="s3:GetObject")},
        ],
    )
    def test_a_bucket_that_answers_plain_http_is_rejected(self, changes: dict[str, Any]) -> None:
        (complaint,) = complaints_of(ENCRYPTED_BUCKETS, _bucket(), _configuration(), _policy(**changes))

        assert complaint.startswith("data answers plain http")
