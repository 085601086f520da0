"""Every kind of resource the program may register, and the outputs it may read of it, made up from the inputs.

This list is what makes an unknown kind an error. Recordings use all of it; the local stack uses it for what has no
local counterpart. Texts are templates over the text inputs and: ``name`` (the physical name), ``region``, ``account``,
``hash`` (eight hexadecimal digits that belong to the type and the logical name).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from local.errors import ResourceFailed
from local.resources.request import Realised, Request

_REGIONAL: Final = "arn:aws:{service}:{{region}}:{{account}}:{rest}"


@dataclass(frozen=True, kw_only=True)
class Shape:
    """``name`` is the input that holds the physical name; without it the logical name is taken. ``defaults`` stand for
    text inputs that may be left out."""

    name: str = "name"
    id: str = "{name}"
    outputs: Mapping[str, Any] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)

    @property
    def named(self) -> bool:
        """Whether the kind of resource has a physical name at all."""
        return "{name}" in self.id or any("{name}" in str(value) for value in self.outputs.values())


def make_up(
    shape: Shape, request: Request, *, account: str, region: str, real: Mapping[str, Any] | None = None
) -> Realised:
    """``real`` outputs, where there are any, stand above the made-up ones.

    Raises:
        ResourceFailed: a template names an input that the program did not give.
    """
    digest = hashlib.sha256(f"{request.type} {request.name}".encode()).hexdigest()
    name = physical_name(shape, request)
    place = {"account": account, "region": request.inputs.get("region", region)}
    fields = {**shape.defaults, **_texts(request.inputs), **place, "name": name, "hash": digest[:8]}
    made: dict[str, Any] = {"region": place["region"]} if request.type.startswith("aws:") else {}
    if shape.named:
        made[shape.name] = name
    try:
        invented = {key: _filled(value, fields) for key, value in shape.outputs.items()}
        made |= {**request.inputs, **invented, **(real or {})}
        return Realised(shape.id.format_map({**fields, **_texts(made), "name": name}), made)
    except KeyError as error:
        raise ResourceFailed(f"{request.type} {request.name!r} has no input {error.args[0]}") from None


def physical_name(shape: Shape, request: Request) -> str:
    return str(request.inputs.get(shape.name) or request.name)


def _texts(outputs: Mapping[str, Any]) -> dict[str, str]:
    return {key: value for key, value in outputs.items() if isinstance(value, str)}


def _filled(value: Any, fields: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return value.format_map(fields)
    if isinstance(value, Mapping):
        return {key: _filled(item, fields) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, fields) for item in value]
    return value


def _arn(service: str, rest: str, *, name: str = "name", id: str = "{name}", **outputs: Any) -> Shape:  # noqa: A002 (Pulumi's word)
    """A regional resource whose output ``arn`` ends in ``rest``."""
    return Shape(name=name, id=id, outputs={"arn": _REGIONAL.format(service=service, rest=rest), **outputs})


def _ec2(kind: str, prefix: str, **outputs: Any) -> Shape:
    """A resource of EC2, known by an id such as ``vpc-1a2b3c4d``."""
    made = f"{prefix}-{{hash}}"
    return _arn("ec2", f"{kind}/{made}", id=made, ownerId="{account}", **outputs)


def _plain(id: str = "{name}", **outputs: Any) -> Shape:  # noqa: A002 (Pulumi's word)
    return Shape(id=id, outputs=outputs)


_OF_BUCKET: Final = Shape(name="bucket", id="{bucket}")
_OF_QUEUE: Final = _plain("{queueUrl}")

_STORAGE: Final = {
    "aws:s3/bucket:Bucket": Shape(
        name="bucket",
        outputs={
            "arn": "arn:aws:s3:::{name}",
            "bucketDomainName": "{name}.s3.amazonaws.com",
            "bucketRegionalDomainName": "{name}.s3.{region}.amazonaws.com",
            "hostedZoneId": "Z3AQBSTGFYJSTF",
        },
    ),
    "aws:s3/bucketVersioning:BucketVersioning": _OF_BUCKET,
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _OF_BUCKET,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _OF_BUCKET,
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _OF_BUCKET,
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _OF_BUCKET,
    "aws:s3/bucketPolicy:BucketPolicy": _OF_BUCKET,
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": _OF_BUCKET,
    "aws:s3/bucketLogging:BucketLogging": _OF_BUCKET,
    "aws:s3/bucketNotification:BucketNotification": _OF_BUCKET,
    "aws:s3/bucketObject:BucketObject": Shape(name="bucket", id="{key}"),
    "aws:s3/bucketObjectv2:BucketObjectv2": Shape(name="bucket", id="{key}"),
    "aws:dynamodb/table:Table": _arn("dynamodb", "table/{name}"),
    "aws:ecr/repository:Repository": _arn(
        "ecr",
        "repository/{name}",
        repositoryUrl="{account}.dkr.ecr.{region}.amazonaws.com/{name}",
        registryId="{account}",
    ),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": _plain("{repository}", registryId="{account}"),
}

_MESSAGES: Final = {
    "aws:sqs/queue:Queue": _arn("sqs", "{name}", id="{url}", url="https://sqs.{region}.amazonaws.com/{account}/{name}"),
    "aws:sqs/queuePolicy:QueuePolicy": _OF_QUEUE,
    "aws:sqs/redrivePolicy:RedrivePolicy": _OF_QUEUE,
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": _OF_QUEUE,
    "aws:sns/topic:Topic": _arn("sns", "{name}", id="{arn}", owner="{account}"),
    "aws:sns/topicPolicy:TopicPolicy": _plain("{arn}"),
    "aws:sns/topicSubscription:TopicSubscription": _plain("{topic}:{hash}", arn="{topic}:{hash}"),
    "aws:cloudwatch/eventBus:EventBus": _arn("events", "event-bus/{name}"),
    "aws:cloudwatch/eventRule:EventRule": _arn("events", "rule/{name}"),
    "aws:cloudwatch/eventTarget:EventTarget": _plain("{rule}-{hash}", targetId="{hash}"),
    "aws:cloudwatch/eventPermission:EventPermission": _plain("{statementId}"),
    "aws:scheduler/scheduleGroup:ScheduleGroup": _arn("scheduler", "schedule-group/{name}"),
    "aws:scheduler/schedule:Schedule": Shape(
        id="{groupName}/{name}",
        defaults={"groupName": "default"},
        outputs={"arn": "arn:aws:scheduler:{region}:{account}:schedule/{groupName}/{name}"},
    ),
}

_IDENTITY: Final = {
    "aws:iam/role:Role": _plain(arn="arn:aws:iam::{account}:role/{name}", uniqueId="AROA{hash}"),
    "aws:iam/policy:Policy": _plain("{arn}", arn="arn:aws:iam::{account}:policy/{name}", policyId="ANPA{hash}"),
    "aws:iam/rolePolicy:RolePolicy": _plain("{role}:{name}"),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": _plain("{role}-{hash}"),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": _plain(
        "{arn}", arn="arn:aws:iam::{account}:oidc-provider/{hash}"
    ),
    "aws:secretsmanager/secret:Secret": _arn("secretsmanager", "secret:{name}-{hash}", id="{arn}"),
    "aws:secretsmanager/secretVersion:SecretVersion": _plain(
        "{secretId}|{versionId}", arn="{secretId}", secretArn="{secretId}", versionId="{hash}"
    ),
    "aws:secretsmanager/secretPolicy:SecretPolicy": _plain("{secretArn}"),
    "aws:secretsmanager/secretRotation:SecretRotation": _plain("{secretId}"),
    "aws:ssm/parameter:Parameter": _arn("ssm", "parameter{name}", version=1),
    "aws:kms/key:Key": _arn("kms", "key/{hash}", id="{hash}", keyId="{hash}"),
    "aws:kms/alias:Alias": _arn("kms", "{name}"),
    "aws:cognito/userPool:UserPool": _arn(
        "cognito-idp",
        "userpool/{region}_{hash}",
        id="{region}_{hash}",
        endpoint="cognito-idp.{region}.amazonaws.com/{region}_{hash}",
    ),
    "aws:cognito/userPoolClient:UserPoolClient": _plain("{hash}", clientSecret="made-up-secret-{hash}"),
    "aws:cognito/userPoolDomain:UserPoolDomain": _plain("{domain}"),
}

_COMPUTE: Final = {
    "aws:lambda/function:Function": _arn(
        "lambda",
        "function:{name}",
        invokeArn="arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/"
        "arn:aws:lambda:{region}:{account}:function:{name}/invocations",
        qualifiedArn="arn:aws:lambda:{region}:{account}:function:{name}:$LATEST",
        version="$LATEST",
    ),
    "aws:lambda/alias:Alias": _plain(
        "{arn}",
        arn="arn:aws:lambda:{region}:{account}:function:{functionName}:{name}",
        invokeArn="arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/"
        "arn:aws:lambda:{region}:{account}:function:{functionName}:{name}/invocations",
    ),
    "aws:lambda/layerVersion:LayerVersion": Shape(
        name="layerName",
        id="{arn}",
        outputs={
            "arn": "arn:aws:lambda:{region}:{account}:layer:{name}:1",
            "layerArn": "arn:aws:lambda:{region}:{account}:layer:{name}",
            "version": "1",
        },
    ),
    "aws:lambda/eventSourceMapping:EventSourceMapping": _arn(
        "lambda", "event-source-mapping:{hash}", id="{hash}", uuid="{hash}", functionArn="{functionName}"
    ),
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": _plain("{functionName}"),
    "aws:lambda/permission:Permission": _plain("{statementId}", statementId="{hash}"),
    "aws:lambda/functionUrl:FunctionUrl": _plain(
        "{functionName}", urlId="{hash}", functionUrl="https://{hash}.lambda-url.{region}.on.aws/"
    ),
    "aws:lambda/invocation:Invocation": _plain("{functionName}_{hash}", result="null"),
    "aws:sfn/stateMachine:StateMachine": _arn("states", "stateMachine:{name}", id="{arn}", status="ACTIVE"),
    "aws:ecs/cluster:Cluster": _arn("ecs", "cluster/{name}", id="{arn}"),
    "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders": _plain("{clusterName}"),
    "aws:ecs/service:Service": _arn("ecs", "service/{name}", id="{arn}"),
    "aws:ecs/taskDefinition:TaskDefinition": Shape(
        name="family",
        outputs={
            "arn": "arn:aws:ecs:{region}:{account}:task-definition/{name}:1",
            "arnWithoutRevision": "arn:aws:ecs:{region}:{account}:task-definition/{name}",
            "revision": 1,
        },
    ),
    "aws:appautoscaling/target:Target": _arn("application-autoscaling", "scalable-target/{hash}", id="{resourceId}"),
    "aws:appautoscaling/policy:Policy": _arn("autoscaling", "scalingPolicy:{hash}"),
}

_NETWORK: Final = {
    "aws:ec2/vpc:Vpc": _ec2(
        "vpc",
        "vpc",
        defaultSecurityGroupId="sg-{hash}",
        mainRouteTableId="rtb-{hash}",
        defaultRouteTableId="rtb-{hash}",
    ),
    "aws:ec2/subnet:Subnet": _ec2("subnet", "subnet"),
    "aws:ec2/internetGateway:InternetGateway": _ec2("internet-gateway", "igw"),
    "aws:ec2/eip:Eip": _plain(
        "eipalloc-{hash}",
        arn="arn:aws:ec2:{region}:{account}:elastic-ip/eipalloc-{hash}",
        allocationId="eipalloc-{hash}",
        publicIp="198.51.100.1",
    ),
    "aws:ec2/natGateway:NatGateway": _plain("nat-{hash}", publicIp="198.51.100.1"),
    "aws:ec2/routeTable:RouteTable": _ec2("route-table", "rtb"),
    "aws:ec2/route:Route": _plain("r-{hash}", state="active"),
    "aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter": _plain(
        "{vpcPeeringConnectionId}", acceptStatus="active"
    ),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": _plain("rtbassoc-{hash}"),
    "aws:ec2/securityGroup:SecurityGroup": _ec2("security-group", "sg"),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": _ec2("security-group", "sg"),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _arn(
        "ec2", "security-group-rule/sgr-{hash}", id="sgr-{hash}", securityGroupRuleId="sgr-{hash}"
    ),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _arn(
        "ec2", "security-group-rule/sgr-{hash}", id="sgr-{hash}", securityGroupRuleId="sgr-{hash}"
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": _ec2("vpc-endpoint", "vpce", prefixListId="pl-{hash}", state="available"),
    "aws:ec2/flowLog:FlowLog": _arn("ec2", "vpc-flow-log/fl-{hash}", id="fl-{hash}"),
    "aws:lb/loadBalancer:LoadBalancer": _arn(
        "elasticloadbalancing",
        "loadbalancer/app/{name}/{hash}",
        id="{arn}",
        arnSuffix="app/{name}/{hash}",
        dnsName="{name}-{hash}.{region}.elb.amazonaws.com",
        zoneId="Z35SXDOTRQ7X7K",
    ),
    "aws:lb/targetGroup:TargetGroup": _arn(
        "elasticloadbalancing", "targetgroup/{name}/{hash}", id="{arn}", arnSuffix="targetgroup/{name}/{hash}"
    ),
    "aws:lb/listener:Listener": _arn("elasticloadbalancing", "listener/app/{hash}", id="{arn}"),
    "aws:lb/listenerRule:ListenerRule": _arn("elasticloadbalancing", "listener-rule/app/{hash}", id="{arn}"),
    "aws:acm/certificate:Certificate": _arn("acm", "certificate/{hash}", id="{arn}", status="ISSUED"),
    "aws:route53/zone:Zone": _plain("Z{hash}", arn="arn:aws:route53:::hostedzone/Z{hash}", zoneId="Z{hash}"),
    "aws:route53/record:Record": _plain("{zoneId}_{name}_{type}", fqdn="{name}"),
    "aws:wafv2/webAcl:WebAcl": _arn("wafv2", "global/webacl/{name}/{hash}", id="{hash}"),
    "aws:servicediscovery/privateDnsNamespace:PrivateDnsNamespace": _arn(
        "servicediscovery", "namespace/ns-{hash}", id="ns-{hash}", hostedZone="Z{hash}"
    ),
    "aws:servicediscovery/service:Service": _arn("servicediscovery", "service/srv-{hash}", id="srv-{hash}"),
    "aws:apigatewayv2/api:Api": _plain(
        "{hash}",
        arn="arn:aws:apigateway:{region}::/apis/{hash}",
        apiEndpoint="https://{hash}.execute-api.{region}.amazonaws.com",
        executionArn="arn:aws:execute-api:{region}:{account}:{hash}",
    ),
    "aws:apigatewayv2/stage:Stage": _plain(
        "{name}",
        arn="arn:aws:apigateway:{region}::/apis/{apiId}/stages/{name}",
        invokeUrl="https://{apiId}.execute-api.{region}.amazonaws.com/",
        executionArn="arn:aws:execute-api:{region}:{account}:{apiId}/{name}",
    ),
    "aws:apigatewayv2/route:Route": _plain("{hash}"),
    "aws:apigatewayv2/integration:Integration": _plain("{hash}"),
    "aws:apigatewayv2/authorizer:Authorizer": _plain("{hash}"),
    "aws:apigatewayv2/vpcLink:VpcLink": _plain("{hash}", arn="arn:aws:apigateway:{region}::/vpclinks/{hash}"),
    "aws:cloudfront/distribution:Distribution": _plain(
        "E{hash}",
        arn="arn:aws:cloudfront::{account}:distribution/E{hash}",
        domainName="d{hash}.cloudfront.net",
        hostedZoneId="Z2FDTNDATAQYW2",
        etag="{hash}",
        status="Deployed",
    ),
    "aws:cloudfront/originAccessControl:OriginAccessControl": _plain(
        "E{hash}", arn="arn:aws:cloudfront::{account}:origin-access-control/E{hash}", etag="{hash}"
    ),
    "aws:cloudfront/function:Function": _plain(arn="arn:aws:cloudfront::{account}:function/{name}", etag="{hash}"),
    "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy": _plain(
        "{hash}", arn="arn:aws:cloudfront::{account}:response-headers-policy/{hash}", etag="{hash}"
    ),
    "aws:cloudfront/cachePolicy:CachePolicy": _plain(
        "{hash}", arn="arn:aws:cloudfront::{account}:cache-policy/{hash}", etag="{hash}"
    ),
}

_OBSERVED: Final = {
    "aws:cloudwatch/logGroup:LogGroup": _arn("logs", "log-group:{name}"),
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": Shape(name="policyName"),
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": _plain(),
    "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter": _plain(),
    "aws:cloudwatch/queryDefinition:QueryDefinition": _plain("{hash}", queryDefinitionId="{hash}"),
    "aws:cloudwatch/metricAlarm:MetricAlarm": _arn("cloudwatch", "alarm:{name}"),
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": Shape(
        name="alarmName", outputs={"arn": "arn:aws:cloudwatch:{region}:{account}:alarm:{name}"}
    ),
    "aws:cloudwatch/dashboard:Dashboard": Shape(
        name="dashboardName", outputs={"dashboardArn": "arn:aws:cloudwatch::{account}:dashboard/{name}"}
    ),
    "aws:budgets/budget:Budget": _plain("{account}:{name}", arn="arn:aws:budgets::{account}:budget/{name}"),
    "aws:costexplorer/anomalyMonitor:AnomalyMonitor": _plain(
        "{arn}", arn="arn:aws:ce::{account}:anomalymonitor/{hash}"
    ),
    "aws:costexplorer/anomalySubscription:AnomalySubscription": _plain(
        "{arn}", arn="arn:aws:ce::{account}:anomalysubscription/{hash}"
    ),
    "aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration": _plain(
        "{chatConfigurationArn}",
        chatConfigurationArn="arn:aws:chatbot::{account}:chat-configuration/slack-channel/{configurationName}",
    ),
    "aws:resourcegroups/group:Group": _arn("resource-groups", "group/{name}"),
    "aws:sagemaker/flowDefinition:FlowDefinition": Shape(
        name="flowDefinitionName", outputs={"arn": "arn:aws:sagemaker:{region}:{account}:flow-definition/{name}"}
    ),
    "aws:sagemaker/humanTaskUI:HumanTaskUI": Shape(
        name="humanTaskUiName", outputs={"arn": "arn:aws:sagemaker:{region}:{account}:human-task-ui/{name}"}
    ),
}

_STORES: Final = {
    "aws:elasticache/replicationGroup:ReplicationGroup": Shape(
        name="replicationGroupId",
        outputs={
            "arn": "arn:aws:elasticache:{region}:{account}:replicationgroup:{name}",
            "primaryEndpointAddress": "{name}.{hash}.cache.amazonaws.com",
            "readerEndpointAddress": "{name}-ro.{hash}.cache.amazonaws.com",
            "configurationEndpointAddress": "clustercfg.{name}.{hash}.cache.amazonaws.com",
        },
    ),
    "aws:elasticache/serverlessCache:ServerlessCache": _arn(
        "elasticache",
        "serverlesscache:{name}",
        endpoints=[{"address": "{name}-{hash}.serverless.cache.amazonaws.com", "port": 6379}],
        readerEndpoints=[{"address": "{name}-{hash}.serverless.cache.amazonaws.com", "port": 6380}],
    ),
    "aws:elasticache/subnetGroup:SubnetGroup": _arn("elasticache", "subnetgroup:{name}"),
    "aws:elasticache/parameterGroup:ParameterGroup": _arn("elasticache", "parametergroup:{name}"),
    "aws:elasticache/user:User": Shape(
        name="userId", outputs={"arn": "arn:aws:elasticache:{region}:{account}:user:{name}"}
    ),
    "aws:elasticache/userGroup:UserGroup": Shape(
        name="userGroupId", outputs={"arn": "arn:aws:elasticache:{region}:{account}:usergroup:{name}"}
    ),
    "mongodbatlas:index/project:Project": _plain("{hash}"),
    "mongodbatlas:index/advancedCluster:AdvancedCluster": _plain(
        "{hash}",
        clusterId="{hash}",
        connectionStrings={
            "standard": "mongodb://{name}.{hash}.mongodb.net:27017",
            "standardSrv": "mongodb+srv://{name}.{hash}.mongodb.net",
            "private": "mongodb://{name}-pri.{hash}.mongodb.net:27017",
            "privateSrv": "mongodb+srv://{name}-pri.{hash}.mongodb.net",
            "privateEndpoints": [
                {
                    "connectionString": "mongodb://pl-0.{hash}.mongodb.net:1024",
                    "srvConnectionString": "mongodb+srv://{name}-pl-0.{hash}.mongodb.net",
                    "type": "MONGOD",
                }
            ],
        },
        stateName="IDLE",
    ),
    "mongodbatlas:index/databaseUser:DatabaseUser": _plain("{projectId}-{username}"),
    "mongodbatlas:index/customDbRole:CustomDbRole": _plain("{projectId}-{roleName}"),
    "mongodbatlas:index/projectIpAccessList:ProjectIpAccessList": _plain("{projectId}-{hash}"),
    "mongodbatlas:index/networkContainer:NetworkContainer": _plain("{hash}", containerId="{hash}"),
    "mongodbatlas:index/networkPeering:NetworkPeering": _plain("{hash}", connectionId="pcx-{hash}"),
    "mongodbatlas:index/privateLinkEndpoint:PrivateLinkEndpoint": _plain(
        "{hash}",
        privateLinkId="{hash}",
        endpointServiceName="com.amazonaws.vpce.{region}.vpce-svc-{hash}",
    ),
    "mongodbatlas:index/privateLinkEndpointService:PrivateLinkEndpointService": _plain("{hash}"),
    "mongodbatlas:index/cloudBackupSchedule:CloudBackupSchedule": _plain("{hash}"),
    "mongodbatlas:index/alertConfiguration:AlertConfiguration": _plain("{hash}"),
    "mongodbatlas:index/maintenanceWindow:MaintenanceWindow": _plain("{projectId}"),
    "qdrant-cloud:index/accountsCluster:AccountsCluster": _plain(
        "{hash}", url="https://{hash}.{cloudRegion}-0.aws.cloud.qdrant.io"
    ),
    "qdrant-cloud:index/accountsDatabaseApiKeyV2:AccountsDatabaseApiKeyV2": _plain(
        "{hash}", key="made-up-secret-{hash}"
    ),
    "qdrant-cloud:index/accountsBackupSchedule:AccountsBackupSchedule": _plain("{hash}"),
    "random:index/randomPassword:RandomPassword": _plain("none", result="made-up-secret-{hash}"),
    "random:index/randomId:RandomId": _plain("{hash}", hex="{hash}"),
    "random:index/randomString:RandomString": _plain("{hash}", result="{hash}"),
}

_PROVIDERS: Final = {
    f"pulumi:providers:{package}": _plain("{hash}") for package in ("aws", "mongodbatlas", "qdrant-cloud", "random")
}

SHAPES: Final[Mapping[str, Shape]] = {
    **_STORAGE,
    **_MESSAGES,
    **_IDENTITY,
    **_COMPUTE,
    **_NETWORK,
    **_OBSERVED,
    **_STORES,
    **_PROVIDERS,
}
