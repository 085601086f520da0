"""List prices that a cost estimate is made of: USD, on demand, without tax, for eu-central-1.

AWS's are those of its public price list, whose numbers the pages named here show, as published readings of the list
have them in the month of ``read``. ``confirmed`` is False where there was none for this region: such a price is that of
another region, or an upper bound, and its ``note`` says which.
Free allowances of an account are left out: they are shared by all its stacks, and a bill is lower as long as they last.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

REGION: Final = "eu-central-1"
HOURS: Final = 730
"""In a month, as bills count them."""

_MILLION: Final = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Price:
    usd: float
    per: str
    page: str
    read: str
    confirmed: bool = True
    note: str = ""

    def __post_init__(self) -> None:
        if self.usd < 0 or not self.page.startswith("https://"):
            raise ValueError("a price is at least nothing, and stands on a page that can be opened")
        if not self.confirmed and not self.note:
            raise ValueError(f"the price per {self.per} is not confirmed: say in its note where it comes from")


_AWS: Final = "https://aws.amazon.com"
_CLOUDFRONT: Final = f"{_AWS}/cloudfront/pricing/"
_CLOUDWATCH: Final = f"{_AWS}/cloudwatch/pricing/"
_DYNAMODB: Final = f"{_AWS}/dynamodb/pricing/on-demand/"
_ELASTICACHE: Final = f"{_AWS}/elasticache/pricing/"
_FARGATE: Final = f"{_AWS}/fargate/pricing/"
_LAMBDA: Final = f"{_AWS}/lambda/pricing/"
_LOAD_BALANCING: Final = f"{_AWS}/elasticloadbalancing/pricing/"
_S3: Final = f"{_AWS}/s3/pricing/"
_SNS: Final = f"{_AWS}/sns/pricing/"
_TRANSFER: Final = f"{_AWS}/ec2/pricing/on-demand/"
_VPC: Final = f"{_AWS}/vpc/pricing/"
_ATLAS: Final = "https://www.mongodb.com/pricing"
_QDRANT: Final = "https://qdrant.tech/pricing/"

_ELSEWHERE: Final = "lowest published rate of any region; the one of this region may be higher"
_EVERYWHERE: Final = "the usual rate of all regions, not held against this region's list"
_TWICE: Final = "made from the smaller node's rate: the list doubles with each size elsewhere"

PRICES: Final[Mapping[str, Price]] = {
    "apigateway.request": Price(
        usd=1.20 / _MILLION, per="request", page=f"{_AWS}/api-gateway/pricing/", read="2026-09"
    ),
    "atlas.backup": Price(
        usd=0.14,
        per="GB-month",
        page=_ATLAS,
        read="2026-09",
        confirmed=False,
        note="the page names no figure for snapshots in this region",
    ),
    "atlas.flex": Price(
        usd=30.0,
        per="month",
        page=_ATLAS,
        read="2026-09",
        note="0.011 an hour to begin with; 30 a month is the most it can cost",
    ),
    "atlas.m0": Price(usd=0.0, per="hour", page=_ATLAS, read="2026-09"),
    "atlas.m10": Price(usd=0.08, per="hour", page=_ATLAS, read="2026-09", confirmed=False, note=_ELSEWHERE),
    "atlas.m20": Price(usd=0.20, per="hour", page=_ATLAS, read="2026-09", confirmed=False, note=_ELSEWHERE),
    "atlas.m30": Price(usd=0.54, per="hour", page=_ATLAS, read="2026-09", confirmed=False, note=_ELSEWHERE),
    "atlas.private_endpoint": Price(
        usd=0.01,
        per="hour",
        page=_ATLAS,
        read="2026-09",
        confirmed=False,
        note="the page names no figure for private endpoints in this region",
    ),
    "atlas.transfer": Price(
        usd=0.01,
        per="GB",
        page=_ATLAS,
        read="2026-09",
        confirmed=False,
        note="the rate of AWS between zones of a region, which Atlas passes on",
    ),
    "bedrock.titan_embed_v2": Price(
        usd=0.02 / _MILLION,
        per="token",
        page=f"{_AWS}/bedrock/pricing/",
        read="2026-07",
        confirmed=False,
        note="the rate of us-east-1, us-east-2 and us-west-2",
    ),
    "cloudfront.gb": Price(usd=0.085, per="GB", page=_CLOUDFRONT, read="2026-08", note="to readers in Europe"),
    "cloudfront.request": Price(
        usd=1.2 / _MILLION, per="request", page=_CLOUDFRONT, read="2026-03", note="HTTPS, from readers in Europe"
    ),
    "cloudwatch.alarm": Price(usd=0.10, per="alarm and month", page=_CLOUDWATCH, read="2026-08"),
    "cloudwatch.dashboard": Price(usd=3.0, per="dashboard and month", page=_CLOUDWATCH, read="2026-03"),
    "cloudwatch.logs_in": Price(usd=0.63, per="GB", page=_CLOUDWATCH, read="2026-08"),
    "cloudwatch.logs_kept": Price(usd=0.0324, per="GB-month", page=_CLOUDWATCH, read="2026-08"),
    "cloudwatch.metric": Price(usd=0.30, per="metric and month", page=_CLOUDWATCH, read="2026-08"),
    "dynamodb.backup": Price(usd=0.2448, per="GB-month", page=_DYNAMODB, read="2026-08"),
    "dynamodb.kept": Price(usd=0.306, per="GB-month", page=_DYNAMODB, read="2026-08"),
    "dynamodb.read": Price(usd=0.1525 / _MILLION, per="read", page=_DYNAMODB, read="2026-09"),
    "dynamodb.write": Price(usd=0.7625 / _MILLION, per="write", page=_DYNAMODB, read="2026-09"),
    "ecr.kept": Price(usd=0.10, per="GB-month", page=f"{_AWS}/ecr/pricing/", read="2026-08"),
    "elasticache.cache.t4g.medium": Price(
        usd=0.0576, per="node-hour", page=_ELASTICACHE, read="2026-09", confirmed=False, note=_TWICE
    ),
    "elasticache.cache.t4g.micro": Price(
        usd=0.0144, per="node-hour", page=_ELASTICACHE, read="2026-09", note="Valkey, a fifth below Redis"
    ),
    "elasticache.cache.t4g.small": Price(
        usd=0.0288, per="node-hour", page=_ELASTICACHE, read="2026-09", confirmed=False, note=_TWICE
    ),
    "fargate.gb": Price(usd=0.00409, per="GB-hour", page=_FARGATE, read="2026-08", note="Linux on ARM"),
    "fargate.vcpu": Price(usd=0.03725, per="vCPU-hour", page=_FARGATE, read="2026-08", note="Linux on ARM"),
    "kms.key": Price(usd=1.0, per="key and month", page=f"{_AWS}/kms/pricing/", read="2026-09"),
    "lambda.gb_second": Price(
        usd=0.0000133334, per="GB-second", page=_LAMBDA, read="2026-09", note="arm64, first tier"
    ),
    "lambda.request": Price(usd=0.20 / _MILLION, per="request", page=_LAMBDA, read="2026-09"),
    "load_balancer.capacity": Price(usd=0.008, per="LCU-hour", page=_LOAD_BALANCING, read="2026-08"),
    "load_balancer.hour": Price(usd=0.027, per="hour", page=_LOAD_BALANCING, read="2026-09"),
    "qdrant.backup": Price(
        usd=0.10,
        per="GB-month",
        page=_QDRANT,
        read="2026-10",
        confirmed=False,
        note="the page names no figure; that of container images on AWS stands in for it",
    ),
    "qdrant.free": Price(
        usd=0.0, per="month", page=_QDRANT, read="2026-10", note="one node, 0.5 vCPU, 1 GB memory, 4 GB disk"
    ),
    "qdrant.paid": Price(
        usd=1.0,
        per="USD of qdrantMaxMonthlyUsd",
        page=_QDRANT,
        read="2026-10",
        confirmed=False,
        note="prices are in the account's packages alone; an update takes none above the setting",
    ),
    "route53.zone": Price(usd=0.50, per="zone and month", page=f"{_AWS}/route53/pricing/", read="2026-09"),
    "s3.kept": Price(usd=0.0245, per="GB-month", page=_S3, read="2026-08"),
    "s3.read": Price(usd=0.00043 / 1000, per="request", page=_S3, read="2026-08", note="GET and others"),
    "s3.write": Price(usd=0.0054 / 1000, per="request", page=_S3, read="2026-08", note="PUT, COPY, POST, LIST"),
    "scheduler.invocation": Price(
        usd=1.15 / _MILLION, per="invocation", page=f"{_AWS}/eventbridge/pricing/", read="2026-05"
    ),
    "secretsmanager.call": Price(
        usd=0.05 / 10_000,
        per="call",
        page=f"{_AWS}/secrets-manager/pricing/",
        read="2026-09",
        confirmed=False,
        note=_EVERYWHERE,
    ),
    "secretsmanager.secret": Price(
        usd=0.40, per="secret and month", page=f"{_AWS}/secrets-manager/pricing/", read="2026-09"
    ),
    "sns.email": Price(
        usd=2.0 / 100_000,
        per="message",
        page=_SNS,
        read="2026-11",
        confirmed=False,
        note=_EVERYWHERE,
    ),
    "sns.publish": Price(
        usd=0.50 / _MILLION, per="message", page=_SNS, read="2026-11", confirmed=False, note=_EVERYWHERE
    ),
    "sqs.request": Price(usd=0.40 / _MILLION, per="request", page=f"{_AWS}/sqs/pricing/", read="2026-08"),
    "stepfunctions.transition": Price(
        usd=0.000025, per="transition", page=f"{_AWS}/step-functions/pricing/", read="2026-08"
    ),
    "transfer.out": Price(usd=0.09, per="GB", page=_TRANSFER, read="2026-08", note="to the internet"),
    "transfer.zones": Price(usd=0.01, per="GB and direction", page=_TRANSFER, read="2026-08"),
    "vpc.endpoint_gb": Price(usd=0.01, per="GB", page=f"{_AWS}/privatelink/pricing/", read="2026-09"),
    "vpc.endpoint_hour": Price(usd=0.012, per="hour and zone", page=f"{_AWS}/privatelink/pricing/", read="2026-09"),
    "vpc.ipv4": Price(usd=0.005, per="address-hour", page=_VPC, read="2026-09"),
    "vpc.nat_gb": Price(usd=0.052, per="GB", page=_VPC, read="2026-08"),
    "vpc.nat_hour": Price(usd=0.052, per="gateway-hour", page=_VPC, read="2026-09"),
    "waf.acl": Price(usd=5.0, per="list and month", page=f"{_AWS}/waf/pricing/", read="2026-09"),
}

FREE: Final[Mapping[str, str]] = {
    "aws:acm/certificate:Certificate": "public certificates are free",
    "aws:apigatewayv2/authorizer:Authorizer": "paid with the requests of its API",
    "aws:apigatewayv2/integration:Integration": "paid with the requests of its API",
    "aws:apigatewayv2/route:Route": "paid with the requests of its API",
    "aws:apigatewayv2/stage:Stage": "paid with the requests of its API",
    "aws:apigatewayv2/vpcLink:VpcLink": "an HTTP API pays for its requests alone, not for its way into the VPC",
    "aws:appautoscaling/policy:Policy": "scaling is free; its alarms count as those that AWS makes itself",
    "aws:appautoscaling/target:Target": "scaling is free; the tasks it adds are counted with the service",
    "aws:budgets/budget:Budget": "a budget without actions is free",
    "aws:cloudfront/cachePolicy:CachePolicy": "paid with the requests of its distribution",
    "aws:cloudfront/originAccessControl:OriginAccessControl": "paid with the requests of its distribution",
    "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy": "paid with the requests of its distribution",
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": "rights are free",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": "rules are free",
    "aws:ec2/flowLog:FlowLog": "paid as the log that it writes",
    "aws:ec2/internetGateway:InternetGateway": "only what passes it is paid for",
    "aws:ec2/route:Route": "rules are free",
    "aws:ec2/routeTable:RouteTable": "rules are free",
    "aws:ec2/routeTableAssociation:RouteTableAssociation": "rules are free",
    "aws:ec2/securityGroup:SecurityGroup": "rules are free",
    "aws:ec2/securityGroupRule:SecurityGroupRule": "rules are free",
    "aws:ec2/subnet:Subnet": "private addresses are free",
    "aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter": "only what passes it is paid for",
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": "rules are free",
    "aws:ecs/cluster:Cluster": "only the tasks in it are paid for",
    "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders": "only the tasks are paid for",
    "aws:ecs/taskDefinition:TaskDefinition": "only the tasks made from it are paid for",
    "aws:elasticache/parameterGroup:ParameterGroup": "part of the cache",
    "aws:elasticache/subnetGroup:SubnetGroup": "part of the cache",
    "aws:elasticache/user:User": "part of the cache",
    "aws:elasticache/userGroup:UserGroup": "part of the cache",
    "aws:elasticache/userGroupAssociation:UserGroupAssociation": "part of the cache",
    "aws:iam/policy:Policy": "rights are free",
    "aws:iam/role:Role": "rights are free",
    "aws:iam/rolePolicy:RolePolicy": "rights are free",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "rights are free",
    "aws:kms/alias:Alias": "only the key is paid for",
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": "repeated runs are counted with the function",
    "aws:lambda/invocation:Invocation": "one run at an update",
    "aws:lambda/layerVersion:LayerVersion": "code is kept for nothing up to 75 GB an account",
    "aws:lambda/permission:Permission": "rights are free",
    "aws:lb/listener:Listener": "part of the load balancer",
    "aws:lb/listenerRule:ListenerRule": "part of the load balancer",
    "aws:lb/targetGroup:TargetGroup": "part of the load balancer",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": "removing objects is free",
    "aws:s3/bucketNotification:BucketNotification": "rules are free",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": "rules are free",
    "aws:s3/bucketPolicy:BucketPolicy": "rights are free",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": "rules are free",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        "encryption with S3's own key is free"
    ),
    "aws:s3/bucketVersioning:BucketVersioning": "old versions are counted with what the bucket holds",
    "aws:scheduler/scheduleGroup:ScheduleGroup": "only what its timers start is paid for",
    "aws:secretsmanager/secretVersion:SecretVersion": "only the secret is paid for",
    "aws:servicediscovery/service:Service": "tasks that ECS enters by itself are free",
    "aws:sns/topicPolicy:TopicPolicy": "rights are free",
    "aws:ssm/parameter:Parameter": "standard parameters are free",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "rules are free",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "rules are free",
    "mongodbatlas:index/customDbRole:CustomDbRole": "rights are free",
    "mongodbatlas:index/databaseUser:DatabaseUser": "rights are free",
    "mongodbatlas:index/maintenanceWindow:MaintenanceWindow": "rules are free",
    "mongodbatlas:index/networkContainer:NetworkContainer": "a network by itself is free",
    "mongodbatlas:index/project:Project": "only the clusters in it are paid for",
    "mongodbatlas:index/projectIpAccessList:ProjectIpAccessList": "rules are free",
    "mongodbatlas:index/privateLinkEndpointService:PrivateLinkEndpointService": "paid with the endpoint",
    "qdrant-cloud:index/accountsDatabaseApiKeyV2:AccountsDatabaseApiKeyV2": "keys are free",
}
"""Types that cost nothing by themselves, each with the reason."""
