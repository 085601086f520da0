"""Every resource that can be tagged says whose it is: project, environment and service.

The first two come from the provider's default tags, the third from the resource itself; both are judged together, for
neither has the other's while Pulumi previews.
"""

import re
from typing import Final

from pulumi_policy import ResourceValidationArgs

from policies.making import Complaints, resource_policy
from policies.reading import tags

REQUIRED: Final = ("project", "environment", "service")

TAGGABLE: Final = frozenset(
    {
        "aws:acm/certificate:Certificate",
        "aws:apigatewayv2/api:Api",
        "aws:apigatewayv2/domainName:DomainName",
        "aws:apigatewayv2/stage:Stage",
        "aws:apigatewayv2/vpcLink:VpcLink",
        "aws:appautoscaling/target:Target",
        "aws:budgets/budget:Budget",
        "aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration",
        "aws:cloudfront/distribution:Distribution",
        "aws:cloudwatch/compositeAlarm:CompositeAlarm",
        "aws:cloudwatch/eventBus:EventBus",
        "aws:cloudwatch/eventRule:EventRule",
        "aws:cloudwatch/logGroup:LogGroup",
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        "aws:costexplorer/anomalyMonitor:AnomalyMonitor",
        "aws:costexplorer/anomalySubscription:AnomalySubscription",
        "aws:dynamodb/table:Table",
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        "aws:ec2/eip:Eip",
        "aws:ec2/flowLog:FlowLog",
        "aws:ec2/instance:Instance",
        "aws:ec2/internetGateway:InternetGateway",
        "aws:ec2/launchTemplate:LaunchTemplate",
        "aws:ec2/natGateway:NatGateway",
        "aws:ec2/networkAcl:NetworkAcl",
        "aws:ec2/routeTable:RouteTable",
        "aws:ec2/securityGroup:SecurityGroup",
        "aws:ec2/subnet:Subnet",
        "aws:ec2/vpc:Vpc",
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        "aws:ec2/vpcPeeringConnection:VpcPeeringConnection",
        "aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter",
        "aws:ecr/repository:Repository",
        "aws:ecs/cluster:Cluster",
        "aws:ecs/service:Service",
        "aws:ecs/taskDefinition:TaskDefinition",
        "aws:elasticache/cluster:Cluster",
        "aws:elasticache/parameterGroup:ParameterGroup",
        "aws:elasticache/replicationGroup:ReplicationGroup",
        "aws:elasticache/serverlessCache:ServerlessCache",
        "aws:elasticache/subnetGroup:SubnetGroup",
        "aws:elasticache/user:User",
        "aws:elasticache/userGroup:UserGroup",
        "aws:iam/instanceProfile:InstanceProfile",
        "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
        "aws:iam/policy:Policy",
        "aws:iam/role:Role",
        "aws:iam/user:User",
        "aws:kms/key:Key",
        "aws:lambda/eventSourceMapping:EventSourceMapping",
        "aws:lambda/function:Function",
        "aws:lb/listener:Listener",
        "aws:lb/listenerRule:ListenerRule",
        "aws:lb/loadBalancer:LoadBalancer",
        "aws:lb/targetGroup:TargetGroup",
        "aws:route53/zone:Zone",
        "aws:s3/bucket:Bucket",
        "aws:s3/bucketObjectv2:BucketObjectv2",
        "aws:scheduler/scheduleGroup:ScheduleGroup",
        "aws:secretsmanager/secret:Secret",
        "aws:servicediscovery/privateDnsNamespace:PrivateDnsNamespace",
        "aws:servicediscovery/service:Service",
        "aws:sfn/stateMachine:StateMachine",
        "aws:sns/topic:Topic",
        "aws:sqs/queue:Queue",
        "aws:ssm/parameter:Parameter",
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        "aws:wafv2/webAcl:WebAcl",
    }
)
"""Types that AWS puts tags on, of the services we use or may; each has ``tags`` and takes default tags."""

_PLAUSIBLE: Final = re.compile(r"^[a-z][a-z0-9-]*$|^\?$")


def untagged(args: ResourceValidationArgs) -> Complaints:
    found = tags(args)
    missing = [key for key in REQUIRED if not found.get(key)]
    if missing:
        yield (
            f"has no tag {', '.join(missing)}, so nobody sees whose it is or what it costs: project and environment "
            "come from the explicit provider's default tags, service from service_tags() of components/tags.py"
        )
    odd = [f"{key}={found[key]!r}" for key in REQUIRED if found.get(key) and not _PLAUSIBLE.match(found[key])]
    if odd:
        yield f"has the tag {', '.join(odd)}, which bills would list apart: write lower-case letters, digits and -"


REQUIRED_TAGS: Final = resource_policy(
    "required-tags", "Every taggable resource says its project, environment and service.", untagged, types=TAGGABLE
)
