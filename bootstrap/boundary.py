"""The boundary: the most that any role of a stack can do, whatever its own policies say.

Without it, whoever may write a role's policy and start a function in that role could do everything. It lists what the
functions, machines, timers and containers of all stacks are granted, on resources of ours alone; a right that a
component grants anew takes effect when it is added here and applied by a person.
"""

from typing import Final

from bootstrap.needs.making import NAMES, Need, arn, global_arn

_BUCKETS: Final = (f"arn:{{partition}}:s3:::{NAMES}",)
_OBJECTS: Final = (f"arn:{{partition}}:s3:::{NAMES}/*",)

RIGHTS: Final = (
    Need(service="s3", places=_BUCKETS, writes="ListBucket"),
    Need(service="s3", places=_OBJECTS, writes="AbortMultipartUpload DeleteObject GetObject PutObject"),
    Need(service="dynamodb", places=(arn("dynamodb", f"table/{NAMES}"),), writes="BatchGetItem PutItem"),
    Need(service="secretsmanager", places=(arn("secretsmanager", f"secret:{NAMES}"),), writes="GetSecretValue"),
    Need(service="sqs", places=(arn("sqs", NAMES),), writes="DeleteMessage ReceiveMessage SendMessage"),
    Need(service="lambda", places=(arn("lambda", f"function:{NAMES}"),), writes="InvokeFunction"),
    Need(
        service="states",
        places=(arn("states", f"stateMachine:{NAMES}"),),
        writes="SendTaskSuccess StartExecution",
    ),
    Need(
        service="states",
        places=(arn("states", f"execution:{NAMES}"),),
        writes="DescribeExecution StopExecution",
    ),
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
    Need(service="bedrock", places=("arn:{partition}:bedrock:{region}::foundation-model/*",), writes="InvokeModel"),
    Need(
        service="logs",
        places=(arn("logs", f"log-group:/aws/lambda/{NAMES}"),),
        writes="CreateLogStream PutLogEvents",
    ),
)
