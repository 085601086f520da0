"""How each type of resource is billed: rules from what is registered, and how much it is used, to items.

A rule gets all resources of its type. Quantities are those of a month of ``HOURS`` hours.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from local.costs_items import Basis, Context, Item, item
from local.costs_usage import DAYS, FUNCTION, TASKS, UNKNOWN_TASK, WEEKS, Run, assumed, task_of, variables_of
from local.prices import HOURS
from local.recording import RecordedResource, Recording

Resources = Sequence[RecordedResource]
Rule = Callable[[Resources, Context], Iterator[Item]]

_FLOW_LOG: Final = "aws:ec2/flowLog:FlowLog"
_TASK_DEFINITION: Final = "aws:ecs/taskDefinition:TaskDefinition"

_KB_IN_GB: Final = 1_000_000
_MIB_IN_GB: Final = 1024
_MB_IN_GB: Final = 1000
_CPU_UNITS: Final = 1024
_PARTS: Final = frozenset({"agent", "bff"})
"""Services by their component, which is also how their settings begin."""
_DAYS_IN_MONTH: Final = 30
_YEAR: Final = 365
_TOKENS_A_SEARCH: Final = 10
_WRITES_A_COMMIT: Final = 30
"""Objects that one run leaves in the data bucket: pages of catalogues, stages, and the records of the commit."""


def _functions(functions: Resources, context: Context) -> Iterator[Item]:
    runs, seconds = 0.0, 0.0
    for function in functions:
        task = TASKS.get(task_of(function), UNKNOWN_TASK)
        times = context.usage.times(task)
        runs += times
        seconds += times * task.seconds * float(function.inputs.get("memorySize", 128)) / _MIB_IN_GB
    yield item(f"Lambda, {_many(functions, 'function')}: time", seconds, "lambda.gb_second", Basis.USED)
    yield item(f"Lambda, {_many(functions, 'function')}: runs", runs, "lambda.request", Basis.USED)
    if any(variables_of(function).get("EMBEDDER", "").startswith("bedrock:") for function in functions):
        tokens = context.usage.committed * assumed("tokens_an_entry") + assumed("searches") * _TOKENS_A_SEARCH
        yield item("Bedrock: vectors of texts", tokens, "bedrock.titan_embed_v2", Basis.USED)
    if any(task_of(function) == "fetch_source" for function in functions):
        figures = assumed("catalogue_figures")
        yield item("CloudWatch: figures of catalogues", figures, "cloudwatch.metric", Basis.USED, "schedulesEnabled")


def _machines(_: Resources, context: Context) -> Iterator[Item]:
    yield item(
        "Step Functions: steps of enrichments",
        context.usage.transitions,
        "stepfunctions.transition",
        Basis.USED,
        "maxNewPerRun",
        "schedulesEnabled",
    )


def _buckets(buckets: Resources, context: Context) -> Iterator[Item]:
    for bucket in buckets:
        images = (bucket.inputs.get("tags") or {}).get("service") == "images"
        title = f"S3 bucket {bucket.name}"
        if images:
            kept, written, read = assumed("images_kept_gb"), context.usage.images, 2 * context.usage.images
        else:
            kept = assumed("data_kept_gb")
            written, read = context.usage.committed * _WRITES_A_COMMIT, context.usage.committed * 2 * _WRITES_A_COMMIT
        yield item(f"{title}: objects", kept, "s3.kept", Basis.KEPT)
        yield item(f"{title}: writes", written, "s3.write", Basis.USED)
        yield item(f"{title}: reads", read, "s3.read", Basis.USED)


def _tables(tables: Resources, _: Context) -> Iterator[Item]:
    count = len(tables)
    backed_up = sum(bool((t.inputs.get("pointInTimeRecovery") or {}).get("enabled")) for t in tables)
    yield item(f"DynamoDB, {_many(tables, 'table')}: items", count * assumed("table_gb"), "dynamodb.kept", Basis.KEPT)
    yield item("DynamoDB: backups", backed_up * assumed("table_gb"), "dynamodb.backup", Basis.KEPT)
    yield item("DynamoDB: writes", count * assumed("table_writes"), "dynamodb.write", Basis.USED)
    yield item("DynamoDB: reads", count * assumed("table_reads"), "dynamodb.read", Basis.USED)


def _queues(queues: Resources, _: Context) -> Iterator[Item]:
    requests = len(queues) * assumed("queue_requests")
    yield item(f"SQS, {_many(queues, 'queue')}", requests, "sqs.request", Basis.USED)


def _topics(_resources: Resources, _: Context) -> Iterator[Item]:
    yield item("SNS: announcements", assumed("announcements"), "sns.publish", Basis.USED)


def _subscriptions(subscriptions: Resources, _: Context) -> Iterator[Item]:
    emails = sum(each.inputs.get("protocol") in {"email", "email-json"} for each in subscriptions)
    yield item("SNS: e-mails", emails * assumed("announcements"), "sns.email", Basis.USED, "alarmEmails")


def _logs(groups: Resources, context: Context) -> Iterator[Item]:
    written, kept = 0.0, 0.0
    runs = {
        str(function.inputs.get("loggingConfig", {}).get("logGroup")): context.usage.times(
            TASKS.get(task_of(function), UNKNOWN_TASK)
        )
        for function in context.recording.of_type(FUNCTION)
    }
    flows = {str(log.inputs.get("logDestination")) for log in context.recording.of_type(_FLOW_LOG)}
    for group in groups:
        name = str(group.inputs.get("name"))
        if name in runs:
            size = runs[name] * assumed("log_kb_a_run") / _KB_IN_GB
        else:
            size = assumed("flow_log_gb" if str(group.outputs.get("arn")) in flows else "service_log_gb")
        written += size
        kept += size * min(float(group.inputs.get("retentionInDays") or _YEAR), _YEAR) / _DAYS_IN_MONTH
    yield item(f"CloudWatch, {_many(groups, 'log')}: written", written, "cloudwatch.logs_in", Basis.USED, "logLevel")
    yield item("CloudWatch logs: kept", kept, "cloudwatch.logs_kept", Basis.KEPT, "logRetentionDays")


def _alarms(alarms: Resources, _: Context) -> Iterator[Item]:
    """One that computes from several metrics is billed for each of them."""
    metrics = sum(sum("metric" in query for query in each.inputs.get("metricQueries") or ()) or 1 for each in alarms)
    yield item(f"CloudWatch, {_many(alarms, 'alarm')}", metrics, "cloudwatch.alarm", Basis.KEPT)
    yield item("CloudWatch: figures of our own", _own_metrics(alarms), "cloudwatch.metric", Basis.KEPT)


def _own_metrics(alarms: Resources) -> int:
    """Figures that functions of ours record, as far as alarms look at them; those of AWS's own services are free."""
    own = {
        (each.inputs.get("namespace"), each.inputs.get("metricName"))
        for each in alarms
        if not str(each.inputs.get("namespace", "AWS/")).startswith("AWS/")
    }
    return len(own)


