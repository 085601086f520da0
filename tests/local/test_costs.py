"""Costs: every paid type has a rule, every rule counts what it should, and each stack stays in its budget."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from components.settings import StackSettings
from local import costs_rules, costs_usage
from local.configuration import REPOSITORY, Configuration, read_configuration
from local.costs import Estimate, estimate, settings_of
from local.costs_items import Basis, CostSettings, NoPrice
from local.costs_rules import RULES
from local.costs_usage import ASSUMPTIONS, TASKS, Run, task_of, usage_of
from local.prices import FREE, HOURS, PRICES, Price
from local.recording import RecordedResource, Recording
from tests.components.recordings import FUNCTION, STACKS, recorded
from tests.local.registered import recording_of, registered
from tests.local.variants import VARIANTS, recorded_variant

CLOUD_STACKS = ("dev", "prod")
QUEUE = "aws:sqs/queue:Queue"
NAT = "aws:ec2/natGateway:NatGateway"
SERVICE = "aws:ecs/service:Service"
TASK_DEFINITION = "aws:ecs/taskDefinition:TaskDefinition"
CACHE = "aws:elasticache/replicationGroup:ReplicationGroup"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
BALANCER = "aws:lb/loadBalancer:LoadBalancer"
ATLAS = "mongodbatlas:index/advancedCluster:AdvancedCluster"
INDEX = "qdrant-cloud:index/accountsCluster:AccountsCluster"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
LOG = "aws:cloudwatch/logGroup:LogGroup"
SCHEDULE = "aws:scheduler/schedule:Schedule"
TABLE = "aws:dynamodb/table:Table"

PENNIES = {
    "cloudwatch.alarm",
    "cloudwatch.logs_kept",
    "cloudwatch.metric",
    "dynamodb.kept",
    "s3.kept",
    "secretsmanager.secret",
}
"""What every stack keeps: alarms, its data, and its secrets."""


def atlas(size: str, provider: str = "AWS") -> dict[str, Any]:
    region = {"providerName": provider, "electableSpecs": {"instanceSize": size}}
    return {"replicationSpecs": [{"regionConfigs": [region]}]}


def of(*resources: RecordedResource, **settings: float) -> Estimate:
    return estimate(recording_of(*resources), CostSettings(**settings))


def usd_of(found: Estimate, price_name: str) -> float:
    return sum(item.usd for item in found.items if item.price_name == price_name)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Resources of a rule, and what of them costs how much."""

    inputs: Sequence[Mapping[str, Any]] = ({},)
    usd: Mapping[str, float] = field(default_factory=dict)
    beside: Sequence[RecordedResource] = ()
    settings: Mapping[str, float] = field(default_factory=dict)


DEFINITION = registered(
    TASK_DEFINITION, "definition", inputs={"cpu": "512", "memory": "1024"}, outputs={"arn": "arn:definition:1"}
)
BFF = registered("anime:application:Bff", "bff")

