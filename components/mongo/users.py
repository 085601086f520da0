"""Who may do what with the documents: one database user for each IAM role, with the rights of its group.

``RIGHTS`` is the one table of groups. A test drives the adapters of MongoDB and holds what they ask of the server
against it: no group lacks a right that one of its tasks needs, and none has a right that no task of it needs. Rights
end at the collection; MongoDB cannot grant a single field.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import pulumi
import pulumi_mongodbatlas as mongodbatlas

from models.collections import ANIMES, CHARACTERS, COLLECTIONS, EPISODES, LOCKS, REVIEWS, Collection

DATABASE: Final = ""
"""In place of a collection: the whole database."""

_ROLE_ARN: Final = re.compile(r"^arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+$")
_LOGICAL: Final = re.compile(r"^[a-z]+(-[a-z]+)*$")


class Action(StrEnum):
    """Atlas's names (https://www.mongodb.com/docs/atlas/reference/custom-role-actions/)."""

    FIND = "FIND"
    INSERT = "INSERT"
    UPDATE = "UPDATE"
    REMOVE = "REMOVE"
    COLL_MOD = "COLL_MOD"
    CREATE_COLLECTION = "CREATE_COLLECTION"
    CREATE_INDEX = "CREATE_INDEX"
    DROP_INDEX = "DROP_INDEX"
    LIST_COLLECTIONS = "LIST_COLLECTIONS"
    LIST_INDEXES = "LIST_INDEXES"


class DocumentRights(StrEnum):
    """Groups of what reaches the documents."""

    READ = "read"
    """Reads entries: searches, snapshots, the API and applications. Sees neither reviews, which hold task tokens, nor
    locks."""

    WATCH = "watch"
    """Tells how long reviews have waited."""

    LOCK = "lock"
    """Reads entries and holds an anime's lock while it works elsewhere, as on the vector index."""

    START = "start"
    """Starts executions: takes the lock for them, or keeps the event as pending on the anime."""

    COORDINATE = "coordinate"
    """Starts executions and raises or ends reviews; the weekly comparison also writes the fields that it owns."""

    REVIEW = "review"
    """Asks for decisions, records them, and keeps what follows from one as pending on the anime."""

    COMMIT = "commit"
    """Writes an approved entry under its lock, after a look at the decision."""

    LOAD = "load"
    """Adds entries that are not there; changes and deletes none."""

    RESTORE = "restore"
    """Fills empty collections; when it is run again it puts right what it wrote before. No anime is deleted."""

    MIGRATE = "migrate"
    """Creates collections and makes their indexes what the list says; sees no document."""


_ENTRIES: Final = (ANIMES, EPISODES, CHARACTERS)
_FIND: Final = frozenset({Action.FIND})
_ADD: Final = _FIND | {Action.INSERT}
_CHANGE: Final = _FIND | {Action.UPDATE}
_KEEP: Final = _ADD | _CHANGE
_ALL: Final = _KEEP | {Action.REMOVE}

Rights = Mapping[str, frozenset[Action]]

_READ: Final[Rights] = dict.fromkeys(_ENTRIES, _FIND)
_WRITE: Final[Rights] = {ANIMES: _KEEP, EPISODES: _ALL, CHARACTERS: _ALL}
_START: Final[Rights] = {**_READ, ANIMES: _CHANGE, LOCKS: _ALL}


def _shape(collection: Collection) -> frozenset[Action]:
    """An expiry is changed in place; any other change is a new index."""
    expires = any(index.expire_after_seconds is not None for index in collection.indexes)
    index = {Action.CREATE_INDEX, Action.DROP_INDEX, Action.LIST_INDEXES}
    return frozenset({Action.CREATE_COLLECTION, *index, *([Action.COLL_MOD] if expires else [])})


