"""What an architecture diagram shows of a recording: components as nodes, and who uses what as edges.

Edges come from what the program registers, never from a drawing: from rights (IAM statements name the ARNs they are
for), from references (what a resource depends on) and from the variables of functions. ``PLACES`` says of every type
of component where it stands; a type that is neither there nor in ``NOT_DRAWN`` is an error that names it.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from fnmatch import fnmatchcase
from typing import Any, Final

from local.errors import LocalStackError
from local.plan_purposes import purpose_of
from local.recording import RecordedResource, Recording

FUNCTION: Final = "anime:aws:Function"
MACHINE: Final = "anime:aws:Machine"
DEAD_LETTERS: Final = "anime:aws:DeadLetterQueue"


class NoPlace(LocalStackError):
    """A type of component that nobody has given a place."""


class Side(StrEnum):
    """A diagram is read from left to right: what starts things, what works, what it works with."""

    LEFT = "left"
    MIDDLE = "middle"
    RIGHT = "right"


class Area(StrEnum):
    """In the order in which they stand below each other."""

    TRIGGERS = "Timers and updates"
    PIPELINE = "Functions and state machines"
    DELIVERY = "Delivery"
    STORES = "Stores"
    OUTSIDE = "Outside services"
    NETWORK = "Network"
    OPERATIONS = "Operations"

    @property
    def side(self) -> Side:
        if self is Area.TRIGGERS:
            return Side.LEFT
        return Side.MIDDLE if self in {Area.PIPELINE, Area.DELIVERY} else Side.RIGHT


class Kind(IntEnum):
    """Of an edge; where there are several between two nodes, the highest is drawn."""

    USES = 1
    INSIDE = 2
    READS = 3
    WRITES = 4
    STARTS = 5


@dataclass(frozen=True, kw_only=True)
class Place:
    """``kind`` is what the thing is. ``referenced``: to depend on it is worth an edge, even without any right to it.
    ``inside``: whoever depends on it stands in it. ``lists``: it holds the names of everything else, so its own edges
    would say nothing."""

    area: Area
    kind: str
    referenced: bool = False
    inside: bool = False
    lists: bool = False


PLACES: Final[Mapping[str, Place]] = {
    "anime:application:Agent": Place(area=Area.DELIVERY, kind="search agent on Fargate", referenced=True),
    "anime:application:Bff": Place(area=Area.DELIVERY, kind="GraphQL server on Fargate, behind an HTTP API"),
    "anime:aws:AlarmTopic": Place(area=Area.OPERATIONS, kind="SNS topic of all alarms", referenced=True),
    "anime:aws:Cache": Place(area=Area.STORES, kind="ElastiCache for Valkey", referenced=True),
    "anime:aws:Credentials": Place(area=Area.OPERATIONS, kind="Secrets Manager"),
    DEAD_LETTERS: Place(area=Area.OPERATIONS, kind="SQS queue of failures", referenced=True),
    "anime:aws:DeduplicationMap": Place(area=Area.STORES, kind="DynamoDB table"),
    "anime:aws:Endpoints": Place(area=Area.OPERATIONS, kind="SSM parameter for the command line", lists=True),
    "anime:aws:EpisodeSchedules": Place(area=Area.TRIGGERS, kind="one-time timers, one an episode"),
    FUNCTION: Place(area=Area.PIPELINE, kind="Lambda function"),
    "anime:aws:ImagesCdn": Place(area=Area.DELIVERY, kind="CloudFront: serves the stored images"),
    MACHINE: Place(area=Area.PIPELINE, kind="Step Functions state machine"),
    "anime:aws:Network": Place(area=Area.NETWORK, kind="VPC with private subnets", inside=True),
    "anime:aws:PrivateBucket": Place(area=Area.STORES, kind="S3 bucket", referenced=True),
    "anime:aws:RateBuckets": Place(area=Area.STORES, kind="DynamoDB table of request rates"),
    "anime:aws:Review": Place(area=Area.OPERATIONS, kind="alarms over the review functions"),
    "anime:aws:ServiceCluster": Place(area=Area.NETWORK, kind="ECS cluster of the services", inside=True),
    "anime:mongo:Cluster": Place(area=Area.STORES, kind="MongoDB Atlas", referenced=True),
    "anime:mongo:CollectionsIndexes": Place(area=Area.TRIGGERS, kind="updates that change the stored form"),
    "anime:mongo:NetworkAccess": Place(area=Area.NETWORK, kind="way to the database", referenced=True),
    "anime:qdrant:Cluster": Place(area=Area.STORES, kind="Qdrant Cloud", referenced=True),
    "aws:scheduler/schedule:Schedule": Place(area=Area.TRIGGERS, kind="EventBridge schedule"),
}
"""By type, components first; a resource is here only where it is worth a box of its own."""

NOT_DRAWN: Final[Mapping[str, str]] = {
    "anime:application:Databases": "holds the two databases, which are drawn",
    "anime:application:Pipeline": "holds the functions, machines and timers, which are drawn",
    "anime:application:Services": "holds the services and their cluster, which are drawn",
    "anime:application:Storage": "holds buckets, tables and queues, which are drawn",
    "anime:aws:FargateService": "part of the service that it runs for",
    "anime:aws:Layer": "part of every function",
    "anime:aws:Layers": "part of every function",
    "anime:aws:SecurityGroups": "part of the network",
    "anime:aws:Schedules": "each of its schedules is drawn",
    "anime:mongo:Project": "holds the cluster, which is drawn",
    "anime:mongo:Users": "its users are the functions themselves: they are the edges to the cluster",
}

_OUTSIDE_BY_SERVICE: Final[Mapping[str, tuple[str, str]]] = {
    "bedrock": ("Amazon Bedrock", "makes vectors of texts"),
}
"""Services without a resource of ours, by the service in an ARN of a right."""

_OUTSIDE_BY_VARIABLE: Final[Mapping[str, tuple[str, str]]] = {
    "HTTP_TRANSPORT": ("catalogues", "AniList, Jikan, Kitsu ... and image hosts"),
    "RELEASE_REPOSITORY": ("releases", "anime-offline-database on GitHub"),
}
"""The outside world, by the variable that tells a function how to reach it."""

_STARTING: Final = frozenset(
    {"lambda:InvokeFunction", "states:StartExecution", "states:SendTaskSuccess", "states:SendTaskFailure"}
)
_READING: Final = ("BatchGet", "Describe", "Get", "Head", "List", "Query", "Scan")
_USING: Final = frozenset({"bedrock:InvokeModel", "iam:PassRole"})
_ROLE: Final = "aws:iam/role:Role"
_SCHEDULE: Final = "aws:scheduler/schedule:Schedule"
_DATABASE_USER: Final = "mongodbatlas:index/databaseUser:DatabaseUser"
_DATABASE: Final = "anime:mongo:Cluster"
_DATABASE_ROLE: Final = "mongodbatlas:index/customDbRole:CustomDbRole"
_INDEX_KEY: Final = "qdrant-cloud:index/accountsDatabaseApiKeyV2:AccountsDatabaseApiKeyV2"
_KEPT_KEY: Final = "aws:secretsmanager/secretVersion:SecretVersion"
_READING_IN_DATABASE: Final = ("COLL_STATS", "DB_STATS", "FIND", "LIST_", "VIEW_")


@dataclass(frozen=True, kw_only=True)
class Node:
    """``key`` is a URN, or a made-up one of an outside service. ``text`` stands under the title, ``purpose`` is what a
    pointer over the box shows."""

    key: str
    type: str
    area: Area
    title: str
    text: str
    purpose: str

    @property
    def side(self) -> Side:
        return self.area.side


@dataclass(frozen=True, kw_only=True)
class Edge:
    source: str
    target: str
    kind: Kind


@dataclass(frozen=True, kw_only=True)
class Model:
    """``calls`` are the functions of each machine, in the order of its states."""

    project: str
    stack: str
    region: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    calls: Mapping[str, tuple[str, ...]]

    def node(self, key: str) -> Node:
        return next(node for node in self.nodes if node.key == key)


def model_of(recording: Recording) -> Model:
    """Raises:
    NoPlace: a component's type is not in ``PLACES`` or ``NOT_DRAWN``.
    """
    return _Reader(recording).read()


class _Reader:
    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._by_urn = {resource.urn: resource for resource in recording}
        self._nodes: dict[str, Node] = {}
        self._edges: dict[tuple[str, str], Kind] = {}
        self._arns: dict[str, str] = {}
        self._index_keys: dict[str, tuple[str, Kind]] = {}

    def read(self) -> Model:
        for resource in self._recording:
            self._place(resource)
        for resource in self._recording:
            key = self._node_of(resource)
            if key and isinstance(arn := resource.outputs.get("arn"), str):
                self._arns[arn] = key
        for resource in self._recording.of_type(_KEPT_KEY):
            self._read_index_key(resource)
        for resource in self._recording:
            self._read_edges(resource)
        nodes = sorted(self._nodes.values(), key=lambda node: (list(Area).index(node.area), node.title, node.key))
        edges = [Edge(source=s, target=t, kind=kind) for (s, t), kind in sorted(self._edges.items())]
        return Model(
            project=self._recording.project,
            stack=self._recording.stack,
            region=self._region(),
            nodes=tuple(nodes),
            edges=tuple(edges),
            calls={node.key: self._calls(node.key) for node in nodes if node.type == MACHINE},
        )

    def _region(self) -> str:
        providers = self._recording.of_type("pulumi:providers:aws")
        return str(providers[0].inputs.get("region", "")) if providers else ""

    def _place(self, resource: RecordedResource) -> None:
        if resource.custom and resource.type not in PLACES:
            return
        if resource.type in NOT_DRAWN or resource.type == "pulumi:pulumi:Stack":
            return
        if resource.type not in PLACES:
            raise NoPlace(
                f"nobody has said where a {resource.type} stands in the diagram: "
                "add it to PLACES or NOT_DRAWN in local/diagram_model.py"
            )
        place = PLACES[resource.type]
        purpose = purpose_of(resource, self._recording)
        told = resource.type in {FUNCTION, MACHINE, _SCHEDULE}
        self._nodes[resource.urn] = Node(
            key=resource.urn,
            type=resource.type,
            area=place.area,
            title=self._title(resource),
            text=purpose if told else place.kind,
            purpose=f"{place.kind}: {purpose}",
        )

    def _title(self, resource: RecordedResource) -> str:
        """Without the name of a component that is not drawn."""
        parent = self._by_urn.get(resource.parent or "")
        if resource.custom and parent is not None:
            return resource.name.removeprefix(f"{parent.name}-")
        return resource.name

    def _node_of(self, resource: RecordedResource) -> str | None:
        """The nearest that is drawn, from the resource outwards."""
        found: RecordedResource | None = resource
        while found is not None:
            if found.urn in self._nodes:
                return found.urn
            found = self._by_urn.get(found.parent or "")
        return None

    def _read_edges(self, resource: RecordedResource) -> None:
        if resource.type == _DATABASE_USER:
            self._read_database_user(resource)
        source = self._node_of(resource)
        if source is None or PLACES[self._nodes[source].type].lists:
            return
        for dependency in resource.options.dependencies:
            self._read_dependency(source, dependency)
        if isinstance(policy := resource.inputs.get("policy"), str):
            for statement in json.loads(policy)["Statement"]:
                self._read_statement(source, statement)
        variables = (resource.inputs.get("environment") or {}).get("variables") or {}
        for variable, (title, text) in _OUTSIDE_BY_VARIABLE.items():
            if variable in variables:
                self._add(source, self._outside(title, text), Kind.USES)

    def _read_dependency(self, source: str, dependency: str) -> None:
        resource = self._by_urn.get(dependency)
        target = self._node_of(resource) if resource else None
        if target is None or target == source:
            return
        node = self._nodes[target]
        if self._nodes[source].side is Side.LEFT:
            # What else it depends on has to be there before; it does nothing with it.
            if node.type in {FUNCTION, DEAD_LETTERS}:
                self._add(source, target, Kind.STARTS if node.type == FUNCTION else Kind.WRITES)
        elif PLACES[node.type].inside:
            self._add(source, target, Kind.INSIDE)
        elif PLACES[node.type].referenced:
            self._add(source, target, Kind.USES)

    def _read_statement(self, source: str, statement: Mapping[str, Any]) -> None:
        if statement["Effect"] != "Allow":
            return
        for action in _as_list(statement["Action"]):
            kind = _kind_of(action)
            for pattern in _as_list(statement["Resource"]):
                for target, found in self._targets(pattern, kind):
                    if target != source and action != "iam:PassRole":
                        self._add(source, target, found)

    def _targets(self, pattern: str, kind: Kind) -> Iterator[tuple[str, Kind]]:
        """What is meant, and what is done with it: whoever reads a key of the index does with that what the key may."""
        service = pattern.split(":")[2] if pattern.count(":") > 1 else ""
        if service in _OUTSIDE_BY_SERVICE:
            yield self._outside(*_OUTSIDE_BY_SERVICE[service]), kind
            return
        wanted = _normal(pattern)
        if wanted in {"", "*"}:
            return
        for arn, key in self._arns.items():
            if wanted == arn or wanted.startswith((f"{arn}/", f"{arn}:")) or fnmatchcase(arn, wanted):
                yield key, kind
        if wanted in self._index_keys:
            yield self._index_keys[wanted]

    def _read_database_user(self, user: RecordedResource) -> None:
        """An IAM role as a user of the database: the component whose role it is reads, or reads and writes."""
        source = self._arns.get(str(user.inputs.get("username")))
        clusters = [key for key, node in self._nodes.items() if node.type == _DATABASE]
        if source is None or not clusters:
            return
        names = {role["roleName"] for role in user.inputs["roles"]}
        roles = [role for role in self._recording.of_type(_DATABASE_ROLE) if role.inputs["roleName"] in names]
        actions = {action["action"] for role in roles for action in role.inputs["actions"]}
        reads = actions and all(action.startswith(_READING_IN_DATABASE) for action in actions)
        for cluster in clusters:
            self._add(source, cluster, Kind.READS if reads else Kind.WRITES)

    def _read_index_key(self, value: RecordedResource) -> None:
        """A secret that holds a key of the vector index: to which cluster, and what the key may do there."""
        for dependency in value.options.dependencies:
            key = self._by_urn.get(dependency)
            if key is None or key.type != _INDEX_KEY or (cluster := self._node_of(key)) is None:
                continue
            rules = key.inputs.get("collectionAccessRules") or []
            reads = rules and all(rule["accessType"].endswith("READ_ONLY") for rule in rules)
            self._index_keys[str(value.inputs["secretId"])] = (cluster, Kind.READS if reads else Kind.WRITES)

    def _outside(self, title: str, text: str) -> str:
        key = f"outside:{title}"
        self._nodes[key] = Node(key=key, type="outside", area=Area.OUTSIDE, title=title, text=text, purpose=text)
        return key

    def _add(self, source: str, target: str, kind: Kind) -> None:
        known = self._edges.get((source, target))
        self._edges[source, target] = kind if known is None else max(known, kind)

    def _calls(self, machine: str) -> tuple[str, ...]:
        """By the first state that names the function."""
        definitions = [
            str(resource.inputs["definition"])
            for resource in self._recording
            if resource.type == "aws:sfn/stateMachine:StateMachine" and self._node_of(resource) == machine
        ]
        text = "".join(definitions)
        named = [
            (match.start(), key)
            for arn, key in self._arns.items()
            if self._nodes[key].type == FUNCTION and (match := re.search(re.escape(arn) + r"\b(?!-)", text))
        ]
        return tuple(key for _, key in sorted(named))


def _kind_of(action: str) -> Kind:
    if action in _STARTING:
        return Kind.STARTS
    if action in _USING:
        return Kind.USES
    return Kind.READS if action.partition(":")[2].startswith(_READING) else Kind.WRITES


def _normal(arn: str) -> str:
    """An execution belongs to its machine, a schedule to its group, an object to its bucket."""
    text = arn.replace(":execution:", ":stateMachine:").replace(":schedule/", ":schedule-group/")
    return re.sub(r"[/:]\*(:\*)?$", "", text).removesuffix("/*")


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]
