"""The cache: who may come in as whom, and what each may do there."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from pulumi_policy import Policy
from redis import Redis
from redis.credentials import UsernamePasswordCredentialProvider
from redis.exceptions import NoPermissionError, ResponseError

from components.aws.elasticache import ACCESS, CATALOGUE_PREFIXES, CacheArgs, Consumer
from domain.token_bucket import Pace, take
from local.program import record_program
from local.recording import RecordedResource, Recording
from models.events import Catalogue
from policies.pack import ALL
from stores.answer_cache import RedisAnswerCache
from stores.cache import RedisCache, connect_redis
from stores.rate_buckets_redis import RedisRateBuckets
from tests.policies.judging import complaints_of_preview, complaints_of_recording
from tests.support.fixtures import valkey_url

__all__ = ["valkey_url"]

SERVERS = "aws:elasticache/replicationGroup:ReplicationGroup"
USER = "aws:elasticache/user:User"
USER_GROUP = "aws:elasticache/userGroup:UserGroup"

PROGRAM = """
import pulumi
import pulumi_aws as aws
from components.aws.elasticache import Cache, CacheArgs

ours = aws.Provider(
    "aws", region="eu-central-1", default_tags={{"tags": {{"project": "anime-infra", "environment": "prod"}}}}
)
Cache(
    "cache",
    CacheArgs(
        name_prefix="anime-infra-prod",
        subnet_ids=["subnet-a", "subnet-b"],
        security_group_id="sg-cache",
        node_type="cache.t4g.small",
        nodes={nodes},
        alarm_topic_arn="arn:aws:sns:eu-central-1:123456789012:alarms",
        protect={protect},
    ),
    pulumi.ResourceOptions(provider=ours),
)
"""


def record(root: Path, *, nodes: int, protect: bool) -> Recording:
    (root / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (root / "Pulumi.prod.yaml").write_text("config: {}")
    (root / "__main__.py").write_text(dedent(PROGRAM).format(nodes=nodes, protect=protect))
    return record_program(stack="prod", root=root)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return record(tmp_path_factory.mktemp("two"), nodes=2, protect=True)


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return record(tmp_path_factory.mktemp("single"), nodes=1, protect=False)


@pytest.fixture(params=["two", "single"])
def cache(request: pytest.FixtureRequest) -> Recording:
    recording: Recording = request.getfixturevalue(request.param)
    return recording


def servers(recording: Recording) -> RecordedResource:
    (found,) = recording.of_type(SERVERS)
    return found


def told(recording: Recording) -> dict[str, Any]:
    return dict(recording.named("cache").outputs)


class TestServers:
    def test_what_is_kept_and_what_is_sent_is_encrypted(self, cache: Recording) -> None:
        inputs = servers(cache).inputs
        assert inputs["atRestEncryptionEnabled"] is True
        assert inputs["transitEncryptionEnabled"] is True
        assert inputs["transitEncryptionMode"] == "required"

    def test_they_stand_in_the_subnets_and_the_group_that_were_given(self, cache: Recording) -> None:
        (subnets,) = cache.of_type("aws:elasticache/subnetGroup:SubnetGroup")
        assert subnets.inputs["subnetIds"] == ["subnet-a", "subnet-b"]
        assert servers(cache).inputs["subnetGroupName"] == subnets.inputs["name"]
        assert servers(cache).inputs["securityGroupIds"] == ["sg-cache"]

    def test_a_second_node_takes_over_from_another_zone(self, two: Recording, single: Recording) -> None:
        def of(recording: Recording) -> tuple[object, ...]:
            inputs = servers(recording).inputs
            return inputs["numCacheClusters"], inputs["automaticFailoverEnabled"], inputs["multiAzEnabled"]

        assert of(two) == (2, True, True)
        assert of(single) == (1, False, False)

    def test_they_are_kept_where_state_is(self, two: Recording, single: Recording) -> None:
        def of(recording: Recording) -> tuple[object, ...]:
            return servers(recording).options.protect, servers(recording).inputs["snapshotRetentionLimit"]

        assert of(two) == (True, 7)
        assert of(single) == (False, 0)

    def test_a_version_that_was_raised_for_us_does_not_have_them_replaced(self, cache: Recording) -> None:
        assert servers(cache).inputs["autoMinorVersionUpgrade"] is True
        assert servers(cache).options.ignore_changes == ("engineVersion",)

    def test_snapshots_and_maintenance_do_not_meet(self, cache: Recording) -> None:
        inputs = servers(cache).inputs
        begin, end = (moment.partition(":")[2] for moment in inputs["maintenanceWindow"].split("-"))
        first, last = inputs["snapshotWindow"].split("-")
        assert begin < end <= first < last

    def test_each_node_tells_when_it_refuses_somebody(self, two: Recording) -> None:
        alarms = two.of_type("aws:cloudwatch/metricAlarm:MetricAlarm")
        assert {alarm.inputs["dimensions"]["CacheClusterId"] for alarm in alarms} == {
            "anime-infra-prod-cache-001",
            "anime-infra-prod-cache-002",
        }
        assert {alarm.inputs["metricName"] for alarm in alarms} == {"AuthenticationFailures"}

    def test_clients_are_told_an_encrypted_address(self, cache: Recording) -> None:
        address = servers(cache).outputs["primaryEndpointAddress"]
        assert told(cache)["url"] == f"rediss://{address}:6379"


class TestSigningIn:
    def test_no_password_exists(self, cache: Recording) -> None:
        for resource in cache:
            assert not {name for name in resource.inputs if name.startswith(("authToken", "password"))}
            assert "noPasswordRequired" not in resource.inputs

    def test_everybody_signs_in_by_iam_under_a_name_in_lower_case(self, cache: Recording) -> None:
        """In a token ElastiCache takes no other name than the id, and keeps ids in lower case."""
        for user in cache.of_type(USER):
            assert user.inputs["authenticationMode"]["type"] == "iam"
            assert user.inputs["userName"] == user.inputs["userId"] == user.inputs["userId"].lower()
        assert servers(cache).inputs["replicationGroupId"] == servers(cache).inputs["replicationGroupId"].lower()

    def test_the_servers_know_the_consumers_and_nobody_else(self, cache: Recording) -> None:
        (group,) = cache.of_type(USER_GROUP)
        assert servers(cache).inputs["userGroupIds"] == [group.inputs["userGroupId"]]
        assert set(group.inputs["userIds"]) == {user.inputs["userId"] for user in cache.of_type(USER)}
        assert len(cache.of_type(USER)) == len(Consumer)
        assert {r.inputs["engine"] for r in (group, servers(cache), *cache.of_type(USER))} == {"valkey"}

    def test_a_consumer_may_connect_to_the_servers_as_itself(self, cache: Recording) -> None:
        arns = {user.inputs["userId"]: user.outputs["arn"] for user in cache.of_type(USER)}
        for consumer in Consumer:
            user = told(cache)["user_ids"][consumer]
            assert user == f"anime-infra-prod-{consumer}"
            assert told(cache)["connect_arns"][consumer] == [servers(cache).outputs["arn"], arns[user]]


@pytest.mark.parametrize("policy", ALL, ids=lambda policy: policy.name)
def test_the_cache_keeps_the_policy(cache: Recording, policy: Policy) -> None:
    assert complaints_of_recording(policy, cache) == []
    assert complaints_of_preview(policy, cache) == []


@pytest.fixture
def administrator(valkey_url: str) -> Iterator[Redis]:
    """Of a server that has the consumers' users, with their name as their password."""
    with Redis.from_url(valkey_url) as client:
        client.flushall()
        for consumer, access in ACCESS.items():
            client.execute_command("ACL", "SETUSER", consumer.value, "reset", f">{consumer}", *access.split(" "))
        for key in ("jikan:anime:1", "anime:1", "bff:session:1", "curated_list:trending", "other:1"):
            client.set(key, "value")
        yield client
        client.execute_command("ACL", "DELUSER", *(consumer.value for consumer in ACCESS))