SAMPLES: Mapping[str, Sample] = {
    "aws:apigatewayv2/api:Api": Sample(usd={"apigateway.request": 0.36, "transfer.out": 0.54}),
    "aws:cloudfront/distribution:Distribution": Sample(usd={"cloudfront.gb": 1.70, "cloudfront.request": 0.16}),
    "aws:cloudwatch/dashboard:Dashboard": Sample(usd={"cloudwatch.dashboard": 3.00}),
    LOG: Sample(
        inputs=[{"name": "bff", "retentionInDays": 30}, {"name": "bff-access", "retentionInDays": 90}],
        usd={"cloudwatch.logs_in": 1.26, "cloudwatch.logs_kept": 0.1296},
    ),
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": Sample(usd={"cloudwatch.metric": 0.30}),
    ALARM: Sample(
        inputs=[
            {"namespace": "AWS/SQS", "metricName": "A"},
            {"namespace": "Ours", "metricName": "B"},
            {"metricQueries": [{"metric": {}}, {"metric": {}}, {"expression": "a/b"}]},
        ],
        usd={"cloudwatch.alarm": 0.40, "cloudwatch.metric": 0.30},
    ),
    TABLE: Sample(
        inputs=[{}, {"pointInTimeRecovery": {"enabled": True}}],
        usd={"dynamodb.kept": 0.1224, "dynamodb.backup": 0.04896, "dynamodb.write": 0.07625, "dynamodb.read": 0.0305},
    ),
    "aws:ec2/eip:Eip": Sample(inputs=[{}, {}], usd={"vpc.ipv4": 7.30}),
    NAT: Sample(inputs=[{}, {}], usd={"vpc.nat_hour": 75.92, "vpc.nat_gb": 0.78}),
    "aws:ec2/vpc:Vpc": Sample(usd={"transfer.zones": 0.20}),
    ENDPOINT: Sample(
        inputs=[{"vpcEndpointType": "Interface", "subnetIds": ["a", "b"]}, {"vpcEndpointType": "Gateway"}],
        usd={"vpc.endpoint_hour": 17.52, "vpc.endpoint_gb": 0.02},
    ),
    "aws:ecr/repository:Repository": Sample(usd={"ecr.kept": 0.10}),
    SERVICE: Sample(
        inputs=[{"taskDefinition": "arn:definition:1", "desiredCount": 2}],
        beside=[DEFINITION],
        usd={"fargate.vcpu": 27.1925, "fargate.gb": 5.9714},
    ),
    CACHE: Sample(
        inputs=[{"nodeType": "cache.t4g.micro", "numCacheClusters": 2}], usd={"elasticache.cache.t4g.micro": 21.024}
    ),
    "aws:kms/key:Key": Sample(usd={"kms.key": 1.00}),
    FUNCTION: Sample(
        inputs=[{"handler": "lambdas.daily_scheduler.handler.handler", "memorySize": 1024}],
        usd={"lambda.gb_second": 0.012175, "lambda.request": 0.0000060875},
    ),
    BALANCER: Sample(
        inputs=[{"internal": True, "subnets": ["a", "b"]}, {"subnets": ["a", "b"]}],
        usd={"load_balancer.hour": 39.42, "load_balancer.capacity": 2.336, "vpc.ipv4": 7.30},
    ),
    "aws:route53/zone:Zone": Sample(usd={"route53.zone": 0.50}),
    "aws:s3/bucket:Bucket": Sample(inputs=[{}, {"tags": {"service": "images"}}], usd={"s3.kept": 0.735}),
    SCHEDULE: Sample(inputs=[{"state": "ENABLED"}], usd={"scheduler.invocation": 0.00057}),
    "aws:secretsmanager/secret:Secret": Sample(
        inputs=[{}, {}, {}], usd={"secretsmanager.secret": 1.20, "secretsmanager.call": 0.10}
    ),
    "aws:servicediscovery/privateDnsNamespace:PrivateDnsNamespace": Sample(usd={"route53.zone": 0.50}),
    "aws:sfn/stateMachine:StateMachine": Sample(usd={"stepfunctions.transition": 0.23915}),
    "aws:sns/topic:Topic": Sample(usd={"sns.publish": 0.00005}),
    "aws:sns/topicSubscription:TopicSubscription": Sample(
        inputs=[{"protocol": "email"}, {"protocol": "sqs"}], usd={"sns.email": 0.002}
    ),
    QUEUE: Sample(inputs=[{}, {}], usd={"sqs.request": 0.004}),
    "aws:wafv2/webAcl:WebAcl": Sample(usd={"waf.acl": 5.00}),
    ATLAS: Sample(inputs=[atlas("M10"), atlas("M0"), atlas("M30")], usd={"atlas.m10": 58.40, "atlas.m30": 394.20}),
    "mongodbatlas:index/cloudBackupSchedule:CloudBackupSchedule": Sample(usd={"atlas.backup": 0.70}),
    "mongodbatlas:index/flexCluster:FlexCluster": Sample(usd={"atlas.flex": 30.00}),
    "mongodbatlas:index/networkPeering:NetworkPeering": Sample(usd={"atlas.transfer": 0.20}),
    "mongodbatlas:index/privateLinkEndpoint:PrivateLinkEndpoint": Sample(usd={"atlas.private_endpoint": 7.30}),
    "qdrant-cloud:index/accountsBackupSchedule:AccountsBackupSchedule": Sample(usd={"qdrant.backup": 0.35}),
    INDEX: Sample(settings={"qdrant_max_usd": 60.0}, usd={"qdrant.paid": 60.00}),
}


