"""Private, encrypted buckets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from components.tags import Service, service_tags

_NONCURRENT_DAYS: Final = 30
"""A version that was replaced or deleted can be had back for a month."""

_ABANDONED_UPLOAD_DAYS: Final = 7


@dataclass(frozen=True, kw_only=True)
class PrivateBucketArgs:
    """``expire_after_days`` maps a prefix to the age at which its objects go. ``protect`` guards against deletion.

    A bucket that others may read by a policy of their own (the CDN) has ``own_policy`` False, as a bucket has but one.
    """

    bucket_name: pulumi.Input[str]
    service: Service
    protect: bool
    versioned: bool = False
    own_policy: bool = True
    expire_after_days: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for prefix, days in self.expire_after_days.items():
            if not prefix.endswith("/") or prefix == "/":
                raise ValueError(f"prefix {prefix!r} would expire more than one folder: end it with the folder's slash")
            if days < 1:
                raise ValueError(f"{prefix} would expire at once: S3 counts from 1 day")


class PrivateBucket(pulumi.ComponentResource):
    def __init__(self, name: str, args: PrivateBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("anime:aws:PrivateBucket", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        bucket = aws.s3.Bucket(
            f"{name}-bucket",
            bucket=args.bucket_name,
            force_destroy=not args.protect,
            tags=service_tags(args.service),
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect, retain_on_delete=args.protect),
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            f"{name}-encryption",
            bucket=bucket.bucket,
            rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
            opts=child,
        )
        closed = aws.s3.BucketPublicAccessBlock(
            f"{name}-public-access",
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        aws.s3.BucketOwnershipControls(
            f"{name}-ownership", bucket=bucket.bucket, rule={"object_ownership": "BucketOwnerEnforced"}, opts=child
        )
        if args.versioned:
            aws.s3.BucketVersioning(
                f"{name}-versioning",
                bucket=bucket.bucket,
                versioning_configuration={"status": "Enabled"},
                opts=child,
            )
        aws.s3.BucketLifecycleConfiguration(
            f"{name}-lifecycle", bucket=bucket.bucket, rules=_lifecycle(args.expire_after_days), opts=child
        )
        if args.own_policy:
            aws.s3.BucketPolicy(
                f"{name}-policy",
                bucket=bucket.bucket,
                policy=bucket_policy([refuse_plain_http(bucket.arn)]),
                opts=pulumi.ResourceOptions(parent=self, depends_on=[closed]),
            )
        self.closed = closed
        self.bucket_name = bucket.bucket
        self.arn = bucket.arn
        self.regional_domain_name = bucket.bucket_regional_domain_name
        self.register_outputs(
            {"bucket_name": self.bucket_name, "arn": self.arn, "regional_domain_name": self.regional_domain_name}
        )


def _lifecycle(expire_after_days: Mapping[str, int]) -> list[Any]:
    housekeeping = {
        "id": "housekeeping",
        "status": "Enabled",
        "filter": {"prefix": ""},
        "abort_incomplete_multipart_upload": {"days_after_initiation": _ABANDONED_UPLOAD_DAYS},
        "noncurrent_version_expiration": {"noncurrent_days": _NONCURRENT_DAYS},
    }
    expiring = [
        {
            "id": f"expire-{prefix.rstrip('/').replace('/', '-')}",
            "status": "Enabled",
            "filter": {"prefix": prefix},
            "expiration": {"days": days},
        }
        for prefix, days in expire_after_days.items()
    ]
    return [*expiring, housekeeping]


def refuse_plain_http(arn: pulumi.Output[str]) -> dict[str, Any]:
    """A statement of a bucket's policy."""
    return {
        "Sid": "RefusePlainHttp",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, pulumi.Output.concat(arn, "/*")],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def bucket_policy(statements: list[dict[str, Any]]) -> pulumi.Output[str]:
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": statements})
