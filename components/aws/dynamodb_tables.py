"""Tables: where each image URL went, and how often each catalogue was asked."""

from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from components.tags import Service, service_tags

KEY: Final = "source_url_hash"
TTL: Final = "ttl"
"""Epoch seconds; only what is to be forgotten has it."""


@dataclass(frozen=True, kw_only=True)
class DeduplicationMapArgs:
    """``protect`` guards against deletion and keeps a point in time to go back to."""

    table_name: str
    protect: bool


class DeduplicationMap(pulumi.ComponentResource):
    """``image-deduplication-map``: SHA-256 of a source URL -> where its image is."""

    def __init__(self, name: str, args: DeduplicationMapArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("anime:aws:DeduplicationMap", name, None, opts)
        table = aws.dynamodb.Table(
            f"{name}-table",
            name=args.table_name,
            billing_mode="PAY_PER_REQUEST",
            hash_key=KEY,
            attributes=[{"name": KEY, "type": "S"}],
            ttl={"attribute_name": TTL, "enabled": True},
            server_side_encryption={"enabled": True},
            point_in_time_recovery={"enabled": args.protect},
            deletion_protection_enabled=args.protect,
            tags=service_tags(Service.IMAGES),
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect, retain_on_delete=args.protect),
        )
        self.table_name = table.name
        self.arn = table.arn
        self.register_outputs({"table_name": self.table_name, "arn": self.arn})


RATE_KEY: Final = "catalogue"


@dataclass(frozen=True, kw_only=True)
class RateBucketsArgs:
    table_name: str


class RateBuckets(pulumi.ComponentResource):
    """One token bucket a catalogue, changed by conditional update, where the stack has no cache to count in. Also what
    was asked of catalogues that want no question twice a day, which ``TTL`` forgets.

    Nothing in it is worth keeping: a lost bucket begins full.
    """

    def __init__(self, name: str, args: RateBucketsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("anime:aws:RateBuckets", name, None, opts)
        table = aws.dynamodb.Table(
            f"{name}-table",
            name=args.table_name,
            billing_mode="PAY_PER_REQUEST",
            hash_key=RATE_KEY,
            attributes=[{"name": RATE_KEY, "type": "S"}],
            ttl={"attribute_name": TTL, "enabled": True},
            server_side_encryption={"enabled": True},
            point_in_time_recovery={"enabled": False},
            deletion_protection_enabled=False,
            tags=service_tags(Service.PIPELINE),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.table_name = table.name
        self.arn = table.arn
        self.register_outputs({"table_name": self.table_name, "arn": self.arn})
