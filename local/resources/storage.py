"""Buckets and tables."""

from collections.abc import Mapping
from typing import Any, Final

import pulumi

from local.resources.creators import Creator, Order, as_api

_US_EAST_1: Final = "us-east-1"


def _bucket(order: Order) -> Mapping[str, Any]:
    region = order.workshop.aws.region
    place = {} if region == _US_EAST_1 else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    order.client("s3").create_bucket(Bucket=order.name, **place)
    return {}


def _versioning(order: Order) -> Mapping[str, Any]:
    order.client("s3").put_bucket_versioning(
        Bucket=order.need("bucket"), VersioningConfiguration=as_api(order.need("versioningConfiguration"))
    )
    return {}


def _public_access_block(order: Order) -> Mapping[str, Any]:
    switches = order.given(
        BlockPublicAcls="blockPublicAcls",
        BlockPublicPolicy="blockPublicPolicy",
        IgnorePublicAcls="ignorePublicAcls",
        RestrictPublicBuckets="restrictPublicBuckets",
    )
    order.client("s3").put_public_access_block(Bucket=order.need("bucket"), PublicAccessBlockConfiguration=switches)
    return {}


def _encryption(order: Order) -> Mapping[str, Any]:
    order.client("s3").put_bucket_encryption(
        Bucket=order.need("bucket"), ServerSideEncryptionConfiguration={"Rules": as_api(order.need("rules"))}
    )
    return {}


def _ownership(order: Order) -> Mapping[str, Any]:
    order.client("s3").put_bucket_ownership_controls(
        Bucket=order.need("bucket"), OwnershipControls={"Rules": [as_api(order.need("rule"))]}
    )
    return {}


def _bucket_policy(order: Order) -> Mapping[str, Any]:
    order.client("s3").put_bucket_policy(Bucket=order.need("bucket"), Policy=order.need("policy"))
    return {}


def _lifecycle(order: Order) -> Mapping[str, Any]:
    rules = []
    for given in order.need("rules"):
        rule = as_api(given)
        rule["ID"] = rule.pop("Id")
        rules.append(rule)
    order.client("s3").put_bucket_lifecycle_configuration(
        Bucket=order.need("bucket"), LifecycleConfiguration={"Rules": rules}
    )
    return {}


def _cors(order: Order) -> Mapping[str, Any]:
    order.client("s3").put_bucket_cors(
        Bucket=order.need("bucket"), CORSConfiguration={"CORSRules": as_api(order.need("corsRules"))}
    )
    return {}


def _notification(order: Order) -> Mapping[str, Any]:
    targets = (
        ("LambdaFunctionConfigurations", "lambdaFunctions", "LambdaFunctionArn", "lambdaFunctionArn"),
        ("QueueConfigurations", "queues", "QueueArn", "queueArn"),
        ("TopicConfigurations", "topics", "TopicArn", "topicArn"),
    )
    configuration: dict[str, Any] = {}
    for section, key, arn, arn_key in targets:
        entries = [
            {arn: entry[arn_key], "Events": entry["events"], **_name_filter(entry)}
            for entry in order.inputs.get(key, [])
        ]
        if entries:
            configuration[section] = entries
    if order.inputs.get("eventbridge"):
        configuration["EventBridgeConfiguration"] = {}
    order.client("s3").put_bucket_notification_configuration(
        Bucket=order.need("bucket"), NotificationConfiguration=configuration
    )
    return {}


def _name_filter(entry: Mapping[str, Any]) -> dict[str, Any]:
    rules = [
        {"Name": name, "Value": entry[key]}
        for name, key in (("prefix", "filterPrefix"), ("suffix", "filterSuffix"))
        if entry.get(key)
    ]
    return {"Filter": {"Key": {"FilterRules": rules}}} if rules else {}


def _object(order: Order) -> Mapping[str, Any]:
    source = order.inputs.get("source")
    if isinstance(source, pulumi.FileAsset):
        body = (order.workshop.root / source.path).read_bytes()
    elif isinstance(source, pulumi.StringAsset):
        body = source.text.encode()
    else:
        body = str(order.inputs.get("content", "")).encode()
    order.client("s3").put_object(
        Bucket=order.need("bucket"),
        Key=order.need("key"),
        Body=body,
        **order.given(ContentType="contentType", CacheControl="cacheControl"),
    )
    return {}


def _table(order: Order) -> Mapping[str, Any]:
    client = order.client("dynamodb")
    parameters: dict[str, Any] = {
        "TableName": order.name,
        "AttributeDefinitions": [
            {"AttributeName": each["name"], "AttributeType": each["type"]} for each in order.need("attributes")
        ],
        "KeySchema": _key_schema(order.inputs),
        "BillingMode": order.inputs.get("billingMode", "PROVISIONED"),
    }
    if parameters["BillingMode"] == "PROVISIONED":
        parameters["ProvisionedThroughput"] = _throughput(order.inputs)
    if order.inputs.get("globalSecondaryIndexes"):
        parameters["GlobalSecondaryIndexes"] = [
            _index(each, parameters["BillingMode"]) for each in order.inputs["globalSecondaryIndexes"]
        ]
    if order.inputs.get("streamEnabled"):
        parameters["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": order.need("streamViewType")}
    described = client.create_table(**parameters)["TableDescription"]
    ttl = order.inputs.get("ttl")
    if ttl and ttl.get("enabled"):
        client.update_time_to_live(
            TableName=order.name,
            TimeToLiveSpecification={"Enabled": True, "AttributeName": ttl["attributeName"]},
        )
    real = {"arn": described["TableArn"]}
    return {**real, "streamArn": described["LatestStreamArn"]} if "LatestStreamArn" in described else real


def _key_schema(given: Mapping[str, Any]) -> list[dict[str, str]]:
    keys = [("HASH", given.get("hashKey")), ("RANGE", given.get("rangeKey"))]
    return [{"AttributeName": name, "KeyType": kind} for kind, name in keys if name]


def _throughput(given: Mapping[str, Any]) -> dict[str, int]:
    return {"ReadCapacityUnits": given.get("readCapacity", 1), "WriteCapacityUnits": given.get("writeCapacity", 1)}


def _index(given: Mapping[str, Any], billing_mode: str) -> dict[str, Any]:
    projection = {"ProjectionType": given["projectionType"]}
    if given.get("nonKeyAttributes"):
        projection["NonKeyAttributes"] = given["nonKeyAttributes"]
    index = {"IndexName": given["name"], "KeySchema": _key_schema(given), "Projection": projection}
    return {**index, "ProvisionedThroughput": _throughput(given)} if billing_mode == "PROVISIONED" else index


CREATORS: Final[Mapping[str, Creator]] = {
    "aws:s3/bucket:Bucket": _bucket,
    "aws:s3/bucketVersioning:BucketVersioning": _versioning,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _public_access_block,
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _encryption,
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _ownership,
    "aws:s3/bucketPolicy:BucketPolicy": _bucket_policy,
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _lifecycle,
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": _cors,
    "aws:s3/bucketNotification:BucketNotification": _notification,
    "aws:s3/bucketObject:BucketObject": _object,
    "aws:s3/bucketObjectv2:BucketObjectv2": _object,
    "aws:dynamodb/table:Table": _table,
}
