"""The rights to deploy and the boundary, held against what the stacks really register."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest

from bootstrap.boundary import RIGHTS
from bootstrap.needs import NEEDS
from tests.bootstrap.recordings import boundary, cloud_stacks, documents_of, granted
from tests.components.recordings import aws_resources
from tests.support.iam import allows, only_reads

KINDS = {kind for needs in NEEDS.values() for kind in needs}
BOUND = {"iam:PermissionsBoundary": "arn:aws:iam::123456789012:policy/anime-ci-boundary"}
NEW = {"aws:RequestTag/project": "anime-infra"}

MADE_BY: Final[Mapping[str, str]] = {
    "aws:cloudfront/distribution:Distribution": "cloudfront:CreateDistribution",
    "aws:cloudwatch/logGroup:LogGroup": "logs:CreateLogGroup",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "cloudwatch:PutMetricAlarm",
    "aws:dynamodb/table:Table": "dynamodb:CreateTable",
    "aws:ec2/eip:Eip": "ec2:AllocateAddress",
    "aws:ec2/internetGateway:InternetGateway": "ec2:CreateInternetGateway",
    "aws:ec2/routeTable:RouteTable": "ec2:CreateRouteTable",
    "aws:ec2/securityGroup:SecurityGroup": "ec2:CreateSecurityGroup",
    "aws:ec2/subnet:Subnet": "ec2:CreateSubnet",
    "aws:ec2/vpc:Vpc": "ec2:CreateVpc",
    "aws:ec2/vpcEndpoint:VpcEndpoint": "ec2:CreateVpcEndpoint",
    "aws:ecs/cluster:Cluster": "ecs:CreateCluster",
    "aws:ecs/service:Service": "ecs:CreateService",
    "aws:ecs/taskDefinition:TaskDefinition": "ecs:RegisterTaskDefinition",
    "aws:elasticache/replicationGroup:ReplicationGroup": "elasticache:CreateReplicationGroup",
    "aws:elasticache/subnetGroup:SubnetGroup": "elasticache:CreateCacheSubnetGroup",
    "aws:elasticache/user:User": "elasticache:CreateUser",
    "aws:elasticache/userGroup:UserGroup": "elasticache:CreateUserGroup",
    "aws:iam/role:Role": "iam:CreateRole",
    "aws:lambda/function:Function": "lambda:CreateFunction",
    "aws:lambda/layerVersion:LayerVersion": "lambda:PublishLayerVersion",
    "aws:lb/loadBalancer:LoadBalancer": "elasticloadbalancing:CreateLoadBalancer",
    "aws:lb/targetGroup:TargetGroup": "elasticloadbalancing:CreateTargetGroup",
    "aws:s3/bucket:Bucket": "s3:CreateBucket",
    "aws:scheduler/schedule:Schedule": "scheduler:CreateSchedule",
    "aws:scheduler/scheduleGroup:ScheduleGroup": "scheduler:CreateScheduleGroup",
    "aws:secretsmanager/secret:Secret": "secretsmanager:CreateSecret",
    "aws:sfn/stateMachine:StateMachine": "states:CreateStateMachine",
    "aws:sns/topic:Topic": "sns:CreateTopic",
    "aws:sqs/queue:Queue": "sqs:CreateQueue",
    "aws:ssm/parameter:Parameter": "ssm:PutParameter",
}
"""What makes a resource that has an ARN of its own."""


def _rights() -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Role, action, resource and condition of everything that a role of a stack is granted."""
    for recording in cloud_stacks():
        for policy in recording.of_type("aws:iam/rolePolicy:RolePolicy"):
            for statement in json.loads(policy.inputs["policy"])["Statement"]:
                for action in statement["Action"]:
                    for resource in statement["Resource"]:
                        yield policy.inputs["role"], action, resource, statement.get("Condition", {})


def test_every_kind_of_resource_has_its_needs_and_no_other_has() -> None:
    used = {resource.type for recording in cloud_stacks() for resource in aws_resources(recording)}

    assert sorted(used - KINDS) == [], "say in bootstrap/needs what AWS is asked for to keep it"
    assert sorted(KINDS - used) == [], "nothing of the kind is made: take its rights away"


def test_a_kind_stands_in_one_area() -> None:
    assert sum(map(len, NEEDS.values())) == len(KINDS)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_needs_are_read_and_written_as_they_say(kind: str) -> None:
    for needs in NEEDS.values():
        for need in needs.get(kind, ()):
            assert [name for name in need.reads.split() if not only_reads(f"{need.service}:{name}")] == []
            assert need.reads or need.writes


@pytest.mark.parametrize("kind", sorted(MADE_BY))
def test_everything_the_stacks_name_may_be_made(kind: str) -> None:
    """A name that the patterns do not fit would be found out in the middle of an update."""
    made = {each.outputs["arn"] for recording in cloud_stacks() for each in recording.of_type(kind)}

    assert made
    assert [arn for arn in made if not allows(documents_of("deploy"), MADE_BY[kind], arn, {**BOUND, **NEW})] == []


def test_roles_are_passed_to_the_services_that_act_in_them() -> None:
    passed = {
        (role.outputs["arn"], service)
        for recording in cloud_stacks()
        for role in recording.of_type("aws:iam/role:Role")
        for statement in json.loads(role.inputs["assumeRolePolicy"])["Statement"]
        for service in [statement["Principal"]["Service"]]
    }

    assert passed
    for arn, service in passed:
        assert allows(documents_of("deploy"), "iam:PassRole", arn, {"iam:PassedToService": service}), service


def test_the_boundary_leaves_every_right_of_the_cloud_stacks() -> None:
    """What it leaves out would be refused to a function at run time, whatever its role says."""
    refused = {
        (action, resource)
        for _, action, resource, condition in _rights()
        if not allows([boundary()], action, resource.replace("*", "x"), _context(condition))
    }

    assert sorted(refused) == [], "add it to bootstrap/boundary.py"


def _context(condition: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(value) for keys in condition.values() for key, value in keys.items() if key.startswith("iam:")}


def test_the_boundary_has_no_right_that_no_role_has() -> None:
    used = {action for _, action, _, _ in _rights()}

    assert sorted({action for action, _ in granted(boundary())} - used) == []


def test_the_boundary_is_of_our_resources() -> None:
    foreign = {resource for _, resource in granted(boundary()) if "anime-infra-" not in resource}

    assert foreign == {
        "*",
        "arn:aws:bedrock:eu-central-1::foundation-model/*",
        "arn:aws:ecr:*:*:repository/*",
    }


def test_the_boundary_only_lets_do() -> None:
    assert [need for need in RIGHTS if need.reads] == []