RIGHTS: Final[Mapping[DocumentRights, Rights]] = {
    DocumentRights.READ: _READ,
    DocumentRights.WATCH: {REVIEWS: _FIND},
    DocumentRights.LOCK: {**_READ, LOCKS: _ALL},
    DocumentRights.START: _START,
    DocumentRights.COORDINATE: {**_START, REVIEWS: _KEEP},
    DocumentRights.REVIEW: {**_READ, ANIMES: _CHANGE, REVIEWS: _KEEP},
    DocumentRights.COMMIT: {**_WRITE, LOCKS: _KEEP, REVIEWS: _FIND},
    DocumentRights.LOAD: dict.fromkeys(_ENTRIES, _ADD),
    DocumentRights.RESTORE: _WRITE,
    DocumentRights.MIGRATE: {
        DATABASE: frozenset({Action.LIST_COLLECTIONS}),
        **{collection.name: _shape(collection) for collection in COLLECTIONS},
    },
}
"""Actions by collection."""


@dataclass(frozen=True, kw_only=True)
class DocumentUser:
    role_arn: pulumi.Input[str]
    rights: DocumentRights


@dataclass(frozen=True, kw_only=True)
class UsersArgs:
    """``users`` by a name that lasts, such as the function's; ``role_prefix`` is what the names of roles in Atlas begin
    with. ``application_reader`` is the IAM role of an application outside the stack, which may read entries.
    """

    project_id: pulumi.Input[str]
    cluster_name: pulumi.Input[str]
    database: str
    role_prefix: str
    users: Mapping[str, DocumentUser]
    application_reader: str | None = None

    def __post_init__(self) -> None:
        for user in self.users:
            if not _LOGICAL.fullmatch(user):
                raise ValueError(
                    f"user {user!r} would not keep its place in the stack's state: name it by its part, a-z and dashes"
                )
        if self.application_reader is not None and not _ROLE_ARN.fullmatch(self.application_reader):
            raise ValueError(
                f"{self.application_reader!r} could never sign in: give the ARN of an IAM role, such as "
                "arn:aws:iam::123456789012:role/web"
            )
        if _READER in self.users:
            raise ValueError(f"user {_READER!r} is the application's own: name yours by its part")


_READER: Final = "application-reader"


class Users(pulumi.ComponentResource):
    """Expects an explicit Atlas provider in its options. ``groups`` are those that somebody belongs to, in order.

    Nobody has a password: Atlas asks AWS who signs in. A new user can sign in about a minute after it is made.
    """

    def __init__(self, name: str, args: UsersArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("anime:mongo:Users", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        users = dict(args.users)
        if args.application_reader is not None:
            users[_READER] = DocumentUser(role_arn=args.application_reader, rights=DocumentRights.READ)
        self.groups = sorted({user.rights.value for user in users.values()})
        roles = {
            group: mongodbatlas.CustomDbRole(
                f"{name}-may-{group}",
                project_id=args.project_id,
                role_name=f"{args.role_prefix}-{group}",
                actions=role_actions(DocumentRights(group), args.database),
                opts=child,
            )
            for group in self.groups
        }
        for user, who in users.items():
            mongodbatlas.DatabaseUser(
                f"{name}-{user}",
                project_id=args.project_id,
                auth_database_name="$external",
                aws_iam_type="ROLE",
                username=who.role_arn,
                description=f"{user}: may {who.rights}",
                roles=[{"role_name": roles[who.rights.value].role_name, "database_name": "admin"}],
                scopes=[{"name": args.cluster_name, "type": "CLUSTER"}],
                opts=child,
            )
        self.register_outputs({"groups": self.groups})


def role_actions(rights: DocumentRights, database: str) -> list[Any]:
    """As Atlas wants them: each action once, with all the collections it is allowed on."""
    granted = RIGHTS[rights]
    return [
        {
            "action": action.value,
            "resources": [
                {"database_name": database, "collection_name": collection}
                for collection in sorted(granted)
                if action in granted[collection]
            ],
        }
        for action in sorted(frozenset[Action]().union(*granted.values()))
    ]