@contextmanager
def signed_in(url: str, consumer: Consumer) -> Iterator[Redis]:
    sign_in = UsernamePasswordCredentialProvider(consumer.value, consumer.value)
    with connect_redis(url, sign_in=sign_in) as client:
        yield client


def may(client: Any, *command: str) -> bool:
    try:
        client.execute_command(*command)
    except ResponseError as error:
        if isinstance(error, NoPermissionError) or "ACL failure in script" in str(error):
            return False
        raise
    return True


class TestAccess:
    """Judged by a server."""

    @pytest.mark.usefixtures("administrator")
    def test_the_functions_keep_answers_and_forget_entries(self, valkey_url: str) -> None:
        with signed_in(valkey_url, Consumer.FUNCTIONS) as client:
            adapter = RedisCache(client)
            adapter.set("jikan:anime:2", b"answer", ttl=timedelta(minutes=1))
            assert adapter.get("jikan:anime:2") == b"answer"
            adapter.delete("anime:1")
            adapter.set("curated_list:trending", b"[]", ttl=timedelta(minutes=1))
            assert client.ping()
            assert not may(client, "GET", "bff:session:1")
            assert not may(client, "GET", "other:1")

    @pytest.mark.usefixtures("administrator")
    def test_the_bff_fills_entries_and_reads_lists(self, valkey_url: str) -> None:
        with signed_in(valkey_url, Consumer.BFF) as client:
            assert may(client, "MGET", "anime:1", "anime:2")
            assert may(client, "SET", "anime:2", "entry", "EX", "60")
            assert may(client, "GET", "curated_list:trending")
            assert may(client, "INCR", "bff:limit:1")
            assert not may(client, "SET", "curated_list:trending", "[]")
            assert not may(client, "GET", "jikan:anime:1")

    @pytest.mark.usefixtures("administrator")
    def test_the_agent_only_reads(self, valkey_url: str) -> None:
        with signed_in(valkey_url, Consumer.AGENT) as client:
            assert may(client, "MGET", "anime:1", "curated_list:trending")
            assert not may(client, "SET", "anime:1", "entry")
            assert not may(client, "DEL", "anime:1")
            assert not may(client, "GET", "bff:session:1")

    @pytest.mark.usefixtures("administrator")
    @pytest.mark.parametrize("consumer", Consumer)
    @pytest.mark.parametrize(
        "command",
        [
            ("FLUSHALL",),
            ("KEYS", "*"),
            ("SCAN", "0"),
            ("CONFIG", "GET", "*"),
            ("ACL", "LIST"),
            ("CLIENT", "LIST"),
            ("CLIENT", "KILL", "TYPE", "normal"),
            ("EVAL", "return redis.call('GET', 'other:1')", "0"),
            ("EVAL", "return redis.call('GET', KEYS[1])", "1", "other:1"),
            ("EVAL", "return redis.call('KEYS', '*')", "0"),
            ("SCRIPT", "FLUSH"),
            ("SUBSCRIBE", "all"),
        ],
        ids=lambda command: "-".join(command[:2]),
    )
    def test_nobody_rules_the_server_or_sees_the_others(
        self, valkey_url: str, consumer: Consumer, command: tuple[str, ...]
    ) -> None:
        with signed_in(valkey_url, consumer) as client:
            assert not may(client, *command)

    @pytest.mark.usefixtures("administrator")
    def test_the_functions_count_requests_and_claim_answers(self, valkey_url: str) -> None:
        with signed_in(valkey_url, Consumer.FUNCTIONS) as client:
            buckets, answers = RedisRateBuckets(client), RedisAnswerCache(client)
            for catalogue in Catalogue:
                begun = buckets.change(
                    catalogue, lambda bucket, now: (take(bucket, Pace(per_second=1), now).bucket, now)
                )
                assert begun > 0
                assert buckets.find(catalogue) is not None
                assert buckets.mark(catalogue, "anime:1", seconds=60) is None
                buckets.unmark(catalogue, "anime:1")
                claim = answers.claim(f"{catalogue}:anime:1", seconds=60)
                assert claim is not None
                answers.put(f"{catalogue}:anime:1", b"answer", seconds=60)
                answers.release(f"{catalogue}:anime:1", claim)
                assert answers.get(f"{catalogue}:anime:1") == b"answer"

    @pytest.mark.usefixtures("administrator")
    @pytest.mark.parametrize("consumer", [Consumer.BFF, Consumer.AGENT])
    def test_nobody_else_runs_scripts(self, valkey_url: str, consumer: Consumer) -> None:
        with signed_in(valkey_url, consumer) as client:
            assert not may(client, "EVAL", "return 1", "0")

    def test_every_catalogue_has_its_keys(self) -> None:
        assert set(CATALOGUE_PREFIXES) == {catalogue.value for catalogue in Catalogue}