def _metric_filters(filters: Resources, _: Context) -> Iterator[Item]:
    yield item("CloudWatch: metrics counted from logs", len(filters), "cloudwatch.metric", Basis.KEPT)


def _dashboards(dashboards: Resources, _: Context) -> Iterator[Item]:
    yield item("CloudWatch: dashboards", len(dashboards), "cloudwatch.dashboard", Basis.KEPT)


def _secrets(secrets: Resources, _: Context) -> Iterator[Item]:
    yield item(f"Secrets Manager, {_many(secrets, 'secret')}", len(secrets), "secretsmanager.secret", Basis.KEPT)
    yield item("Secrets Manager: reads", assumed("secret_reads"), "secretsmanager.call", Basis.USED)


def _keys(keys: Resources, _: Context) -> Iterator[Item]:
    yield item(f"KMS, {_many(keys, 'key')}", len(keys), "kms.key", Basis.KEPT)


def _distributions(_: Resources, __: Context) -> Iterator[Item]:
    served = assumed("images_served_gb")
    yield item("CloudFront: images served", served, "cloudfront.gb", Basis.USED)
    requests = served * _MB_IN_GB / assumed("image_mb")
    yield item("CloudFront: requests", requests, "cloudfront.request", Basis.USED)


def _schedules(_: Resources, context: Context) -> Iterator[Item]:
    times = DAYS + 2 * WEEKS + context.usage.runs[Run.EPISODE]
    yield item("EventBridge Scheduler", times, "scheduler.invocation", Basis.USED, "schedulesEnabled")


