"""A small program of the tests: what the local stack creates, wired together the way the real program does it."""

import json

import pulumi
import pulumi_aws as aws

config = pulumi.Config()
stack = pulumi.get_stack()
provider = aws.Provider("aws", region=config.require("awsRegion"), default_tags={"tags": {"project": "anime-infra"}})
ours = pulumi.ResourceOptions(provider=provider)


class Pipeline(pulumi.ComponentResource):
    def __init__(self, name: str, opts: pulumi.ResourceOptions) -> None:
        super().__init__("anime:tests:Pipeline", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        trust = json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "lambda.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                    }
                ],
            }
        )
        self.data = aws.s3.Bucket("data", bucket=f"tests-{stack}-data", opts=child)
        aws.s3.BucketVersioning(
            "data-versioning",
            bucket=self.data.bucket,
            versioning_configuration={"status": "Enabled"},
            opts=child,
        )
        aws.s3.BucketLifecycleConfiguration(
            "data-lifecycle",
            bucket=self.data.bucket,
            rules=[{"id": "work", "status": "Enabled", "filter": {"prefix": "work/"}, "expiration": {"days": 24}}],
            opts=child,
        )
        self.failures = aws.sqs.Queue("failures", name=f"tests-{stack}-failures", opts=child)
        self.poison = aws.sqs.Queue("poison", name=f"tests-{stack}-poison", opts=child)
        self.work = aws.sqs.Queue(
            "work",
            name=f"tests-{stack}-work",
            visibility_timeout_seconds=1,
            redrive_policy=pulumi.Output.json_dumps({"deadLetterTargetArn": self.poison.arn, "maxReceiveCount": 2}),
            opts=child,
        )
        role = aws.iam.Role("role", name=f"tests-{stack}", assume_role_policy=trust, opts=child)
        self.function = aws.lambda_.Function(
            "probe",
            name=f"tests-{stack}-probe",
            role=role.arn,
            runtime="python3.13",
            handler="sample_functions.probe",
            code=pulumi.AssetArchive({"sample_functions.py": pulumi.FileAsset("sample_functions.py")}),
            timeout=2,
            memory_size=256,
            environment={
                "variables": {
                    "GREETING": config.require("greeting"),
                    "DATA_BUCKET": self.data.bucket,
                    "AWS_ENDPOINT_URL": config.require("awsEndpointUrl"),
                    "SECRET": pulumi.Output.secret("a secret value"),
                    "MONGO_URI": config.require("mongoUri"),
                    "MONGO_DATABASE": config.require("mongoDatabase"),
                }
            },
            opts=child,
        )
        aws.lambda_.FunctionEventInvokeConfig(
            "probe-async",
            function_name=self.function.name,
            maximum_retry_attempts=1,
            destination_config={"on_failure": {"destination": self.failures.arn}},
            opts=child,
        )
        aws.lambda_.EventSourceMapping(
            "probe-work",
            function_name=self.function.name,
            event_source_arn=self.work.arn,
            batch_size=1,
            opts=child,
        )
        self.machine = aws.sfn.StateMachine(
            "machine",
            name=f"tests-{stack}-machine",
            role_arn=role.arn,
            definition=pulumi.Output.json_dumps(
                {
                    "StartAt": "Call",
                    "States": {
                        "Call": {
                            "Type": "Task",
                            "Resource": "arn:aws:states:::lambda:invoke",
                            "Parameters": {"FunctionName": self.function.arn, "Payload.$": "$"},
                            "OutputPath": "$.Payload",
                            "Catch": [{"ErrorEquals": ["NotFound"], "ResultPath": "$.error", "Next": "Caught"}],
                            "End": True,
                        },
                        "Caught": {"Type": "Pass", "End": True},
                    },
                }
            ),
            opts=child,
        )
        rule = aws.cloudwatch.EventRule(
            "rule", name=f"tests-{stack}-rule", event_pattern=json.dumps({"source": ["tests"]}), opts=child
        )
        aws.cloudwatch.EventTarget(
            "rule-target", rule=rule.name, arn=self.function.arn, input=json.dumps({"mark": "rule"}), opts=child
        )
        self.group = aws.scheduler.ScheduleGroup("group", name=f"tests-{stack}-episodes", opts=child)
        aws.scheduler.Schedule(
            "weekly",
            name=f"tests-{stack}-weekly",
            schedule_expression="cron(0 1 ? * SAT *)",
            flexible_time_window={"mode": "OFF"},
            state="DISABLED",
            target={"arn": self.function.arn, "role_arn": role.arn, "input": json.dumps({"mark": "weekly"})},
            opts=child,
        )
        self.first_answer = aws.lambda_.Invocation(
            "first", function_name=self.function.name, input=json.dumps({"mark": "deployed"}), opts=child
        ).result
        self.register_outputs({"function": self.function.name})


pipeline = Pipeline("pipeline", ours)
parameter = aws.ssm.Parameter(
    "endpoints",
    name=f"/anime-infra/{stack}/endpoints",
    type="String",
    value=pulumi.Output.json_dumps(
        {
            "bucket": pipeline.data.bucket,
            "function": pipeline.function.name,
            "machine": pipeline.machine.arn,
            "work": pipeline.work.url,
            "poison": pipeline.poison.url,
            "failures": pipeline.failures.url,
            "group": pipeline.group.name,
        }
    ),
    opts=ours,
)
pulumi.export("first_answer", pipeline.first_answer)
