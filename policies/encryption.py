"""What is kept is encrypted, and what is sent to it comes encrypted."""

from collections.abc import Mapping, Sequence
from typing import Final

from pulumi_policy import PolicyResource, ResourceValidationArgs

from policies.making import Complaints, StackComplaints, of_type, resource_policy, stack_policy
from policies.reading import as_list, is_empty, is_off, items, refers_to, statements, value

BUCKET: Final = "aws:s3/bucket:Bucket"
BUCKET_ENCRYPTION: Final = (
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2",
)
BUCKET_POLICY: Final = "aws:s3/bucketPolicy:BucketPolicy"

_QUEUE: Final = "aws:sqs/queue:Queue"
_TOPIC: Final = "aws:sns/topic:Topic"
_TABLE: Final = "aws:dynamodb/table:Table"
_REPLICATION_GROUP: Final = "aws:elasticache/replicationGroup:ReplicationGroup"
_VOLUME: Final = "aws:ebs/volume:Volume"
_FILE_SYSTEM: Final = "aws:efs/fileSystem:FileSystem"
_DATABASE: Final = "aws:rds/instance:Instance"

UNENCRYPTED_TOPICS: Final[Mapping[str, str]] = {
    "alarms-topic": "CloudWatch and AWS Budgets cannot publish through the AWS managed key, a key of our own costs "
    "money each month, and an alarm holds no more than a name and a state",
}
"""Topics without a key, by logical name, each with the reason."""


def unencrypted(args: ResourceValidationArgs) -> Complaints:
    props = args.props
    if args.resource_type == _QUEUE and is_off(props, "sqsManagedSseEnabled") and is_empty(props, "kmsMasterKeyId"):
        yield "keeps messages unencrypted: set sqsManagedSseEnabled to true"
    if args.resource_type == _TOPIC and is_empty(props, "kmsMasterKeyId") and args.name not in UNENCRYPTED_TOPICS:
        yield (
            "has no key: set kmsMasterKeyId, or write its logical name and the reason into UNENCRYPTED_TOPICS of "
            "policies/encryption.py"
        )
    if args.resource_type == _TABLE and is_off(props, "serverSideEncryption", "enabled"):
        yield "is encrypted with a key that leaves no trace of its use: set serverSideEncryption.enabled to true"
    if args.resource_type == _REPLICATION_GROUP:
        for switch in ("atRestEncryptionEnabled", "transitEncryptionEnabled"):
            if is_off(props, switch):
                yield f"holds or sends what it caches unencrypted: set {switch} to true"
    if args.resource_type in (_VOLUME, _FILE_SYSTEM) and is_off(props, "encrypted"):
        yield "keeps files unencrypted: set encrypted to true"
    if args.resource_type == _DATABASE and is_off(props, "storageEncrypted"):
        yield "keeps data unencrypted: set storageEncrypted to true"


def unencrypted_buckets(resources: Sequence[PolicyResource]) -> StackComplaints:
    configured = of_type(resources, *BUCKET_ENCRYPTION)
    policies = of_type(resources, BUCKET_POLICY)
    for bucket in of_type(resources, BUCKET):
        own = [each for each in configured if refers_to(each, "bucket", bucket, "bucket", "id")]
        if not any(_names_an_algorithm(each) for each in own):
            yield (
                bucket,
                "leaves it to S3 how objects are encrypted: give it a BucketServerSideEncryptionConfiguration, as "
                "PrivateBucket of components/aws/s3_buckets.py does",
            )
        guards = [each for each in policies if refers_to(each, "bucket", bucket, "bucket", "id")]
        if not any(is_not_known(each) or _refuses_plain_http(each) for each in guards):
            yield (
                bucket,
                "answers plain http: give it a policy with refuse_plain_http() of components/aws/s3_buckets.py",
            )


def is_not_known(policy: PolicyResource) -> bool:
    """A policy made of ARNs is known only once they are; the update judges it."""
    return not isinstance(value(policy.props, "policy"), str | Mapping)


def _names_an_algorithm(configuration: PolicyResource) -> bool:
    rules = list(items(configuration.props, "rules"))
    return bool(rules) and not any(is_empty(r, "applyServerSideEncryptionByDefault", "sseAlgorithm") for r in rules)


def _refuses_plain_http(policy: PolicyResource) -> bool:
    return any(
        statement.get("Effect") == "Deny"
        and str(value(statement, "Condition", "Bool", "aws:SecureTransport")).lower() == "false"
        and "s3:*" in as_list(statement.get("Action"))
        for statement in statements(value(policy.props, "policy"))
    )


ENCRYPTED_STORES: Final = resource_policy(
    "encryption-at-rest",
    "Queues, topics, tables, caches, volumes and databases are encrypted.",
    unencrypted,
    types=(_QUEUE, _TOPIC, _TABLE, _REPLICATION_GROUP, _VOLUME, _FILE_SYSTEM, _DATABASE),
)
ENCRYPTED_BUCKETS: Final = stack_policy(
    "encrypted-buckets", "Every bucket encrypts what it keeps and refuses plain http.", unencrypted_buckets
)
