"""What each resource of a recording is for, in one sentence.

A resource's own description says it best. Where it has none, the tables here do: ``COMPONENTS`` by the type of a
component, ``RESOURCES`` by the type of a resource. Texts are templates over the resource's inputs (Pulumi's names,
``a.b`` for an inner one) and ``owner``, the name of the component that the resource belongs to.
"""

import json
import string
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from local.errors import LocalStackError
from local.recording import RecordedResource, Recording

STACK_ROOT: Final = "pulumi:pulumi:Stack"
PROVIDER_PREFIX: Final = "pulumi:providers:"

_OWN_DESCRIPTIONS: Final = ("description", "alarmDescription", "comment")


class NoPurpose(LocalStackError):
    """A type that neither table knows."""


COMPONENTS: Final[Mapping[str, str]] = {
    "anime:application:Agent": "The search agent: answers questions about anime by searching the vector index",
    "anime:application:Bff": "The GraphQL server that applications ask, with its public API in front",
    "anime:application:Databases": "The databases outside AWS: documents in MongoDB Atlas, vectors in Qdrant Cloud",
    "anime:application:Pipeline": "Keeps the database up to date: functions, state machines, timers and review",
    "anime:application:Services": "What runs all the time: the GraphQL server and the search agent, on one cluster",
    "anime:application:Storage": "Where the pipeline keeps things in AWS: buckets, tables and queues of failures",
    "anime:aws:AlarmTopic": "Where every alarm of the stack is announced",
    "anime:aws:Cache": "Keeps answers of the catalogues and counts requests to them, so that nobody is asked too often",
    "anime:aws:Credentials": "Tokens of catalogues, which people fill in once, and keys of the vector index",
    "anime:aws:DeadLetterQueue": "Keeps what failed until a person looks at it",
    "anime:aws:DeduplicationMap": "Remembers which image was stored where, and which could not be fetched",
    "anime:aws:Endpoints": "Tells the anime command the names of everything in this stack",
    "anime:aws:EpisodeSchedules": "Room for one-time timers, one an episode that airs within a day",
    "anime:aws:FargateService": "Containers that run all the time, as many as the load asks for",
    "anime:aws:Function": "One step of the pipeline, with its own role, log and limits",
    "anime:aws:ImagesCdn": "Serves the stored images to everybody, from close by",
    "anime:aws:Layer": "Libraries that functions share, so that each package stays small",
    "anime:aws:Layers": "Libraries that functions share, so that each package stays small",
    "anime:aws:Machine": "Runs functions in order, repeats what fails and undoes what cannot be finished",
    "anime:aws:Network": "A private network for functions, cache and services, with its ways in and out",
    "anime:aws:PrivateBucket": "Objects that nobody outside can read",
    "anime:aws:RateBuckets": "Counts requests to each catalogue, where the stack has no cache to count in",
    "anime:aws:Review": "Alarms over the two functions that reviewers depend on",
    "anime:aws:Schedules": "Timers that start functions, each with a dead-letter queue",
    "anime:aws:SecurityGroups": "Who may talk to whom inside the network, and to what outside",
    "anime:aws:ServiceCluster": "Where the containers of the services run",
    "anime:mongo:Cluster": "The database of anime, episodes, characters, reviews and locks",
    "anime:mongo:CollectionsIndexes": "Makes collections and indexes of both stores when their written form changes",
    "anime:mongo:NetworkAccess": "Who may reach the database at all",
    "anime:mongo:Project": "Room of its own for the cluster, apart from whatever else the organisation has in Atlas",
    "anime:mongo:Users": "Who may sign in to the database, and with which rights",
    "anime:qdrant:Cluster": "The vector index: finds anime by meaning",
}

