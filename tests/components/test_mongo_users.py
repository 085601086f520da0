"""Database users: one for each IAM role, each in its group, and nobody with a password."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from components.mongo.users import DATABASE, RIGHTS, Action, DocumentRights, DocumentUser, UsersArgs, role_actions
from local.recording import Recording
from models.collections import ANIMES, CHARACTERS, COLLECTIONS, EPISODES, LOCKS, REVIEWS
from tests.components.mongo_programs import ATLAS, record

USER = f"{ATLAS}databaseUser:DatabaseUser"
ROLE = f"{ATLAS}customDbRole:CustomDbRole"
ENTRIES = {ANIMES, EPISODES, CHARACTERS}

ARGS = UsersArgs(
    project_id="p",
    cluster_name="anime-infra-dev",
    database="anime_service",
    role_prefix="anime-infra-dev",
    users={"query": DocumentUser(role_arn="arn:aws:iam::123456789012:role/q", rights=DocumentRights.READ)},
)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"users": {"run_single": ARGS.users["query"]}}, "would not keep its place"),
        ({"users": {"query-2": ARGS.users["query"]}}, "would not keep its place"),
        ({"users": {"application-reader": ARGS.users["query"]}}, "the application's own"),
        ({"application_reader": "web"}, "could never sign in"),
        ({"application_reader": "arn:aws:iam::123456789012:user/web"}, "could never sign in"),
    ],
    ids=str,
)
def test_arguments_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(ARGS, **changes)


def test_a_role_of_an_application_is_taken() -> None:
    assert dataclasses.replace(ARGS, application_reader="arn:aws:iam::123456789012:role/teams/web")


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    return record(
        tmp_path,
        """
        role = "arn:aws:iam::123456789012:role/anime-infra-dev-"
        made = pulumi.Output.from_input(role + "query")
        Users(
            "mongo-users",
            UsersArgs(
                project_id=project.project_id,
                cluster_name="anime-infra-dev",
                database="anime_service",
                role_prefix="anime-infra-dev",
                users={
                    "query": DocumentUser(role_arn=made, rights=DocumentRights.READ),
                    "begin": DocumentUser(role_arn=role + "begin", rights=DocumentRights.LOCK),
                    "reconcile": DocumentUser(role_arn=role + "reconcile", rights=DocumentRights.LOCK),
                },
                application_reader="arn:aws:iam::210987654321:role/web",
            ),
            both,
        )
        """,
    )


def test_each_iam_role_is_a_user_that_aws_vouches_for(recording: Recording) -> None:
    users = recording.of_type(USER)

    assert {user.inputs["username"] for user in users} == {
        "arn:aws:iam::123456789012:role/anime-infra-dev-query",
        "arn:aws:iam::123456789012:role/anime-infra-dev-begin",
        "arn:aws:iam::123456789012:role/anime-infra-dev-reconcile",
        "arn:aws:iam::210987654321:role/web",
    }
    assert {(user.inputs["awsIamType"], user.inputs["authDatabaseName"]) for user in users} == {("ROLE", "$external")}
    assert not any("assword" in key for user in users for key in user.inputs)


def test_users_reach_this_cluster_alone(recording: Recording) -> None:
    for user in recording.of_type(USER):
        assert user.inputs["scopes"] == [{"name": "anime-infra-dev", "type": "CLUSTER"}]


def test_each_user_has_the_one_role_of_its_group(recording: Recording) -> None:
    groups = {user.name: user.inputs["roles"] for user in recording.of_type(USER)}

    assert groups == {
        f"mongo-users-{user}": [{"roleName": f"anime-infra-dev-{group}", "databaseName": "admin"}]
        for user, group in {"query": "read", "begin": "lock", "reconcile": "lock", "application-reader": "read"}.items()
    }


def test_only_groups_with_members_are_made_and_each_once(recording: Recording) -> None:
    assert {role.name for role in recording.of_type(ROLE)} == {"mongo-users-may-lock", "mongo-users-may-read"}
    assert recording.named("mongo-users").outputs == {"groups": ["lock", "read"]}


def test_a_role_in_atlas_is_what_the_table_says(recording: Recording) -> None:
    (lock,) = [role for role in recording.of_type(ROLE) if role.name.endswith("lock")]
    granted = {
        (each["collectionName"], action["action"])
        for action in lock.inputs["actions"]
        for each in action["resources"]
        if each["databaseName"] == "anime_service"
    }

    assert granted == {
        (name, action.value) for name, actions in RIGHTS[DocumentRights.LOCK].items() for action in actions
    }


def test_an_application_sees_entries_and_nothing_else() -> None:
    assert RIGHTS[DocumentRights.READ] == dict.fromkeys(ENTRIES, frozenset({Action.FIND}))


@pytest.mark.parametrize("group", DocumentRights)
def test_a_group_reaches_only_collections_of_ours(group: DocumentRights) -> None:
    known = {collection.name for collection in COLLECTIONS} | {DATABASE}

    assert set(RIGHTS[group]) <= known
    assert all(RIGHTS[group].values())


def test_task_tokens_are_seen_only_by_who_deals_with_decisions() -> None:
    assert {group for group, rights in RIGHTS.items() if Action.FIND in rights.get(REVIEWS, ())} == {
        DocumentRights.WATCH,
        DocumentRights.REVIEW,
        DocumentRights.COORDINATE,
        DocumentRights.COMMIT,
    }


def test_no_group_deletes_an_anime_or_a_review() -> None:
    assert not [group for group, rights in RIGHTS.items() if Action.REMOVE in rights.get(ANIMES, ())]
    assert not [group for group, rights in RIGHTS.items() if Action.REMOVE in rights.get(REVIEWS, ())]


def test_who_changes_the_shape_sees_no_document() -> None:
    documents = {Action.FIND, Action.INSERT, Action.UPDATE, Action.REMOVE}

    for group, rights in RIGHTS.items():
        actions = frozenset[Action]().union(*rights.values())
        assert bool(actions & documents) != bool(actions - documents), group


def test_rights_on_the_whole_database_are_to_list_it() -> None:
    assert {group: rights[DATABASE] for group, rights in RIGHTS.items() if DATABASE in rights} == {
        DocumentRights.MIGRATE: {Action.LIST_COLLECTIONS}
    }


def test_actions_are_listed_once_with_all_their_collections() -> None:
    listed = role_actions(DocumentRights.LOCK, "db")

    assert [each["action"] for each in listed] == ["FIND", "INSERT", "REMOVE", "UPDATE"]
    assert listed[1]["resources"] == [{"database_name": "db", "collection_name": LOCKS}]
    assert listed == role_actions(DocumentRights.LOCK, "db")