class TestRules:
    def test_each_has_a_sample(self) -> None:
        assert SAMPLES.keys() == RULES.keys()

    @pytest.mark.parametrize("type_token", SAMPLES)
    def test_each_counts_what_is_registered(self, type_token: str) -> None:
        sample = SAMPLES[type_token]
        made = [registered(type_token, f"one-{n}", inputs=inputs) for n, inputs in enumerate(sample.inputs)]
        found = of(*made, *sample.beside, **sample.settings)
        for price_name, usd in sample.usd.items():
            assert usd_of(found, price_name) == pytest.approx(usd, abs=0.005, rel=0.001), price_name

    @pytest.mark.parametrize("stack", STACKS)
    def test_every_type_of_every_stack_is_paid_for_or_free(self, stack: str) -> None:
        estimate(recorded(stack), CostSettings())

    @pytest.mark.parametrize("variant", VARIANTS)
    def test_so_is_every_type_that_other_settings_make(self, variant: str) -> None:
        estimate(recorded_variant(variant), CostSettings())

    def test_no_type_is_both(self) -> None:
        assert not RULES.keys() & FREE.keys()

    def test_a_type_that_is_neither_is_an_error_that_says_where_to_add_it(self) -> None:
        unknown = registered("aws:rds/instance:Instance", "database")
        with pytest.raises(
            NoPrice, match=r"aws:rds/instance:Instance costs \('database' is one\).*RULES in local/costs_rules.py"
        ):
            of(unknown)

    @pytest.mark.parametrize(
        ("type_token", "inputs"), [(CACHE, {"nodeType": "cache.r7g.16xlarge"}), (ATLAS, atlas("M700"))]
    )
    def test_a_size_without_a_price_is_an_error_that_says_where_to_add_it(
        self, type_token: str, inputs: Mapping[str, Any]
    ) -> None:
        with pytest.raises(NoPrice, match=r"add it to PRICES in local/prices\.py"):
            of(registered(type_token, "large", inputs=inputs))

    def test_a_service_is_paid_for_by_its_own_size_and_names_its_own_settings(self) -> None:
        service = registered(SERVICE, "bff-service", parent=BFF, inputs={"taskDefinition": "arn:definition:1"})
        processors = next(i for i in of(BFF, DEFINITION, service).items if i.price_name == "fargate.vcpu")
        assert processors.quantity == 0.5 * HOURS
        assert processors.settings == ("services", "bffTasks", "bffCpu", "bffMemoryMib")

    def test_a_log_of_refused_connections_is_as_large_as_they_are_many(self) -> None:
        group = registered(LOG, "rejected", inputs={"name": "r", "retentionInDays": 30}, outputs={"arn": "arn:r"})
        flow = registered("aws:ec2/flowLog:FlowLog", "rejected", inputs={"logDestination": "arn:r"})
        written = next(i for i in of(group, flow).items if i.price_name == "cloudwatch.logs_in")
        assert written.quantity == ASSUMPTIONS["flow_log_gb"].value

    def test_a_free_index_costs_nothing(self) -> None:
        (item,) = of(registered(INDEX, "qdrant-cluster")).items
        assert (item.price_name, item.usd) == ("qdrant.free", 0.0)

    def test_vectors_are_paid_for_only_where_bedrock_makes_them(self) -> None:
        def load(embedder: str) -> RecordedResource:
            variables = {"environment": {"variables": {"EMBEDDER": embedder}}}
            return registered(FUNCTION, "f", inputs={"handler": "lambdas.index_batch.handler.handler", **variables})

        assert usd_of(of(load("bedrock:titan")), "bedrock.titan_embed_v2") > 0
        assert usd_of(of(load("wordllama")), "bedrock.titan_embed_v2") == 0

    def test_figures_by_catalogue_are_paid_for_where_catalogues_are_asked(self) -> None:
        def function(task: str) -> RecordedResource:
            return registered(FUNCTION, "f", inputs={"handler": f"lambdas.{task}.handler.handler"})

        assert usd_of(of(function("fetch_source")), "cloudwatch.metric") == pytest.approx(1.80)
        assert usd_of(of(function("index_batch")), "cloudwatch.metric") == 0