def cache_args(**values: object) -> CacheArgs:
    given: dict[str, object] = {
        "name_prefix": "anime-infra-dev",
        "subnet_ids": ["subnet-a", "subnet-b"],
        "security_group_id": "sg",
        "node_type": "cache.t4g.micro",
        "nodes": 1,
        "alarm_topic_arn": "arn",
        "protect": False,
        **values,
    }
    return CacheArgs(**given)  # type: ignore[arg-type]  # wrong ones are what is tested


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"name_prefix": "Anime-infra"}, "tokens be signed for another name"),
        ({"name_prefix": "anime--infra"}, "tokens be signed for another name"),
        ({"name_prefix": "anime-infra-"}, "tokens be signed for another name"),
        ({"name_prefix": "a" * 31}, "tokens be signed for another name"),
        ({"node_type": "t4g.micro"}, "no node of ElastiCache"),
        ({"nodes": 0}, "cannot be"),
        ({"nodes": 7}, "cannot be"),
        ({"nodes": 2, "subnet_ids": ["subnet-a"]}, "fail with the one subnet's zone"),
    ],
)
def test_a_cache_that_cannot_be_meant_is_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cache_args(**values)


@pytest.mark.parametrize("values", [{"name_prefix": "a" * 30}, {"nodes": 6}, {"nodes": 1, "subnet_ids": ["subnet-a"]}])
def test_a_plausible_cache_is_taken(values: dict[str, object]) -> None:
    assert cache_args(**values)