INSTANCES: Final[Mapping[tuple[str, str], str]] = {
    ("anime:aws:PrivateBucket", "data"): "Releases, work in progress, records of commits, reports and snapshots",
    ("anime:aws:PrivateBucket", "images"): "Images of anime and characters, each named by its content",
    ("anime:aws:FargateService", "bff-service"): "Tasks of the GraphQL server",
    ("anime:aws:FargateService", "agent-service"): "Tasks of the search agent, which only the GraphQL server may ask",
}
"""Components of which there are several, by type and name: what just this one is for."""

_DESCRIBED_BY: Final[Mapping[str, str]] = {
    "anime:aws:DeadLetterQueue": "aws:cloudwatch/metricAlarm:MetricAlarm",
    "anime:aws:Function": "aws:lambda/function:Function",
    "anime:aws:Machine": "aws:sfn/stateMachine:StateMachine",
}
"""Components whose one child of this type says what just this one is for."""


def purpose_of(resource: RecordedResource, recording: Recording) -> str:
    """Raises:
    NoPurpose: the type is in neither table, or its text asks for an input that the resource does not have.
    """
    if not resource.custom:
        return _of_component(resource, recording)
    if own := _own_description(resource):
        return own
    text = RESOURCES.get(resource.type)
    if text is None:
        raise NoPurpose(f"nothing says what a {resource.type} is for: add it to RESOURCES in local/plan_purposes.py")
    owner = owner_of(resource, recording)
    fields = _Fields(resource, owner.name if owner else recording.stack)
    try:
        return text(fields) if callable(text) else _Template().vformat(text, (), fields)
    except KeyError as error:
        missing = f"{resource.type} {resource.name!r} has no input {error.args[0]}"
        raise NoPurpose(f"{missing}, which its text in RESOURCES of local/plan_purposes.py asks for") from None


def owner_of(resource: RecordedResource, recording: Recording) -> RecordedResource | None:
    """The component that a resource is a direct part of; None where it hangs from the stack itself."""
    if resource.parent is None:
        return None
    try:
        return recording.by_urn(resource.parent)
    except KeyError:
        return None


def _of_component(component: RecordedResource, recording: Recording) -> str:
    if component.type == STACK_ROOT:
        return "The stack itself"
    speaker = _DESCRIBED_BY.get(component.type)
    said = [_own_description(child) for child in recording.children(component) if child.type == speaker]
    if len(said) == 1 and said[0]:
        return said[0]
    if (component.type, component.name) in INSTANCES:
        return INSTANCES[component.type, component.name]
    if component.type not in COMPONENTS:
        raise NoPurpose(f"nothing says what a {component.type} is for: add it to COMPONENTS in local/plan_purposes.py")
    return COMPONENTS[component.type]


def _own_description(resource: RecordedResource) -> str:
    for name in _OWN_DESCRIPTIONS:
        if isinstance(text := resource.inputs.get(name), str) and text.strip():
            return text.strip()
    if resource.type == "aws:sfn/stateMachine:StateMachine":
        return str(json.loads(resource.inputs["definition"]).get("Comment", "")).partition(". ")[0].rstrip(".")
    return ""


class _Fields(Mapping[str, Any]):
    """Inputs by dotted path, and ``owner``."""

    def __init__(self, resource: RecordedResource, owner: str) -> None:
        self._inputs = resource.inputs
        self._owner = owner

    def __getitem__(self, path: str) -> Any:
        if path == "owner":
            return self._owner
        found: Any = self._inputs
        for key in path.split("."):
            if isinstance(found, list) and key.isdigit() and int(key) < len(found):
                found = found[int(key)]
            elif isinstance(found, Mapping) and key in found:
                found = found[key]
            else:
                raise KeyError(path)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._inputs)

    def __len__(self) -> int:
        return len(self._inputs)


class _Template(string.Formatter):
    def get_field(self, field_name: str, args: Any, kwargs: Mapping[str, Any]) -> Any:  # noqa: ARG002 (the base's signature)
        return kwargs[field_name], field_name


def _first(fields: Mapping[str, Any], *paths: str, default: str) -> str:
    for path in paths:
        try:
            return str(fields[path])
        except KeyError:
            continue
    return default


