"""The IAM actions that the doctor asks with, each with what it is for.

``INVOKE`` lists pending reviews (and, with ``--probe``, searches); ``EMBED`` is used with ``--probe`` alone. All others
only read.
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


WRITES = frozenset({Right.INVOKE, Right.EMBED})
"""AWS counts them as writing, or as reading that costs."""
