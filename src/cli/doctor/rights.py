"""The IAM actions that the doctor asks with.

All of them read but ``INVOKE``, by which the stack's own functions list pending reviews and, with ``--probe``, search.
``EMBED`` is used with ``--probe`` alone.
"""

from enum import StrEnum


class Right(StrEnum):
    WHO_AM_I = "sts:GetCallerIdentity"
    ENDPOINTS = "ssm:GetParameter"
    MODEL = "bedrock:GetFoundationModelAvailability"
    EMBED = "bedrock:InvokeModel"
    CONCURRENCY = "lambda:GetAccountSettings"
    RESERVED = "lambda:GetFunctionConcurrency"
    FUNCTION = "lambda:GetFunctionConfiguration"
    INVOKE = "lambda:InvokeFunction"
    QUOTA = "servicequotas:GetServiceQuota"
    USUAL_QUOTA = "servicequotas:GetAWSDefaultServiceQuota"
    ADDRESSES = "ec2:DescribeAddresses"
    NETWORKS = "ec2:DescribeVpcs"
    GATEWAYS = "ec2:DescribeNatGateways"
    SUBNETS = "ec2:DescribeSubnets"
    BOUNDARY = "iam:GetPolicy"
    SECRETS = "secretsmanager:ListSecrets"
    QUEUES = "sqs:ListQueues"
    QUEUE = "sqs:GetQueueAttributes"
    SUBSCRIPTIONS = "sns:ListSubscriptionsByTopic"
    ALARMS = "cloudwatch:DescribeAlarms"
    TIMERS = "scheduler:ListSchedules"
    REPORTS = "s3:ListBucket"
    REPORT = "s3:GetObject"


WRITES = frozenset({Right.INVOKE})
"""What AWS does not count as reading."""
