"""The CDN before the images bucket: HTTPS only, and the bucket stays private."""

from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from components.aws.s3_buckets import bucket_policy, refuse_plain_http
from components.tags import Service, service_tags

CACHING_OPTIMIZED: Final = "658327ea-f89d-4fab-a63d-7e88639e58f6"
"""Managed policy: long caching, nothing of the request but the path in the key."""

SECURITY_HEADERS: Final = "67f7725c-6f97-4210-82d7-5512b31e9d03"
"""Managed policy: nosniff, HSTS, frame and referrer rules."""

_ORIGIN: Final = "images"


@dataclass(frozen=True, kw_only=True)
class ImagesCdnArgs:
    """``access_name`` is the physical name of the access control; it is unique in the account. ``closed`` is what keeps
    the bucket from the public: S3 refuses to change that and the policy at the same time.
    """

    access_name: str
    bucket_name: pulumi.Input[str]
    bucket_arn: pulumi.Output[str]
    bucket_domain_name: pulumi.Input[str]
    closed: pulumi.Resource


class ImagesCdn(pulumi.ComponentResource):
    """Objects are named by their content's hash, so what it caches is never out of date."""

    def __init__(self, name: str, args: ImagesCdnArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("anime:aws:ImagesCdn", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        access = aws.cloudfront.OriginAccessControl(
            f"{name}-access",
            name=args.access_name,
            description="The CDN signs its requests to the images bucket",
            origin_access_control_origin_type="s3",
            signing_behavior="always",
            signing_protocol="sigv4",
            opts=child,
        )
        distribution = aws.cloudfront.Distribution(
            f"{name}-distribution",
            enabled=True,
            comment="Images of anime-infra",
            is_ipv6_enabled=True,
            http_version="http2and3",
            price_class="PriceClass_100",
            origins=[
                {
                    "origin_id": _ORIGIN,
                    "domain_name": args.bucket_domain_name,
                    "origin_access_control_id": access.id,
                }
            ],
            default_cache_behavior={
                "target_origin_id": _ORIGIN,
                "viewer_protocol_policy": "https-only",
                "allowed_methods": ["GET", "HEAD"],
                "cached_methods": ["GET", "HEAD"],
                "cache_policy_id": CACHING_OPTIMIZED,
                "response_headers_policy_id": SECURITY_HEADERS,
                "compress": False,
            },
            restrictions={"geo_restriction": {"restriction_type": "none"}},
            viewer_certificate={"cloudfront_default_certificate": True},
            tags=service_tags(Service.IMAGES),
            opts=child,
        )
        aws.s3.BucketPolicy(
            f"{name}-reads-bucket",
            bucket=args.bucket_name,
            policy=bucket_policy(
                [
                    refuse_plain_http(args.bucket_arn),
                    {
                        "Sid": "OnlyThisDistributionReads",
                        "Effect": "Allow",
                        "Principal": {"Service": "cloudfront.amazonaws.com"},
                        "Action": "s3:GetObject",
                        "Resource": pulumi.Output.concat(args.bucket_arn, "/images/*"),
                        "Condition": {"StringEquals": {"AWS:SourceArn": distribution.arn}},
                    },
                ]
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[args.closed]),
        )
        self.domain_name = distribution.domain_name
        self.register_outputs({"domain_name": self.domain_name})