def _rights(fields: Mapping[str, Any]) -> str:
    """Which services the policy opens; the statements themselves are what ``pulumi preview`` shows."""
    statements = json.loads(fields["policy"])["Statement"]
    actions = {action for each in statements for action in _as_list(each.get("Action", []))}
    services = sorted({action.partition(":")[0] for action in actions})
    many = "one action" if len(actions) == 1 else f"{len(actions)} actions"
    return f"What {fields['owner']} may do, and with what: {many} of {', '.join(services)}"


def _resource_policy(fields: Mapping[str, Any]) -> str:
    statements = json.loads(fields["policy"])["Statement"]
    allowed = sorted({who for each in statements if each["Effect"] == "Allow" for who in _services_of(each)})
    texts = [f"lets {', '.join(allowed)} in, as {fields['owner']} needs"] if allowed else []
    if any("aws:SecureTransport" in json.dumps(each.get("Condition", {})) for each in statements):
        texts.append("refuses whoever asks without encryption on the way")
    text = "; ".join(texts) or f"says who may use {fields['owner']}"
    return text[0].upper() + text[1:]


def _assumed_by(fields: Mapping[str, Any]) -> str:
    statements = json.loads(fields["assumeRolePolicy"])["Statement"]
    return f"Whom {fields['owner']} acts as; only {', '.join(sorted(_services_of(statements[0])))} may take it on"


def _services_of(statement: Mapping[str, Any]) -> list[str]:
    principal = statement.get("Principal", {})
    if not isinstance(principal, Mapping):
        return ["everybody"]
    return [str(who) for kind in principal.values() for who in _as_list(kind)]


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def _life_cycle(fields: Mapping[str, Any]) -> str:
    parts = []
    for rule in fields["rules"]:
        days = rule.get("expiration", {}).get("days")
        prefix = rule.get("filter", {}).get("prefix") or "everything"
        if days:
            parts.append(f"removes {prefix} after {days} days")
        if old := rule.get("noncurrentVersionExpiration", {}).get("noncurrentDays"):
            parts.append(f"removes overwritten versions after {old} days")
        if parted := rule.get("abortIncompleteMultipartUpload", {}).get("daysAfterInitiation"):
            parts.append(f"gives up unfinished uploads after {parted} days")
    text = ", ".join(dict.fromkeys(parts)) or "keeps everything"
    return text[0].upper() + text[1:]


def _queue(fields: Mapping[str, Any]) -> str:
    days = int(_first(fields, "messageRetentionSeconds", default="345600")) // (24 * 3600)
    return f"Keeps messages of {fields['owner']} for {days} days"


def _subnet(fields: Mapping[str, Any]) -> str:
    kind = "Public" if _first(fields, "mapPublicIpOnLaunch", default="False") == "True" else "Own"
    return f"{kind} addresses of {fields['owner']} in {fields['availabilityZone']}: {fields['cidrBlock']}"


def _route(fields: Mapping[str, Any]) -> str:
    way = next(
        (
            text
            for path, text in (
                ("natGatewayId", "through the NAT gateway"),
                ("gatewayId", "through the internet gateway"),
                ("vpcPeeringConnectionId", "over the peering with the database's network"),
                ("egressOnlyGatewayId", "out only"),
            )
            if path in fields
        ),
        "on its way",
    )
    return f"Sends traffic to {_first(fields, 'destinationCidrBlock', 'destinationIpv6CidrBlock', default='it')} {way}"


def _endpoint(fields: Mapping[str, Any]) -> str:
    service = str(fields["serviceName"]).rpartition(".")[2]
    kind = _first(fields, "vpcEndpointType", default="Gateway")
    return f"{kind} endpoint: reaches {service} without leaving AWS's network"


