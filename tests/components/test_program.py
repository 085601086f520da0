"""What the program makes of the settings: names, environments, rights, timers, definitions."""

import importlib
import json
from typing import Any

import pytest

from components.application.concerns import Concern
from components.application.pipeline import FUNCTIONS, Caller
from components.aws.endpoints import SIZE_LIMIT
from components.packaging import ROOT
from components.qdrant.rights import IndexConsumer
from components.settings import DAY
from models.collections import schema_hash
from runtime import settings as function_settings
from tests.components.recordings import (
    FUNCTION,
    STACKS,
    functions,
    record_with,
    recorded,
    role_policies,
    statements,
    variables,
)
from workflows import keys
from workflows.restore import RESTORE_STATE
from workflows.watch import MEMORY

TASKS = {spec.task: spec for spec in FUNCTIONS}
SCHEDULE = "aws:scheduler/schedule:Schedule"


@pytest.fixture(params=STACKS)
def stack(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def _endpoints(stack: str) -> tuple[str, dict[str, Any]]:
    (parameter,) = recorded(stack).of_type("aws:ssm/parameter:Parameter")
    return parameter.inputs["name"], json.loads(parameter.inputs["value"])


class TestEndpoints:
    def test_name_and_fields(self, stack: str) -> None:
        name, document = _endpoints(stack)

        assert name == f"/anime-infra/{stack}/endpoints"
        assert recorded(stack).exports["endpoints_parameter"] == name
        assert set(document) == {
            "region",
            "buckets",
            "images_domain",
            "queues",
            "tables",
            "functions",
            "machines",
            "mongo_database",
            "schedule_group",
            "review_function",
            "schema_hash",
        }

    def test_everything_named_exists(self, stack: str) -> None:
        recording = recorded(stack)
        _, document = _endpoints(stack)

        def made(type_token: str, output: str) -> set[str]:
            return {r.outputs[output] for r in recording.of_type(type_token)}

        assert set(document["buckets"].values()) == made("aws:s3/bucket:Bucket", "bucket")
        assert set(document["tables"].values()) <= made("aws:dynamodb/table:Table", "name")
        assert set(document["machines"].values()) == made("aws:sfn/stateMachine:StateMachine", "arn")
        assert set(document["queues"].values()) < made("aws:sqs/queue:Queue", "url")
        assert set(document["queues"]) == {"image_dlq", "commit_dlq", "async_dlq"}
        assert document["images_domain"] in made("aws:cloudfront/distribution:Distribution", "domainName")
        assert document["schedule_group"] in made("aws:scheduler/scheduleGroup:ScheduleGroup", "name")
        assert {task: f.inputs["name"] for task, f in functions(recording).items()} == document["functions"]
        assert document["review_function"] == document["functions"]["review"]

    def test_there_is_no_secret_in_it_and_room_to_grow(self, stack: str) -> None:
        (parameter,) = recorded(stack).of_type("aws:ssm/parameter:Parameter")

        text = parameter.inputs["value"]
        assert "mongodb" not in text
        assert "secretsmanager" not in text
        assert len(parameter.inputs["value"]) < SIZE_LIMIT / 1.5


class TestFunctions:
    def test_the_table_is_what_is_deployed(self, stack: str) -> None:
        deployed = functions(recorded(stack))

        assert deployed.keys() == TASKS.keys()
        for task, function in deployed.items():
            inputs = function.inputs
            assert inputs["name"] == f"anime-infra-{stack}-{task.replace('_', '-')}"
            assert inputs["handler"] == f"lambdas.{task}.handler.handler"
            assert (inputs["memorySize"], inputs["timeout"]) == (TASKS[task].memory_mib, TASKS[task].timeout_seconds)
            assert (inputs["runtime"], inputs["architectures"]) == ("python3.13", ["arm64"])

    def test_the_commit_has_its_fixed_name(self) -> None:
        assert recorded("prod").named("commit-data-function").inputs["name"] == "anime-infra-prod-commit-data"

    def test_the_saga_has_time_for_its_retries(self, stack: str) -> None:
        """Four stores, each waited for as long as the settings say."""
        waits = variables(functions(recorded(stack))["commit_data"])["COMMIT_RETRY_SECONDS"].split(",")

        assert 4 * sum(map(float, waits)) < TASKS["commit_data"].timeout_seconds

    def test_every_function_has_its_folder(self) -> None:
        assert {path.parent.name for path in (ROOT / "lambdas").glob("*/handler.py")} == TASKS.keys()

    @pytest.mark.parametrize("task", sorted(TASKS))
    def test_a_function_has_the_concerns_of_its_settings(self, task: str) -> None:
        """Neither a variable too few, which would fail the run, nor a right too many."""
        settings = importlib.import_module(f"lambdas.{task}.handler").handler.settings
        mixins = {kind.__name__ for kind in settings.__mro__ if kind.__module__ == function_settings.__name__}

        assert {concern.value for concern in TASKS[task].concerns} == mixins - {"FunctionSettings"}

    def test_its_own_settings_accept_the_environment(self, stack: str) -> None:
        for task, function in functions(recorded(stack)).items():
            settings = importlib.import_module(f"lambdas.{task}.handler").handler.settings
            assert settings.from_environment({**variables(function), "AWS_REGION": "eu-central-1"}).stack == stack

    def test_no_environment_has_a_variable_that_nobody_reads(self, stack: str) -> None:
        for task, function in functions(recorded(stack)).items():
            mixins = (getattr(function_settings, concern.value) for concern in TASKS[task].concerns)
            known = {"stack", "log_level", "aws_endpoint_url"}.union(*(mixin.model_fields for mixin in mixins))
            assert {name.lower() for name in variables(function)} <= known, task

    def test_optional_settings_reach_the_functions(self) -> None:
        recording = record_with(
            "dev",
            automaticModes='["episode", "refresh"]',
            imageHosts='["images.example.org"]',
            catalogueUrls='{"jikan": "https://jikan.example.org/v4"}',
            cataloguePaces='{"jikan": 300}',
            contact="https://example.org/contact",
        )
        by_task = {task: variables(function) for task, function in functions(recording).items()}

        assert by_task["request_review"]["AUTOMATIC_MODES"] == "episode,refresh"
        assert by_task["ingest_images"]["IMAGE_HOSTS"] == "images.example.org"
        assert json.loads(by_task["fetch_source"]["CATALOGUE_URLS"]) == {"jikan": "https://jikan.example.org/v4"}
        asking = [task for task, names in by_task.items() if "HTTP_TRANSPORT" in names]
        assert {"fetch_source", "weekly_sync_starter"} <= set(asking)
        # Whoever had another pace would give out the bucket that all of them share at it.
        assert {by_task[task]["CATALOGUE_PACES"] for task in asking} == {'{"jikan": 300}'}
        assert {by_task[task]["CONTACT"] for task in asking} == {"https://example.org/contact"}

    def test_the_lease_outlives_the_machine(self, stack: str) -> None:
        lease = int(variables(functions(recorded(stack))["begin"])["LOCK_RUNNING_LEASE_SECONDS"])

        assert lease > _definition(stack, "enrichment")["TimeoutSeconds"]

    def test_machine_arns_known_before_the_machines_are_theirs(self, stack: str) -> None:
        deployed = functions(recorded(stack))
        machines = _endpoints(stack)[1]["machines"]

        assert variables(deployed["cleanup"])["ENRICHMENT_MACHINE_ARN"] == machines["enrichment"]
        assert variables(deployed["bootstrap"])["BULK_INDEX_MACHINE_ARN"] == machines["bulk_index"]

    def test_the_episode_function_known_before_it_is_made_is_it(self, stack: str) -> None:
        deployed = functions(recorded(stack))
        arn = variables(deployed["daily_scheduler"])["EPISODE_FUNCTION_ARN"]

        assert arn == deployed["run_single_episode_update"].outputs["arn"]


class TestLocalAndCloud:
    def test_only_a_local_stack_has_an_endpoint(self) -> None:
        endpoint = {
            stack: {variables(f).get("AWS_ENDPOINT_URL") for f in functions(recorded(stack)).values()}
            for stack in STACKS
        }

        assert endpoint == {"local": {"http://127.0.0.1:4566"}, "dev": {None}, "prod": {None}}

    def test_only_the_cloud_needs_credentials(self) -> None:
        local = {name for f in functions(recorded("local")).values() for name in variables(f)}
        cloud = {name for f in functions(recorded("prod")).values() for name in variables(f)}

        assert not {name for name in local if "SECRET" in name}
        assert {name for name in cloud if "SECRET" in name} == {"QDRANT_SECRET_ARN", "CATALOGUE_SECRET_ARNS"}

    def test_a_local_stack_that_asks_the_catalogues_may_show_them_its_tokens(self) -> None:
        recording = record_with("local", httpTransport="record:answers")
        arns = json.loads(variables(functions(recording)["fetch_source"])["CATALOGUE_SECRET_ARNS"])

        assert arns == {name: recording.named(f"credentials-catalogue-{name}").outputs["arn"] for name in arns}
        assert set(arns) == {"anidb", "animeschedule", "jikan"}

    def test_timers_of_a_local_stack_do_not_fire_by_themselves(self) -> None:
        state = {stack: {s.inputs["state"] for s in recorded(stack).of_type(SCHEDULE)} for stack in STACKS}

        assert state == {"local": {"DISABLED"}, "dev": {"ENABLED"}, "prod": {"ENABLED"}}

    def test_a_stack_of_its_own_has_its_own_names(self) -> None:
        names = {f.inputs["name"] for f in record_with("demo").of_type(FUNCTION)}

        assert all(name.startswith("anime-infra-demo-") for name in names)

    def test_a_stack_in_the_cloud_makes_its_databases_and_a_local_one_none(self) -> None:
        clusters = {
            "mongodbatlas:index/advancedCluster:AdvancedCluster",
            "qdrant-cloud:index/accountsCluster:AccountsCluster",
        }
        made = {stack: clusters & {r.type for r in recorded(stack)} for stack in STACKS}

        assert made == {"local": set(), "dev": clusters, "prod": clusters}

    def test_a_stack_without_a_network_has_nothing_that_stands_in_one(self) -> None:
        kinds = {r.type.split(":")[1].partition("/")[0] for r in recorded("dev") if r.type.startswith("aws:")}

        assert not kinds & {"ec2", "vpc", "ecs", "lb", "elasticache", "apigatewayv2", "servicediscovery"}
        assert all("vpcConfig" not in f.inputs for f in recorded("dev").of_type(FUNCTION))

    def test_rates_are_counted_in_the_cache_or_else_in_a_table(self) -> None:
        tables = {stack: [t.name for t in recorded(stack).of_type("aws:dynamodb/table:Table")] for stack in STACKS}

        assert {stack: "rates-table" in names for stack, names in tables.items()} == {
            "local": False,
            "dev": True,
            "prod": False,
        }


class TestNetwork:
    def test_functions_stand_in_private_subnets_but_those_that_fetch_images(self) -> None:
        recording = recorded("prod")
        private = {subnet.id for subnet in recording.of_type("aws:ec2/subnet:Subnet") if "private" in subnet.name}
        placed = {
            task: set(f.inputs.get("vpcConfig", {}).get("subnetIds", ())) for task, f in functions(recording).items()
        }

        assert {task for task, subnets in placed.items() if not subnets} == {"ingest_images", "rehost_batch"}
        assert all(subnets == private for subnets in placed.values() if subnets)

    def test_who_fetches_images_reaches_no_database(self) -> None:
        """Neither by the network nor by a variable or a right."""
        for task in ("ingest_images", "rehost_batch"):
            assert TASKS[task].documents is None
            assert not {"MONGO_URI", "QDRANT_URL", "REDIS_URL"} & variables(functions(recorded("prod"))[task]).keys()

    def test_only_the_fetching_is_held_back(self) -> None:
        functions_of = functions(record_with("prod", fetchConcurrency="7"))
        limited = {t: f.inputs.get("reservedConcurrentExecutions") for t, f in functions_of.items()}

        assert {task: limit for task, limit in limited.items() if limit is not None} == {"fetch_source": 7}


class TestIndexKeys:
    def test_each_function_reads_the_key_of_its_own_rights(self) -> None:
        recording = recorded("prod")
        names = {s.outputs["arn"]: s.inputs["name"] for s in recording.of_type("aws:secretsmanager/secret:Secret")}
        keys_of = {
            task: names[variables(f)["QDRANT_SECRET_ARN"]].rpartition("index-key-")[2]
            for task, f in functions(recording).items()
            if "QDRANT_SECRET_ARN" in variables(f)
        }

        assert keys_of == {task: spec.index for task, spec in TASKS.items() if spec.index is not None}
        assert keys_of.keys() == {task for task, spec in TASKS.items() if Concern.VECTOR_INDEX in spec.concerns}

    def test_who_only_reads_has_no_key_to_write(self) -> None:
        readers = {task for task, spec in TASKS.items() if spec.index is IndexConsumer.READERS}

        assert readers == {"bootstrap", "create_database_snapshot", "query"}


class TestOrder:
    def test_the_migration_waits_for_its_user_its_key_and_its_way(self) -> None:
        recording = recorded("prod")
        (migration,) = recording.of_type("aws:lambda/invocation:Invocation")
        before = set(migration.options.dependencies)

        assert recording.named("mongo-users-migrate-collections").urn in before
        assert recording.named("credentials-index-key-migration-value").urn in before
        assert recording.named("mongo-access-vpc").urn in before


class TestTimers:
    def test_when_and_what(self) -> None:
        recording = recorded("prod")
        timers = {
            r.inputs["name"]: (r.inputs["scheduleExpression"], r.inputs["target"]["arn"].rpartition(":")[2])
            for r in recording.of_type(SCHEDULE)
        }

        assert timers == {
            "anime-infra-prod-weekly-sync": ("cron(0 1 ? * SAT *)", "anime-infra-prod-weekly-sync-starter"),
            "anime-infra-prod-snapshot": ("cron(0 3 ? * SUN *)", "anime-infra-prod-create-database-snapshot"),
            "anime-infra-prod-daily-scheduler": ("cron(5 0 * * ? *)", "anime-infra-prod-daily-scheduler"),
            "anime-infra-prod-watch": ("cron(30 * * * ? *)", "anime-infra-prod-watch"),
        }

    def test_they_send_an_empty_event_and_try_again(self, stack: str) -> None:
        for schedule in recorded(stack).of_type(SCHEDULE):
            target = schedule.inputs["target"]
            assert target["input"] == "{}"
            assert target["retryPolicy"] == {"maximumRetryAttempts": 10, "maximumEventAgeInSeconds": 3600}

    def test_their_role_starts_just_these_functions(self, stack: str) -> None:
        policies = role_policies(recorded(stack))
        targets = {s.inputs["target"]["arn"] for s in recorded(stack).of_type(SCHEDULE)}
        episode = functions(recorded(stack))["run_single_episode_update"].outputs["arn"]

        def may_start(role: str) -> set[str]:
            granted = policies[role]
            return {r for s in granted if s["Action"] == ["lambda:InvokeFunction"] for r in s["Resource"]}

        assert may_start(f"anime-infra-{stack}-schedules") == targets
        assert may_start(f"anime-infra-{stack}-episodes-schedules") == {episode}


def _definition(stack: str, machine: str) -> dict[str, Any]:
    name = f"anime-infra-{stack}-{machine.replace('_', '-')}"
    (found,) = [m for m in recorded(stack).of_type("aws:sfn/stateMachine:StateMachine") if m.inputs["name"] == name]
    definition: dict[str, Any] = json.loads(found.inputs["definition"])
    return definition


class TestMachines:
    def test_they_call_deployed_functions(self, stack: str) -> None:
        arns = {f.outputs["arn"] for f in functions(recorded(stack)).values()}

        for machine in ("enrichment", "bulk_index"):
            text = json.dumps(_definition(stack, machine))
            assert "${" not in text
            called = {part for part in text.split('"') if part.startswith("arn:aws:lambda:")}
            assert called
            assert called <= arns

    def test_their_role_may_call_what_they_call_and_no_more(self, stack: str) -> None:
        policies = role_policies(recorded(stack))

        for machine in ("enrichment", "bulk_index"):
            text = json.dumps(_definition(stack, machine))
            called = {part for part in text.split('"') if part.startswith("arn:aws:lambda:")}
            granted = policies[f"anime-infra-{stack}-{machine.replace('_', '-')}-machine"]
            assert {r for s in granted if "lambda:InvokeFunction" in s["Action"] for r in s["Resource"]} == called

    def test_review_and_machine_end_when_the_settings_say(self) -> None:
        recording = record_with("dev", reviewTimeoutSeconds=str(3 * DAY), reviewReminderHours="24")
        (machine,) = [m for m in recording.of_type("aws:sfn/stateMachine:StateMachine") if "enrich" in m.inputs["name"]]
        definition = json.loads(machine.inputs["definition"])
        (lifecycle,) = [
            r
            for r in recording.of_type("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration")
            if len(r.inputs["rules"]) > 1
        ]

        assert definition["States"]["RequestReview"]["TimeoutSeconds"] == 3 * DAY
        assert definition["TimeoutSeconds"] == 4 * DAY
        assert lifecycle.inputs["rules"][0]["expiration"]["days"] == 3 + 14

    def test_the_bulk_machine_is_no_wider_than_the_settings_say(self) -> None:
        assert _definition("dev", "bulk_index")["States"]["Load"]["MaxConcurrency"] == 4


class TestStores:
    def test_temporary_objects_expire_after_the_longest_review(self, stack: str) -> None:
        recording = recorded(stack)
        data = _endpoints(stack)[1]["buckets"]["data"]
        (lifecycle,) = [
            r
            for r in recording.of_type("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration")
            if r.inputs["bucket"] == data
        ]

        work, housekeeping = lifecycle.inputs["rules"]
        assert work["filter"] == {"prefix": keys.work("x").removesuffix("x/")}
        assert work["expiration"] == {"days": 10 + 14}
        assert housekeeping["noncurrentVersionExpiration"] == {"noncurrentDays": 30}

    def test_the_data_bucket_is_versioned(self, stack: str) -> None:
        (versioning,) = recorded(stack).of_type("aws:s3/bucketVersioning:BucketVersioning")

        assert versioning.inputs["bucket"] == _endpoints(stack)[1]["buckets"]["data"]
        assert versioning.inputs["versioningConfiguration"] == {"status": "Enabled"}

    def test_the_map_forgets_failures(self, stack: str) -> None:
        table = recorded(stack).named("image-map-table")

        assert table.inputs["name"] == f"anime-infra-{stack}-image-deduplication-map"
        assert table.inputs["hashKey"] == "source_url_hash"
        assert table.inputs["ttl"] == {"attributeName": "ttl", "enabled": True}

    def test_only_the_distribution_reads_the_images(self, stack: str) -> None:
        recording = recorded(stack)
        (distribution,) = recording.of_type("aws:cloudfront/distribution:Distribution")
        images = _endpoints(stack)[1]["buckets"]["images"]
        (policy,) = [p for p in recording.of_type("aws:s3/bucketPolicy:BucketPolicy") if p.inputs["bucket"] == images]

        (allowed,) = [s for s in statements(policy) if s["Effect"] == "Allow"]
        assert allowed["Principal"] == {"Service": "cloudfront.amazonaws.com"}
        assert allowed["Condition"]["StringEquals"] == {"AWS:SourceArn": distribution.outputs["arn"]}
        assert allowed["Resource"] == f"arn:aws:s3:::{images}/images/*"
        assert distribution.inputs["defaultCacheBehavior"]["viewerProtocolPolicy"] == "https-only"
        assert distribution.inputs["origins"][0]["originAccessControlId"]

    def test_the_schema_is_migrated_when_it_changes(self, stack: str) -> None:
        (migration,) = recorded(stack).of_type("aws:lambda/invocation:Invocation")

        assert migration.inputs["functionName"] == f"anime-infra-{stack}-migrate-collections"
        assert json.loads(migration.inputs["input"]) == {"schema_hash": schema_hash()}
        assert migration.inputs["triggers"]["schema_hash"] == schema_hash()


class TestRights:
    @staticmethod
    def _may(stack: str, task: str, action: str) -> set[str]:
        granted = role_policies(recorded(stack))[f"anime-infra-{stack}-{task.replace('_', '-')}"]
        return {resource for s in granted if action in s["Action"] for resource in s["Resource"]}

    def test_each_right_to_data_is_to_a_place_that_exists(self) -> None:
        made = {
            keys.work("x"),
            keys.UPLOADS,
            keys.SYNC_STATE,
            RESTORE_STATE,
            keys.saga("a", "x"),
            keys.audit_copy("a"),
            keys.release("s"),
            keys.report("k", "r"),
            keys.snapshot("t"),
            MEMORY,
        }

        for spec in FUNCTIONS:
            for prefix in (*spec.reads, *spec.writes, *spec.deletes):
                assert any(key.startswith(prefix) for key in made), (spec.task, prefix)

    def test_nobody_deletes_what_is_not_temporary(self) -> None:
        lasting = {spec.task: {p for p in spec.deletes if not p.startswith("work/")} for spec in FUNCTIONS}

        assert {task: places for task, places in lasting.items() if places} == {
            "restore_snapshot": {keys.SYNC_STATE, RESTORE_STATE}
        }

    def test_only_the_commit_writes_sagas_and_audit_copies(self) -> None:
        assert {spec.task for spec in FUNCTIONS if "sagas/" in spec.writes} == {"commit_data", "redrive"}

    def test_only_reviews_answer_a_waiting_execution(self, stack: str) -> None:
        answering = {task for task in TASKS if self._may(stack, task, "states:SendTaskSuccess")}

        assert answering == {"request_review", "review"}

    def test_the_machines_they_start_are_theirs(self, stack: str) -> None:
        machines = _endpoints(stack)[1]["machines"]
        starting = {task: self._may(stack, task, "states:StartExecution") for task in TASKS}

        assert {task for task, arns in starting.items() if arns == {machines["bulk_index"]}} == {"bootstrap"}
        assert {task for task, arns in starting.items() if arns == {machines["enrichment"]}} == {
            "cleanup",
            "weekly_sync_starter",
            "enrich",
            "daily_scheduler",
            "run_single_episode_update",
        }

    def test_only_redrive_empties_the_commit_queue(self, stack: str) -> None:
        draining = {task for task in TASKS if self._may(stack, task, "sqs:DeleteMessage")}

        assert draining == {"redrive"}

    def test_the_scheduler_hands_on_one_role_to_one_service(self, stack: str) -> None:
        granted = role_policies(recorded(stack))[f"anime-infra-{stack}-daily-scheduler"]
        (passing,) = [s for s in granted if "iam:PassRole" in s["Action"]]

        assert len(passing["Resource"]) == 1
        assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}
        assert self._may(stack, "daily_scheduler", "scheduler:CreateSchedule") == {
            f"arn:aws:scheduler:{_endpoints(stack)[1]['region']}:123456789012:schedule/anime-infra-{stack}-episodes/*"
        }

    def test_embedding_in_the_cloud_is_granted_for_the_model_in_use(self) -> None:
        model = "arn:aws:bedrock:eu-central-1::foundation-model/amazon.titan-embed-text-v2:0"

        assert self._may("dev", "query", "bedrock:InvokeModel") == {model}
        assert self._may("local", "query", "bedrock:InvokeModel") == set()

    def test_what_is_invoked_later_may_report_its_failure(self, stack: str) -> None:
        later = {spec.task for spec in FUNCTIONS if spec.caller is Caller.LATER}
        caught = {
            r.inputs["functionName"]: r.inputs["maximumRetryAttempts"]
            for r in recorded(stack).of_type("aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig")
        }

        assert caught == {f"anime-infra-{stack}-{task.replace('_', '-')}": 2 for task in later}
        for task in later:
            assert any(arn.endswith("async-dlq") for arn in self._may(stack, task, "sqs:SendMessage")), task
