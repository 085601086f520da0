"""Buckets, tables, secrets, parameters, images of containers, the cache."""

from typing import Final

from bootstrap.needs.making import EVERYTHING, NAMES, Need, Needs, arn, service_role

_BUCKETS: Final = (f"arn:{{partition}}:s3:::{NAMES}",)
_OBJECTS: Final = (f"arn:{{partition}}:s3:::{NAMES}/*",)
_CACHES: Final = tuple(
    arn("elasticache", f"{kind}:{NAMES}")
    for kind in ("cluster", "replicationgroup", "subnetgroup", "user", "usergroup")
)

STORAGE: Final[Needs] = {
    "aws:s3/bucket:Bucket": (
        Need(
            service="s3",
            places=_BUCKETS,
            # ListBucket is how S3 says whether a bucket exists.
            reads="ListBucket GetBucketLocation GetBucketPolicy GetBucketAcl GetBucketCORS GetBucketWebsite "
            "GetBucketVersioning GetAccelerateConfiguration GetBucketRequestPayment GetBucketLogging "
            "GetLifecycleConfiguration GetReplicationConfiguration GetEncryptionConfiguration "
            "GetBucketObjectLockConfiguration GetBucketTagging ListTagsForResource",
            writes="CreateBucket DeleteBucket PutBucketTagging TagResource UntagResource ListBucketVersions",
        ),
        # A bucket without protection is emptied before it is deleted.
        Need(service="s3", places=_OBJECTS, writes="DeleteObject DeleteObjectVersion"),
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": (
        Need(service="s3", places=_BUCKETS, reads="GetLifecycleConfiguration", writes="PutLifecycleConfiguration"),
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": (
        Need(service="s3", places=_BUCKETS, reads="GetBucketOwnershipControls", writes="PutBucketOwnershipControls"),
    ),
    "aws:s3/bucketPolicy:BucketPolicy": (
        Need(service="s3", places=_BUCKETS, reads="GetBucketPolicy", writes="PutBucketPolicy DeleteBucketPolicy"),
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": (
        Need(service="s3", places=_BUCKETS, reads="GetBucketPublicAccessBlock", writes="PutBucketPublicAccessBlock"),
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        Need(service="s3", places=_BUCKETS, reads="GetEncryptionConfiguration", writes="PutEncryptionConfiguration"),
    ),
    "aws:s3/bucketVersioning:BucketVersioning": (
        Need(service="s3", places=_BUCKETS, reads="GetBucketVersioning", writes="PutBucketVersioning"),
    ),
    "aws:dynamodb/table:Table": (
        Need(
            service="dynamodb",
            places=(arn("dynamodb", f"table/{NAMES}"),),
            reads="DescribeTable DescribeTimeToLive DescribeContinuousBackups ListTagsOfResource",
            writes="CreateTable UpdateTable DeleteTable UpdateTimeToLive UpdateContinuousBackups TagResource "
            "UntagResource",
        ),
    ),
    "aws:secretsmanager/secret:Secret": (
        Need(
            service="secretsmanager",
            places=(arn("secretsmanager", f"secret:{NAMES}"),),
            reads="DescribeSecret GetResourcePolicy",
            writes="CreateSecret UpdateSecret DeleteSecret RestoreSecret TagResource UntagResource",
        ),
    ),
    "aws:secretsmanager/secretVersion:SecretVersion": (
        Need(
            service="secretsmanager",
            places=(arn("secretsmanager", f"secret:{NAMES}-index-key-*"),),
            # The provider reads back what it wrote; who only compares is not told.
            writes="PutSecretValue UpdateSecretVersionStage GetSecretValue",
        ),
    ),
    "aws:ssm/parameter:Parameter": (
        Need(
            service="ssm",
            places=(arn("ssm", "parameter/anime-infra/*"),),
            # The program makes no parameter that is secret; a policy sees to it.
            reads="GetParameter GetParameters ListTagsForResource",
            writes="PutParameter DeleteParameter AddTagsToResource RemoveTagsFromResource",
        ),
        Need(service="ssm", places=(EVERYTHING,), reads="DescribeParameters"),
    ),
    "aws:elasticache/replicationGroup:ReplicationGroup": (
        Need(
            service="elasticache",
            # AWS asks for the parameters too, and we take those of AWS.
            places=(*_CACHES, arn("elasticache", "parametergroup:default.*")),
            writes="CreateReplicationGroup ModifyReplicationGroup",
        ),
        Need(
            service="elasticache",
            places=_CACHES,
            reads="DescribeReplicationGroups DescribeCacheClusters ListTagsForResource",
            writes="IncreaseReplicaCount DecreaseReplicaCount DeleteReplicationGroup AddTagsToResource "
            "RemoveTagsFromResource",
        ),
        service_role("elasticache.amazonaws.com"),
    ),
    "aws:elasticache/subnetGroup:SubnetGroup": (
        Need(
            service="elasticache",
            places=_CACHES,
            reads="DescribeCacheSubnetGroups ListTagsForResource",
            writes="CreateCacheSubnetGroup ModifyCacheSubnetGroup DeleteCacheSubnetGroup AddTagsToResource "
            "RemoveTagsFromResource",
        ),
    ),
    "aws:elasticache/user:User": (
        Need(
            service="elasticache",
            places=_CACHES,
            reads="DescribeUsers ListTagsForResource",
            writes="CreateUser ModifyUser DeleteUser AddTagsToResource RemoveTagsFromResource",
        ),
    ),
    "aws:elasticache/userGroup:UserGroup": (
        Need(
            service="elasticache",
            places=_CACHES,
            reads="DescribeUserGroups ListTagsForResource",
            writes="CreateUserGroup ModifyUserGroup DeleteUserGroup AddTagsToResource RemoveTagsFromResource",
        ),
    ),
}