def _rule(direction: str) -> Callable[[Mapping[str, Any]], str]:
    def text(fields: Mapping[str, Any]) -> str:
        first = _first(fields, "fromPort", default="-1")
        ports = "every port" if first == "-1" else f"port {first}"
        other = _first(
            fields, "referencedSecurityGroupId", "cidrIpv4", "cidrIpv6", "prefixListId", default="its own members"
        )
        return f"{direction} {ports} {'from' if direction == 'Lets in' else 'to'} {_readable(other)}"

    return text


def _readable(other: str) -> str:
    if other.startswith("sg-"):
        return "members of one other security group"
    if other.startswith("pl-"):
        return "the addresses of one AWS service"
    return "everywhere" if other in {"0.0.0.0/0", "::/0"} else other


def _scaling(fields: Mapping[str, Any]) -> str:
    metric = _first(
        fields,
        "targetTrackingScalingPolicyConfiguration.predefinedMetricSpecification.predefinedMetricType",
        default="its load",
    )
    target = _first(fields, "targetTrackingScalingPolicyConfiguration.targetValue", default="its target")
    return f"Adds and removes tasks of {fields['owner']} to hold {metric} near {target}"


def _invoke(fields: Mapping[str, Any]) -> str:
    return f"Runs {fields['functionName']} at an update, whenever {', '.join(sorted(fields['triggers']))} changed"


def _cluster_size(fields: Mapping[str, Any]) -> str:
    size = _first(
        fields,
        "replicationSpecs.0.regionConfigs.0.electableSpecs.instanceSize",
        default=_first(fields, "replicationSpecs.0.regionConfigs.0.providerName", default="shared"),
    )
    return f"The database cluster itself, size {size}"


_CONNECTIONS: Final = {"ACCEPT": "were accepted", "REJECT": "were refused", "ALL": "were accepted or refused"}


def _flow_log(fields: Mapping[str, Any]) -> str:
    return f"Records which connections of {fields['owner']} {_CONNECTIONS[fields['trafficType']]}"


def _index_key(fields: Mapping[str, Any]) -> str:
    if "globalAccessRule" in fields:
        return f"A key of {fields['owner']} that may do everything, so that collections can be made"
    rules = fields["collectionAccessRules"]
    verb = "read" if all(rule["accessType"].endswith("READ_ONLY") for rule in rules) else "read and write"
    return f"A key of {fields['owner']} that may {verb} {', '.join(rule['collectionName'] for rule in rules)}"


def _database_user(fields: Mapping[str, Any]) -> str:
    rights = sorted({str(role.get("roleName")) for role in fields["roles"] if isinstance(role, Mapping)})
    return f"Lets {_short_arn(fields['username'])} sign in with {', '.join(rights)}"


def _short_arn(name: str) -> str:
    return name.rpartition("/")[2] if name.startswith("arn:") else name