class TestUsage:
    def test_every_function_of_the_stacks_has_a_written_usage(self) -> None:
        for stack in CLOUD_STACKS:
            missing = {task_of(function) for function in recorded(stack).of_type(FUNCTION)} - TASKS.keys()
            assert not missing, f"add {missing} to TASKS in local/costs_usage.py"

    def test_the_stacks_own_limit_of_new_anime_holds(self) -> None:
        timer = registered(SCHEDULE, "weekly", inputs={"state": "ENABLED"})

        def sync(limit: str) -> RecordedResource:
            return registered(FUNCTION, "sync", inputs={"environment": {"variables": {"MAX_NEW_PER_RUN": limit}}})

        few, many = (usage_of(recording_of(timer, sync(limit))).runs[Run.NEW] for limit in ("15", "1000"))
        assert few == pytest.approx(many / 4)

    def test_without_timers_people_alone_start_something(self) -> None:
        off = registered(SCHEDULE, "weekly", inputs={"state": "DISABLED"})
        runs = usage_of(recording_of(off)).runs
        assert {run for run, times in runs.items() if times} == {Run.REFRESH}

    def test_every_assumption_is_used_and_has_a_reason(self) -> None:
        sources = inspect.getsource(costs_rules) + inspect.getsource(costs_usage).partition("class Task")[2]
        assert [name for name in ASSUMPTIONS if f'"{name}"' not in sources] == []
        assert all(assumption.reason and assumption.unit for assumption in ASSUMPTIONS.values())


class TestPrices:
    def test_each_is_used_by_a_rule(self) -> None:
        source = inspect.getsource(costs_rules)
        looked_up = ("atlas.m", "elasticache.cache.")
        assert [name for name in PRICES if f'"{name}"' not in source and not name.startswith(looked_up)] == []

    def test_one_that_is_not_confirmed_says_where_it_comes_from(self) -> None:
        with pytest.raises(ValueError, match="not confirmed: say in its note"):
            Price(usd=1, per="hour", page="https://example.org/", read="2026-11", confirmed=False)

    @pytest.mark.parametrize(("usd", "page"), [(-1, "https://example.org/"), (1, "example.org")])
    def test_a_price_is_not_negative_and_has_a_page(self, usd: float, page: str) -> None:
        with pytest.raises(ValueError, match="stands on a page"):
            Price(usd=usd, per="hour", page=page, read="2026-11")

    def test_every_one_says_when_it_was_read(self) -> None:
        assert {price.read[:5] for price in PRICES.values()} == {"2026-"}


