"""Functions, machines, timers, containers, and the roles that they act in."""

from typing import Final

from bootstrap.needs.making import EVERYTHING, NAMES, Need, Needs, arn, global_arn, passes_roles_to, service_role

_FUNCTIONS: Final = (arn("lambda", f"function:{NAMES}"),)
_ROLES: Final = (global_arn("iam", f"role/{NAMES}"),)
_TASK_DEFINITIONS: Final = (arn("ecs", f"task-definition/{NAMES}"),)
_WITH_THE_BOUNDARY: Final = {"StringEquals": {"iam:PermissionsBoundary": "{boundary}"}}

COMPUTE: Final[Needs] = {
    "aws:lambda/function:Function": (
        Need(
            service="lambda",
            places=_FUNCTIONS,
            reads="GetFunction GetFunctionConfiguration GetFunctionCodeSigningConfig GetFunctionConcurrency "
            "GetRuntimeManagementConfig GetPolicy ListVersionsByFunction ListTags",
            writes="CreateFunction UpdateFunctionCode UpdateFunctionConfiguration DeleteFunction "
            "PutFunctionConcurrency DeleteFunctionConcurrency TagResource UntagResource",
        ),
        passes_roles_to("lambda.amazonaws.com"),
    ),
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": (
        Need(
            service="lambda",
            places=_FUNCTIONS,
            reads="GetFunctionEventInvokeConfig",
            writes="PutFunctionEventInvokeConfig UpdateFunctionEventInvokeConfig DeleteFunctionEventInvokeConfig",
        ),
    ),
    "aws:lambda/invocation:Invocation": (Need(service="lambda", places=_FUNCTIONS, writes="InvokeFunction"),),
    "aws:lambda/layerVersion:LayerVersion": (
        Need(
            service="lambda",
            places=(arn("lambda", f"layer:{NAMES}"),),
            reads="GetLayerVersion",
            writes="PublishLayerVersion DeleteLayerVersion",
        ),
    ),
    "aws:sfn/stateMachine:StateMachine": (
        Need(
            service="states",
            places=(arn("states", f"stateMachine:{NAMES}"),),
            reads="DescribeStateMachine ListStateMachineVersions ListTagsForResource",
            writes="CreateStateMachine UpdateStateMachine DeleteStateMachine TagResource UntagResource",
        ),
        # The provider has each definition checked in a preview.
        Need(service="states", places=(EVERYTHING,), reads="ValidateStateMachineDefinition"),
        passes_roles_to("states.amazonaws.com"),
    ),
    "aws:scheduler/schedule:Schedule": (
        Need(
            service="scheduler",
            places=(arn("scheduler", f"schedule/default/{NAMES}"), arn("scheduler", f"schedule/{NAMES}/*")),
            reads="GetSchedule",
            writes="CreateSchedule UpdateSchedule DeleteSchedule",
        ),
        passes_roles_to("scheduler.amazonaws.com"),
    ),
    "aws:scheduler/scheduleGroup:ScheduleGroup": (
        Need(
            service="scheduler",
            places=(arn("scheduler", f"schedule-group/{NAMES}"),),
            reads="GetScheduleGroup ListTagsForResource",
            writes="CreateScheduleGroup DeleteScheduleGroup TagResource UntagResource",
        ),
        # With a group go the schedules in it.
        Need(service="scheduler", places=(arn("scheduler", f"schedule/{NAMES}/*"),), writes="DeleteSchedule"),
    ),
    "aws:ecs/cluster:Cluster": (
        Need(
            service="ecs",
            places=(arn("ecs", f"cluster/{NAMES}"),),
            reads="DescribeClusters ListTagsForResource",
            writes="CreateCluster UpdateCluster UpdateClusterSettings DeleteCluster TagResource UntagResource",
        ),
        service_role("ecs.amazonaws.com"),
    ),
    "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders": (
        Need(
            service="ecs",
            places=(arn("ecs", f"cluster/{NAMES}"),),
            reads="DescribeClusters",
            writes="PutClusterCapacityProviders",
        ),
    ),
    "aws:ecs/service:Service": (
        Need(
            service="ecs",
            places=(arn("ecs", f"service/{NAMES}"),),
            reads="DescribeServices ListTagsForResource",
            writes="CreateService UpdateService DeleteService TagResource UntagResource",
        ),
    ),
    "aws:ecs/taskDefinition:TaskDefinition": (
        Need(
            service="ecs",
            places=_TASK_DEFINITIONS,
            reads="ListTagsForResource",
            writes="RegisterTaskDefinition TagResource UntagResource",
        ),
        Need(service="ecs", places=(EVERYTHING,), reads="DescribeTaskDefinition", writes="DeregisterTaskDefinition"),
        passes_roles_to("ecs-tasks.amazonaws.com"),
    ),
    "aws:appautoscaling/target:Target": (
        Need(
            service="application-autoscaling",
            places=(arn("application-autoscaling", "scalable-target/*"),),
            writes="RegisterScalableTarget DeregisterScalableTarget",
            condition={"StringEquals": {"application-autoscaling:service-namespace": "ecs"}},
        ),
        Need(
            service="application-autoscaling",
            places=(arn("application-autoscaling", "scalable-target/*"),),
            reads="ListTagsForResource",
            writes="TagResource UntagResource",
        ),
        Need(service="application-autoscaling", places=(EVERYTHING,), reads="DescribeScalableTargets"),
        service_role("ecs.application-autoscaling.amazonaws.com"),
    ),
    "aws:appautoscaling/policy:Policy": (
        Need(
            service="application-autoscaling",
            places=(arn("application-autoscaling", "scalable-target/*"),),
            writes="PutScalingPolicy DeleteScalingPolicy",
            condition={"StringEquals": {"application-autoscaling:service-namespace": "ecs"}},
        ),
        Need(service="application-autoscaling", places=(EVERYTHING,), reads="DescribeScalingPolicies"),
        # Scaling to a target works by alarms that bear the service's name.
        Need(
            service="cloudwatch",
            places=(arn("cloudwatch", f"alarm:TargetTracking-service/{NAMES}"),),
            writes="PutMetricAlarm DeleteAlarms",
        ),
    ),
    "aws:iam/role:Role": (
        Need(
            service="iam",
            places=_ROLES,
            reads="GetRole ListRoleTags ListRolePolicies ListAttachedRolePolicies ListInstanceProfilesForRole",
            writes="DeleteRole UpdateRole UpdateRoleDescription UpdateAssumeRolePolicy TagRole UntagRole",
        ),
        # A role that is made or given rights cannot do more than the boundary allows, whatever its policies say.
        Need(
            service="iam",
            places=_ROLES,
            writes="CreateRole PutRolePermissionsBoundary",
            condition=_WITH_THE_BOUNDARY,
        ),
    ),
    "aws:iam/rolePolicy:RolePolicy": (
        Need(service="iam", places=_ROLES, reads="GetRolePolicy"),
        Need(
            service="iam",
            places=_ROLES,
            writes="PutRolePolicy DeleteRolePolicy",
            condition=_WITH_THE_BOUNDARY,
        ),
    ),
}