def _nat_gateways(gateways: Resources, _: Context) -> Iterator[Item]:
    count = len(gateways)
    yield item(
        f"NAT, {_many(gateways, 'gateway')}: hours", count * HOURS, "vpc.nat_hour", Basis.HOURS, "nat", "network"
    )
    yield item("NAT: data", assumed("nat_gb"), "vpc.nat_gb", Basis.USED, "network")


def _addresses(addresses: Resources, _: Context) -> Iterator[Item]:
    hours = len(addresses) * HOURS
    yield item(
        f"Public IPv4, {_many(addresses, 'address', 'addresses')}", hours, "vpc.ipv4", Basis.HOURS, "nat", "network"
    )


def _endpoints(endpoints: Resources, _: Context) -> Iterator[Item]:
    """Those of S3 and DynamoDB are gateways, and free."""
    interfaces = [each for each in endpoints if each.inputs.get("vpcEndpointType") == "Interface"]
    zones = sum(len(each.inputs.get("subnetIds") or ()) or 1 for each in interfaces)
    settings = ("network", "availabilityZones")
    title = f"VPC, {_many(interfaces, 'endpoint')}"
    yield item(f"{title}: hours in each zone", zones * HOURS, "vpc.endpoint_hour", Basis.HOURS, *settings)
    data = len(interfaces) * assumed("endpoint_gb")
    yield item(f"{title}: data", data, "vpc.endpoint_gb", Basis.USED, *settings)


def _vpcs(vpcs: Resources, _: Context) -> Iterator[Item]:
    between = len(vpcs) * 2 * assumed("zones_gb")
    yield item("Data between zones", between, "transfer.zones", Basis.USED, "network", "availabilityZones")


def _load_balancers(balancers: Resources, _: Context) -> Iterator[Item]:
    count = len(balancers)
    public = sum(
        len(each.inputs.get("subnets") or each.inputs.get("subnetMappings") or ())
        for each in balancers
        if not each.inputs.get("internal")
    )
    capacity = count * HOURS * assumed("load_balancer_capacity")
    yield item(
        f"{_many(balancers, 'load balancer')}: hours", count * HOURS, "load_balancer.hour", Basis.HOURS, "services"
    )
    yield item("Load balancers: capacity", capacity, "load_balancer.capacity", Basis.USED, "services")
    yield item("Load balancers: public addresses", public * HOURS, "vpc.ipv4", Basis.HOURS, "services")