RESOURCES: Final[Mapping[str, str | Callable[[Mapping[str, Any]], str]]] = {
    "aws:acm/certificate:Certificate": "Certificate of {domainName}",
    "aws:apigatewayv2/api:Api": "Public address of {owner}: takes requests over HTTPS and passes them on",
    "aws:apigatewayv2/authorizer:Authorizer": "Checks who calls {owner} before a request is passed on",
    "aws:apigatewayv2/integration:Integration": "Passes requests on to the containers of {owner}",
    "aws:apigatewayv2/route:Route": "Which requests {owner} answers: {routeKey}",
    "aws:apigatewayv2/stage:Stage": "Publishes the API of {owner}, with its access log and rate limit",
    "aws:apigatewayv2/vpcLink:VpcLink": "Lets the public API reach the containers inside the private network",
    "aws:appautoscaling/policy:Policy": _scaling,
    "aws:appautoscaling/target:Target": "Keeps {owner} between {minCapacity} and {maxCapacity} tasks",
    "aws:budgets/budget:Budget": "Says when the account spends more than {limitAmount} {limitUnit}",
    "aws:cloudfront/cachePolicy:CachePolicy": "How long the CDN keeps what {owner} serves",
    "aws:cloudfront/distribution:Distribution": "Serves what {owner} stands before, from close by",
    "aws:cloudfront/originAccessControl:OriginAccessControl": "Signs the CDN's requests to the bucket",
    "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy": "Headers that the CDN adds to every answer",
    "aws:cloudwatch/dashboard:Dashboard": "One page of figures over the whole stack",
    "aws:cloudwatch/logGroup:LogGroup": "What {owner} logs, kept {retentionInDays} days",
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": "Counts lines in the log of {owner}, for an alarm",
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": "Lets AWS services write to the stack's log groups",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "Rings when {metricName} of {owner} passes {threshold}",
    "aws:dynamodb/table:Table": "Items of {owner} by {hashKey}",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": "Takes every right from the group that AWS makes by itself",
    "aws:ec2/eip:Eip": "A fixed public address for the way out of {owner}",
    "aws:ec2/flowLog:FlowLog": _flow_log,
    "aws:ec2/internetGateway:InternetGateway": "Joins the public subnets of {owner} to the internet",
    "aws:ec2/natGateway:NatGateway": "Lets private subnets of {owner} call out, and nobody in",
    "aws:ec2/route:Route": _route,
    "aws:ec2/routeTable:RouteTable": "Ways out of subnets of {owner}",
    "aws:ec2/routeTableAssociation:RouteTableAssociation": "Puts a route table to work in one subnet of {owner}",
    "aws:ec2/securityGroup:SecurityGroup": "Who may talk to {owner}",
    "aws:ec2/securityGroupRule:SecurityGroupRule": "One connection that {owner} allows: {type}",
    "aws:ec2/subnet:Subnet": _subnet,
    "aws:ec2/vpc:Vpc": "The private network itself: {cidrBlock}",
    "aws:ec2/vpcEndpoint:VpcEndpoint": _endpoint,
    "aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter": "Agrees to the peering with the database",
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": "Removes old images of {owner}",
    "aws:ecr/repository:Repository": "Container images of {owner}",
    "aws:ecs/cluster:Cluster": "Groups the services; their figures by task are {settings.0.value}",
    "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders": "Lets the cluster run on Fargate alone",
    "aws:ecs/service:Service": "Keeps tasks of {owner} running, {desiredCount} to begin with, and replaces them",
    "aws:ecs/taskDefinition:TaskDefinition": "What one task of {owner} runs: {cpu} CPU units, {memory} MiB",
    "aws:elasticache/parameterGroup:ParameterGroup": "Settings of the cache server: {family}",
    "aws:elasticache/replicationGroup:ReplicationGroup": "The cache itself: {nodeType}",
    "aws:elasticache/subnetGroup:SubnetGroup": "Subnets that the cache stands in",
    "aws:elasticache/user:User": "Who may sign in to the cache: {userName}",
    "aws:elasticache/userGroup:UserGroup": "Users that the cache knows",
    "aws:elasticache/userGroupAssociation:UserGroupAssociation": "Adds a user to those that the cache knows",
    "aws:iam/policy:Policy": _rights,
    "aws:iam/role:Role": _assumed_by,
    "aws:iam/rolePolicy:RolePolicy": _rights,
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "Gives {owner} the rights of {policyArn}",
    "aws:kms/alias:Alias": "A name for the key of {owner}",
    "aws:kms/key:Key": "Encrypts what {owner} keeps",
    "aws:lambda/function:Function": "Runs {handler}",
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": (
        "Tries a failed run of {owner} {maximumRetryAttempts} times more, then puts it in a dead-letter queue"
    ),
    "aws:lambda/invocation:Invocation": _invoke,
    "aws:lambda/layerVersion:LayerVersion": "Libraries that functions share, as one package: {layerName}",
    "aws:lambda/permission:Permission": "Lets {principal} run the function of {owner}",
    "aws:lb/listener:Listener": "Takes requests for {owner} on port {port}",
    "aws:lb/listenerRule:ListenerRule": "Decides which requests go to {owner}",
    "aws:lb/loadBalancer:LoadBalancer": "Spreads requests over the tasks of {owner}",
    "aws:lb/targetGroup:TargetGroup": "Tasks of {owner} that answer, found by health checks",
    "aws:s3/bucket:Bucket": "Holds the objects of {owner}",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _life_cycle,
    "aws:s3/bucketNotification:BucketNotification": "Says when objects of {owner} come and go",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": "Objects of {owner} belong to the bucket's account",
    "aws:s3/bucketPolicy:BucketPolicy": _resource_policy,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": "Keeps objects of {owner} from ever becoming public",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        "Encrypts objects of {owner} where they lie"
    ),
    "aws:s3/bucketVersioning:BucketVersioning": "Keeps overwritten objects of {owner}, so that a mistake can be undone",
    "aws:scheduler/schedule:Schedule": "Starts a function at {scheduleExpression}",
    "aws:scheduler/scheduleGroup:ScheduleGroup": "Holds the timers of {owner}, apart from all others",
    "aws:secretsmanager/secret:Secret": "A secret of {owner}, read when it is needed",
    "aws:secretsmanager/secretVersion:SecretVersion": "The value of a secret of {owner}, made by the program",
    "aws:servicediscovery/privateDnsNamespace:PrivateDnsNamespace": "Names inside the private network: {name}",
    "aws:servicediscovery/service:Service": "The name under which tasks of {owner} find it",
    "aws:sfn/stateMachine:StateMachine": "Runs the functions of {owner} in order",
    "aws:sns/topic:Topic": "Announces what {owner} has to say",
    "aws:sns/topicPolicy:TopicPolicy": _resource_policy,
    "aws:sns/topicSubscription:TopicSubscription": "Tells somebody by {protocol} what the topic announces",
    "aws:sqs/queue:Queue": _queue,
    "aws:ssm/parameter:Parameter": "Names of what the stack made, as one JSON document: {name}",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _rule("Lets out"),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _rule("Lets in"),
    "mongodbatlas:index/advancedCluster:AdvancedCluster": _cluster_size,
    "mongodbatlas:index/auditing:Auditing": "Records who did what in the database",
    "mongodbatlas:index/cloudBackupSchedule:CloudBackupSchedule": "When backups are made, and how long they are kept",
    "mongodbatlas:index/customDbRole:CustomDbRole": "A set of rights in the database: {roleName}",
    "mongodbatlas:index/databaseUser:DatabaseUser": _database_user,
    "mongodbatlas:index/flexCluster:FlexCluster": "The database cluster itself, on shared machines",
    "mongodbatlas:index/maintenanceWindow:MaintenanceWindow": "When the service may restart the database",
    "mongodbatlas:index/networkContainer:NetworkContainer": "The database's own network: {atlasCidrBlock}",
    "mongodbatlas:index/networkPeering:NetworkPeering": "Joins the database's network with that of the functions",
    "mongodbatlas:index/privateLinkEndpoint:PrivateLinkEndpoint": "The database's end of a private connection",
    "mongodbatlas:index/privateLinkEndpointService:PrivateLinkEndpointService": "Accepts the private connection",
    "mongodbatlas:index/project:Project": "Holds the cluster, its users and its network, apart from other projects",
    "mongodbatlas:index/projectIpAccessList:ProjectIpAccessList": "An address that may reach the database",
    "qdrant-cloud:index/accountsBackupSchedule:AccountsBackupSchedule": "When the index is backed up: {cronExpression}",
    "qdrant-cloud:index/accountsCluster:AccountsCluster": "The vector index itself",
    "qdrant-cloud:index/accountsDatabaseApiKeyV2:AccountsDatabaseApiKeyV2": _index_key,
    "pulumi:providers:aws": "Speaks to AWS in {region}, and puts the stack's tags on everything it makes",
    "pulumi:providers:mongodbatlas": "Speaks to MongoDB Atlas",
    "pulumi:providers:qdrant-cloud": "Speaks to Qdrant Cloud",
}
