"""The boundary: the most that any role of a stack can do, whatever its own policies say.

Without it, whoever may write a role's policy and start a function in that role could do everything. It lists what the
functions, machines, timers and containers of all stacks are granted, on resources of ours alone; a right that a
component grants anew takes effect when it is added here and applied by a person.
"""

from typing import Final

from bootstrap.needs.making import EVERYTHING, NAMES, Need, arn, global_arn

_LOG_GROUPS: Final = (arn("logs", f"log-group:/aws/lambda/{NAMES}"), arn("logs", f"log-group:{NAMES}"))

RIGHTS: Final = (
    Need(service="s3", places=(f"arn:{{partition}}:s3:::{NAMES}",), writes="ListBucket"),
    Need(
        service="s3",
        places=(f"arn:{{partition}}:s3:::{NAMES}/*",),
        writes="AbortMultipartUpload DeleteObject GetObject PutObject",
    ),
    Need(
        service="dynamodb",
        places=(arn("dynamodb", f"table/{NAMES}"),),
        writes="BatchGetItem GetItem PutItem UpdateItem",
    ),
    Need(service="secretsmanager", places=(arn("secretsmanager", f"secret:{NAMES}"),), writes="GetSecretValue"),
    Need(service="sqs", places=(arn("sqs", NAMES),), writes="DeleteMessage ReceiveMessage SendMessage"),
    Need(
        service="elasticache",
        places=(arn("elasticache", f"replicationgroup:{NAMES}"), arn("elasticache", f"user:{NAMES}")),
        writes="Connect",
    ),
    Need(service="bedrock", places=("arn:{partition}:bedrock:{region}::foundation-model/*",), writes="InvokeModel"),
    Need(service="lambda", places=(arn("lambda", f"function:{NAMES}"),), writes="InvokeFunction"),
    Need(service="states", places=(arn("states", f"stateMachine:{NAMES}"),), writes="SendTaskSuccess StartExecution"),
    Need(service="states", places=(arn("states", f"execution:{NAMES}"),), writes="DescribeExecution StopExecution"),
    Need(
        service="scheduler",
        places=(arn("scheduler", f"schedule/{NAMES}/*"),),
        writes="CreateSchedule GetSchedule UpdateSchedule",
    ),
    Need(
        service="iam",
        places=(global_arn("iam", f"role/{NAMES}"),),
        writes="PassRole",
        condition={"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}},
    ),
    Need(service="logs", places=_LOG_GROUPS, writes="CreateLogStream DescribeLogStreams PutLogEvents"),
    Need(service="logs", places=(EVERYTHING,), writes="DescribeLogGroups"),
    # Images may be of any repository that lets the account read.
    Need(
        service="ecr",
        places=("arn:{partition}:ecr:*:*:repository/*",),
        writes="BatchCheckLayerAvailability BatchGetImage GetDownloadUrlForLayer",
    ),
    Need(service="ecr", places=(EVERYTHING,), writes="GetAuthorizationToken"),
    # Lambda attaches functions to the VPC in their own name.
    Need(
        service="ec2",
        places=(EVERYTHING,),
        writes="AssignPrivateIpAddresses CreateNetworkInterface DeleteNetworkInterface DescribeNetworkInterfaces "
        "DescribeSubnets UnassignPrivateIpAddresses",
        condition={"Null": {"lambda:SourceFunctionArn": "true"}},
    ),
)