def _services(services: Resources, context: Context) -> Iterator[Item]:
    """As many tasks as there are at least, at full rates: what spare capacity costs changes by the day."""
    definitions = {str(each.outputs.get("arn")): each.inputs for each in context.recording.of_type(_TASK_DEFINITION)}
    for service in services:
        definition = definitions.get(str(service.inputs.get("taskDefinition")), {})
        tasks = float(service.inputs.get("desiredCount", 1))
        cpu = float(definition.get("cpu", 256)) / _CPU_UNITS
        memory = float(definition.get("memory", 512)) / _MIB_IN_GB
        part = _part_of(service, context.recording)
        settings = ("services", f"{part}Tasks", f"{part}Cpu", f"{part}MemoryMib") if part else ("services",)
        title = f"Fargate, {part or service.name}, {tasks:g} {'task' if tasks == 1 else 'tasks'}"
        yield item(f"{title}: processors", tasks * cpu * HOURS, "fargate.vcpu", Basis.HOURS, *settings)
        yield item(f"{title}: memory", tasks * memory * HOURS, "fargate.gb", Basis.HOURS, *settings)
        if (service.inputs.get("networkConfiguration") or {}).get("assignPublicIp"):
            yield item(f"{title}: public addresses", tasks * HOURS, "vpc.ipv4", Basis.HOURS, *settings)


def _part_of(service: RecordedResource, recording: Recording) -> str | None:
    """Which of the two services it is, as the component that it belongs to is called."""
    around: RecordedResource | None = service
    while around is not None:
        if around.name in _PARTS:
            return around.name
        parent = around.parent
        around = next((each for each in recording if each.urn == parent), None)
    return None


def _caches(caches: Resources, _: Context) -> Iterator[Item]:
    for cache in caches:
        node = str(cache.inputs.get("nodeType"))
        count = float(
            cache.inputs.get("numCacheClusters")
            or float(cache.inputs.get("numNodeGroups") or 1)
            * (1 + float(cache.inputs.get("replicasPerNodeGroup") or 0))
        )
        yield item(
            f"ElastiCache, {count:g} of {node}",
            count * HOURS,
            f"elasticache.{node}",
            Basis.HOURS,
            "cacheNode",
            "cacheNodes",
        )


def _apis(_: Resources, __: Context) -> Iterator[Item]:
    yield item("API Gateway: requests", assumed("api_requests"), "apigateway.request", Basis.USED, "services")
    yield item("API Gateway: answers to the internet", assumed("api_gb"), "transfer.out", Basis.USED, "services")


def _namespaces(namespaces: Resources, _: Context) -> Iterator[Item]:
    yield item("Names inside the network", len(namespaces), "route53.zone", Basis.KEPT, "services")


def _zones(zones: Resources, _: Context) -> Iterator[Item]:
    yield item("Route 53 zones", len(zones), "route53.zone", Basis.KEPT)


def _repositories(repositories: Resources, _: Context) -> Iterator[Item]:
    yield item("ECR: container images", len(repositories) * 1.0, "ecr.kept", Basis.KEPT, "services")


def _web_acls(acls: Resources, _: Context) -> Iterator[Item]:
    yield item("WAF: lists of rules", len(acls), "waf.acl", Basis.KEPT)


def _atlas_clusters(clusters: Resources, _: Context) -> Iterator[Item]:
    for cluster in clusters:
        size = _atlas_size(cluster)
        if size == "FLEX":
            yield item("MongoDB Atlas, FLEX, at most", 1, "atlas.flex", Basis.HOURS, "atlasTier")
        else:
            title = f"MongoDB Atlas, {size}"
            yield item(title, HOURS, f"atlas.{size.lower()}", Basis.HOURS, "atlasTier")


def _flex_clusters(clusters: Resources, _: Context) -> Iterator[Item]:
    yield item("MongoDB Atlas, FLEX, at most", len(clusters), "atlas.flex", Basis.HOURS, "atlasTier")


def _atlas_size(cluster: RecordedResource) -> str:
    region = cluster.inputs["replicationSpecs"][0]["regionConfigs"][0]
    if region.get("providerName") == "FLEX":
        return "FLEX"
    return str((region.get("electableSpecs") or {}).get("instanceSize", "FLEX"))


def _atlas_backups(_: Resources, __: Context) -> Iterator[Item]:
    kept = assumed("database_backup_gb")
    yield item("MongoDB Atlas: backups", kept, "atlas.backup", Basis.KEPT, "atlasBackupDays", "atlasTier")