class TestEstimate:
    def test_it_is_the_sum_of_its_items_most_first(self) -> None:
        found = of(registered(NAT, "nat"), registered("aws:ec2/eip:Eip", "nat"))
        assert found.usd == pytest.approx(37.96 + 0.78 + 3.65)
        assert [item.price_name for item in found.items] == ["vpc.nat_hour", "vpc.ipv4", "vpc.nat_gb"]
        assert found.idle_usd == pytest.approx(37.96 + 3.65)

    @pytest.mark.parametrize(("budget", "above"), [(42.39, False), (42.40, False), (42.38, True), (None, False)])
    def test_it_is_above_its_budget_or_not(self, budget: float | None, above: bool) -> None:
        resources = recording_of(registered(NAT, "nat"), registered("aws:ec2/eip:Eip", "nat"))
        assert estimate(resources, CostSettings(budget_usd=budget)).above_budget is above

    def test_what_costs_most_is_what_a_setting_can_change(self) -> None:
        secrets = [registered("aws:secretsmanager/secret:Secret", f"s{n}") for n in range(500)]
        found = of(*secrets, registered(NAT, "nat"))
        assert found.items[0].price_name == "secretsmanager.secret"
        assert found.largest[0].settings == ("nat", "network")

    def test_settings_are_read_from_the_stacks_file(self) -> None:
        values = {"shop:monthlyBudgetUsd": "50", "shop:qdrantMaxMonthlyUsd": "12.5"}
        configuration = Configuration(project="shop", stack="dev", values=values, secrets=frozenset())
        assert settings_of(configuration) == CostSettings(budget_usd=50.0, qdrant_max_usd=12.5)

    def test_what_is_not_set_is_as_the_program_takes_it(self) -> None:
        empty = Configuration(project="shop", stack="dev", values={}, secrets=frozenset())
        fields = StackSettings.model_fields
        assert settings_of(empty) == CostSettings(
            budget_usd=fields["monthly_budget_usd"].default, qdrant_max_usd=fields["qdrant_max_monthly_usd"].default
        )

    def test_a_budget_that_is_no_number_is_refused(self) -> None:
        wrong = Configuration(project="s", stack="dev", values={"s:monthlyBudgetUsd": "much"}, secrets=frozenset())
        with pytest.raises(NoPrice, match="monthlyBudgetUsd of stack dev is not a number"):
            settings_of(wrong)


def checked_in(stack: str) -> Estimate:
    return estimate(recorded(stack), settings_of(read_configuration(REPOSITORY, stack)))


class TestStacks:
    @pytest.mark.parametrize("stack", CLOUD_STACKS)
    def test_each_has_a_budget_and_stays_in_it(self, stack: str) -> None:
        found = checked_in(stack)
        assert found.settings.budget_usd
        assert not found.above_budget, [(item.what, round(item.usd, 2)) for item in found.largest]

    def test_dev_costs_less_than_50_usd(self) -> None:
        assert checked_in("dev").usd < 50

    def test_dev_has_nothing_that_costs_while_idle_but_what_its_settings_turn_on(self) -> None:
        """By its own settings nothing by the hour; what is left are alarms, secrets and the data itself."""
        idle = [item for item in checked_in("dev").items if item.basis is not Basis.USED and item.usd > 0]
        assert [item.what for item in idle if item.basis is Basis.HOURS] == []
        assert {item.price_name for item in idle if item.basis is Basis.KEPT} <= PENNIES
        assert sum(item.usd for item in idle) < 10

    def test_what_settings_turn_on_is_counted(self) -> None:
        found = estimate(recorded_variant("dev with a network of its own"), CostSettings())
        by_the_hour = {item.price_name: item.usd for item in found.items if item.basis is Basis.HOURS}
        assert by_the_hour["vpc.nat_hour"] == pytest.approx(3 * 37.96)
        assert by_the_hour["elasticache.cache.t4g.small"] == pytest.approx(2 * 21.024)
        assert by_the_hour["atlas.flex"] == 30
        assert by_the_hour["load_balancer.hour"] == pytest.approx(19.71)
        assert found.usd > 200

    @pytest.mark.parametrize("stack", CLOUD_STACKS)
    def test_what_costs_by_the_hour_names_the_settings_that_turn_it_on(self, stack: str) -> None:
        for item in checked_in(stack).items:
            assert item.settings or item.basis is not Basis.HOURS, item.what

    def test_every_setting_that_is_named_exists(self) -> None:
        known = set(StackSettings.model_json_schema(by_alias=True)["properties"])
        named = set()
        for type_token, sample in SAMPLES.items():
            parent = BFF if type_token == SERVICE else None
            made = [registered(type_token, f"x-{n}", parent=parent, inputs=i) for n, i in enumerate(sample.inputs)]
            for item in of(BFF, *made, *sample.beside, **sample.settings).items:
                named |= set(item.settings)
        assert named <= known


def test_two_recordings_of_one_program_cost_the_same() -> None:
    resources = recorded("dev").resources
    turned = Recording(project="p", stack="dev", resources=resources[::-1], exports={})
    straight = Recording(project="p", stack="dev", resources=resources, exports={})
    assert estimate(turned, CostSettings()) == estimate(straight, CostSettings())
