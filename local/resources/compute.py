"""Functions, state machines, and what watches them."""

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any, Final

from local.errors import ResourceFailed
from local.executor import FunctionSpec
from local.resources.creators import Creator, Order, as_api, missing_files


def _some_zip() -> bytes:
    """The emulator wants code; the executor runs the source tree."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("README", "The local stack runs functions from the source tree.")
    return content.getvalue()


def _function(order: Order) -> Mapping[str, Any]:
    missing = missing_files(order.inputs.get("code"), order.workshop.root)
    if missing:
        raise ResourceFailed(f"the code of function {order.name!r} is not there: {', '.join(map(str, missing))}")
    variables = (order.inputs.get("environment") or {}).get("variables") or {}
    spec = FunctionSpec(
        name=order.name,
        handler=order.need("handler"),
        environment=variables,
        timeout_seconds=order.inputs.get("timeout", 3),
        memory_mib=order.inputs.get("memorySize", 128),
    )
    order.workshop.executor.register(spec)
    answer = order.client("lambda").create_function(
        FunctionName=order.name,
        Role=order.need("role"),
        Runtime=order.need("runtime"),
        Handler=spec.handler,
        Code={"ZipFile": _some_zip()},
        Environment={"Variables": dict(variables)},
        Timeout=spec.timeout_seconds,
        MemorySize=spec.memory_mib,
        **_logging(order),
        **order.given(
            Architectures="architectures",
            DeadLetterConfig="deadLetterConfig",
            Description="description",
            EphemeralStorage="ephemeralStorage",
        ),
    )
    reserved = order.inputs.get("reservedConcurrentExecutions")
    if reserved is not None and reserved >= 0:
        order.client("lambda").put_function_concurrency(FunctionName=order.name, ReservedConcurrentExecutions=reserved)
    return {"arn": answer["FunctionArn"], "version": answer["Version"], "codeSha256": answer["CodeSha256"]}


def _logging(order: Order) -> dict[str, Any]:
    return {"LoggingConfig": as_api(order.inputs["loggingConfig"])} if order.inputs.get("loggingConfig") else {}


def _alias(order: Order) -> Mapping[str, Any]:
    answer = order.client("lambda").create_alias(
        FunctionName=order.need("functionName"), Name=order.name, FunctionVersion=order.need("functionVersion")
    )
    return {"arn": answer["AliasArn"]}


def _event_source_mapping(order: Order) -> Mapping[str, Any]:
    answer = order.client("lambda").create_event_source_mapping(
        FunctionName=order.need("functionName"),
        **order.given(
            EventSourceArn="eventSourceArn",
            BatchSize="batchSize",
            Enabled="enabled",
            MaximumBatchingWindowInSeconds="maximumBatchingWindowInSeconds",
            FunctionResponseTypes="functionResponseTypes",
            FilterCriteria="filterCriteria",
            ScalingConfig="scalingConfig",
            StartingPosition="startingPosition",
        ),
    )
    return {"uuid": answer["UUID"], "functionArn": answer["FunctionArn"]}


def _invoke_config(order: Order) -> Mapping[str, Any]:
    order.client("lambda").put_function_event_invoke_config(
        FunctionName=order.need("functionName"),
        **order.given(
            MaximumRetryAttempts="maximumRetryAttempts",
            MaximumEventAgeInSeconds="maximumEventAgeInSeconds",
            DestinationConfig="destinationConfig",
        ),
    )
    return {}


def _permission(order: Order) -> Mapping[str, Any]:
    statement = order.inputs.get("statementId", order.name)
    order.client("lambda").add_permission(
        FunctionName=order.need("function"),
        StatementId=statement,
        Action=order.need("action"),
        Principal=order.need("principal"),
        **order.given(SourceArn="sourceArn", SourceAccount="sourceAccount"),
    )
    return {"statementId": statement}


def _function_url(order: Order) -> Mapping[str, Any]:
    answer = order.client("lambda").create_function_url_config(
        FunctionName=order.need("functionName"), AuthType=order.need("authorizationType"), **order.given(Cors="cors")
    )
    return {"functionUrl": answer["FunctionUrl"], "functionArn": answer["FunctionArn"]}


def _invocation(order: Order) -> Mapping[str, Any]:
    """Really invokes the function, as a deployment would."""
    name = order.need("functionName")
    answer = order.client("lambda").invoke(FunctionName=name, Payload=order.need("input").encode())
    result = answer["Payload"].read().decode()
    if answer.get("FunctionError"):
        failure = json.loads(result)
        raise ResourceFailed(f"function {name!r} failed: {failure.get('errorType')}: {failure.get('errorMessage')}")
    return {"result": result}


def _state_machine(order: Order) -> Mapping[str, Any]:
    definition = order.need("definition")
    try:
        json.loads(definition)
    except ValueError as error:
        raise ResourceFailed(f"the definition of state machine {order.name!r} is not JSON: {error}") from None
    answer = order.client("stepfunctions").create_state_machine(
        name=order.name,
        definition=definition,
        roleArn=order.need("roleArn"),
        type=order.inputs.get("type", "STANDARD"),
    )
    return {"arn": answer["stateMachineArn"]}


def _log_group(order: Order) -> Mapping[str, Any]:
    client = order.client("logs")
    client.create_log_group(logGroupName=order.name)
    days = order.inputs.get("retentionInDays")
    if days:
        client.put_retention_policy(logGroupName=order.name, retentionInDays=days)
    return {}


def _alarm(order: Order) -> Mapping[str, Any]:
    dimensions = [{"Name": name, "Value": value} for name, value in (order.inputs.get("dimensions") or {}).items()]
    metrics = order.inputs.get("metricQueries")
    if metrics:
        return {}  # alarms over expressions are not evaluated by the emulator
    order.client("cloudwatch").put_metric_alarm(
        AlarmName=order.name,
        ComparisonOperator=order.need("comparisonOperator"),
        EvaluationPeriods=order.need("evaluationPeriods"),
        Dimensions=dimensions,
        **order.given(
            MetricName="metricName",
            Namespace="namespace",
            Period="period",
            Statistic="statistic",
            ExtendedStatistic="extendedStatistic",
            Threshold="threshold",
            DatapointsToAlarm="datapointsToAlarm",
            TreatMissingData="treatMissingData",
            AlarmActions="alarmActions",
            OKActions="okActions",
            AlarmDescription="alarmDescription",
            ActionsEnabled="actionsEnabled",
            Unit="unit",
        ),
    )
    return {}


CREATORS: Final[Mapping[str, Creator]] = {
    "aws:lambda/function:Function": _function,
    "aws:lambda/alias:Alias": _alias,
    "aws:lambda/eventSourceMapping:EventSourceMapping": _event_source_mapping,
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": _invoke_config,
    "aws:lambda/permission:Permission": _permission,
    "aws:lambda/functionUrl:FunctionUrl": _function_url,
    "aws:lambda/invocation:Invocation": _invocation,
    "aws:sfn/stateMachine:StateMachine": _state_machine,
    "aws:cloudwatch/logGroup:LogGroup": _log_group,
    "aws:cloudwatch/metricAlarm:MetricAlarm": _alarm,
}