def _atlas_peerings(_: Resources, __: Context) -> Iterator[Item]:
    data = 2 * assumed("zones_gb")
    yield item("MongoDB Atlas: data over the peering", data, "atlas.transfer", Basis.USED, "atlasNetwork")


def _atlas_endpoints(links: Resources, _: Context) -> Iterator[Item]:
    hours = len(links) * HOURS
    yield item("MongoDB Atlas: private endpoint", hours, "atlas.private_endpoint", Basis.HOURS, "atlasNetwork")


def _qdrant_clusters(_: Resources, context: Context) -> Iterator[Item]:
    """The package, and so its price, is known in the account alone; an update takes none above the setting."""
    most = context.settings.qdrant_max_usd
    if most > 0:
        yield item("Qdrant Cloud, at most", most, "qdrant.paid", Basis.HOURS, "qdrantMaxMonthlyUsd", "qdrantNodes")
    else:
        yield item("Qdrant Cloud, free package", 1, "qdrant.free", Basis.HOURS, "qdrantMaxMonthlyUsd")


def _qdrant_backups(_: Resources, __: Context) -> Iterator[Item]:
    kept = assumed("index_backup_gb")
    yield item("Qdrant Cloud: backups", kept, "qdrant.backup", Basis.KEPT, "qdrantBackupDays")


def _many(resources: Resources, one: str, several: str = "") -> str:
    return f"{len(resources)} {one if len(resources) == 1 else several or one + 's'}"


RULES: Final[Mapping[str, Rule]] = {
    "aws:apigatewayv2/api:Api": _apis,
    "aws:cloudfront/distribution:Distribution": _distributions,
    "aws:cloudwatch/dashboard:Dashboard": _dashboards,
    "aws:cloudwatch/logGroup:LogGroup": _logs,
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": _metric_filters,
    "aws:cloudwatch/metricAlarm:MetricAlarm": _alarms,
    "aws:dynamodb/table:Table": _tables,
    "aws:ec2/eip:Eip": _addresses,
    "aws:ec2/natGateway:NatGateway": _nat_gateways,
    "aws:ec2/vpc:Vpc": _vpcs,
    "aws:ec2/vpcEndpoint:VpcEndpoint": _endpoints,
    "aws:ecr/repository:Repository": _repositories,
    "aws:ecs/service:Service": _services,
    "aws:elasticache/replicationGroup:ReplicationGroup": _caches,
    "aws:kms/key:Key": _keys,
    FUNCTION: _functions,
    "aws:lb/loadBalancer:LoadBalancer": _load_balancers,
    "aws:route53/zone:Zone": _zones,
    "aws:s3/bucket:Bucket": _buckets,
    "aws:scheduler/schedule:Schedule": _schedules,
    "aws:secretsmanager/secret:Secret": _secrets,
    "aws:servicediscovery/privateDnsNamespace:PrivateDnsNamespace": _namespaces,
    "aws:sfn/stateMachine:StateMachine": _machines,
    "aws:sns/topic:Topic": _topics,
    "aws:sns/topicSubscription:TopicSubscription": _subscriptions,
    "aws:sqs/queue:Queue": _queues,
    "aws:wafv2/webAcl:WebAcl": _web_acls,
    "mongodbatlas:index/advancedCluster:AdvancedCluster": _atlas_clusters,
    "mongodbatlas:index/cloudBackupSchedule:CloudBackupSchedule": _atlas_backups,
    "mongodbatlas:index/flexCluster:FlexCluster": _flex_clusters,
    "mongodbatlas:index/networkPeering:NetworkPeering": _atlas_peerings,
    "mongodbatlas:index/privateLinkEndpoint:PrivateLinkEndpoint": _atlas_endpoints,
    "qdrant-cloud:index/accountsBackupSchedule:AccountsBackupSchedule": _qdrant_backups,
    "qdrant-cloud:index/accountsCluster:AccountsCluster": _qdrant_clusters,
}
