"""Settings of a stack: what is refused, and that the refusal says what to do."""

from typing import Any

import pytest

from components.settings import SettingsError, StackSettings, Stage, parse_settings
from runtime import settings as function_settings

LOCAL: dict[str, object] = {
    "stage": "local",
    "awsRegion": "us-east-1",
    "mongoUri": "mongodb://127.0.0.1:27017",
    "mongoDatabase": "anime_service_local",
    "qdrantUrl": "edge:.local/vectors",
    "embedder": "wordllama",
    "schedulesEnabled": "false",
}
DEV: dict[str, object] = {
    "stage": "dev",
    "awsRegion": "eu-central-1",
    "mongoDatabase": "anime_service",
    "embedder": "bedrock:amazon.titan-embed-text-v2:0",
    "schedulesEnabled": "true",
    "atlasTier": "M0",
    "atlasOpenAccess": "true",
    "monthlyBudgetUsd": "50",
}
IMAGE = f"registry.example.org/bff@sha256:{'0' * 64}"
PROD: dict[str, object] = {
    **DEV,
    "stage": "prod",
    "network": "full",
    "availabilityZones": '["eu-central-1a", "eu-central-1b"]',
    "atlasTier": "M10",
    "atlasNetwork": "peering",
    "atlasOpenAccess": "false",
    "cacheNode": "cache.t4g.micro",
    "services": "true",
    "bffImage": IMAGE,
    "agentImage": IMAGE,
}


def parse(base: dict[str, object], **changes: object) -> StackSettings:
    values = {key: value for key, value in {**base, **changes}.items() if value is not None}
    return parse_settings(values, stack=str(base["stage"]))


def refusal(base: dict[str, object], **changes: object) -> str:
    with pytest.raises(SettingsError) as refused:
        parse(base, **changes)
    return str(refused.value)


def test_text_becomes_what_it_means() -> None:
    settings = parse(
        LOCAL,
        maxNewPerRun="7",
        massChangePercent="2.5",
        commitRetrySeconds="[0, 0.5]",
        automaticModes='["episode"]',
        imageHosts='["a.example.org"]',
        catalogueUrls='{"jikan": "http://127.0.0.1:9/v4"}',
    )

    assert settings.stage is Stage.LOCAL
    assert settings.schedules_enabled is False
    assert (settings.max_new_per_run, settings.mass_change_percent) == (7, 2.5)
    assert settings.commit_retry_seconds == (0.0, 0.5)
    assert settings.automatic_modes == ("episode",)
    assert settings.image_hosts == ("a.example.org",)
    assert settings.catalogue_urls == {"jikan": "http://127.0.0.1:9/v4"}


def test_nothing_is_committed_without_a_person_unless_the_stack_says_so() -> None:
    assert parse(DEV).automatic_modes == ()


def test_defaults_are_those_of_the_functions() -> None:
    """A function run by itself and one deployed with the defaults behave alike."""
    ours = parse(DEV)

    for mixin in ("Releases", "SyncLimits", "CommitRetries", "BulkMachine", "Images"):
        for name, field in getattr(function_settings, mixin).model_fields.items():
            if name in StackSettings.model_fields and not field.is_required():
                assert getattr(ours, name) == field.default, name
    lock_times = function_settings.LockTimes.model_fields
    assert ours.lock_first_lease_seconds == lock_times["lock_first_lease_seconds"].default


@pytest.mark.parametrize(
    ("base", "key"),
    [
        (DEV, "stage"),
        (DEV, "awsRegion"),
        (DEV, "mongoDatabase"),
        (DEV, "embedder"),
        (DEV, "schedulesEnabled"),
        (DEV, "atlasTier"),
        (DEV, "monthlyBudgetUsd"),
        (LOCAL, "mongoUri"),
        (LOCAL, "qdrantUrl"),
    ],
    ids=lambda part: str(part)[:20],
)
def test_a_missing_key_is_refused_with_harm_and_fix(base: dict[str, object], key: str) -> None:
    message = refusal(base, **{key: None})

    assert message.startswith(f"Pulumi.{base['stage']}.yaml is refused:")
    assert f"anime-infra:{key}: missing; " in message
    assert len(message.splitlines()[1].split(". ")) >= 2


def test_an_unknown_key_is_refused_with_what_may_be_meant() -> None:
    assert "anime-infra:maxNewPerRuns: unknown" in refusal(DEV, maxNewPerRuns="3")
    assert "Spell it maxNewPerRun" in refusal(DEV, maxNewPerRuns="3")
    assert "Remove it" in refusal(DEV, colour="red")


def test_every_problem_is_told_at_once() -> None:
    message = refusal(DEV, embedder=None, maxNewPerRun="-1", colour="red")

    assert {line.split(":")[1] for line in message.splitlines()[1:]} == {"embedder", "maxNewPerRun", "colour"}


IMPLAUSIBLE: list[tuple[dict[str, object], str, Any]] = [
    (LOCAL, "stage", "staging"),
    (LOCAL, "awsRegion", "Frankfurt"),
    (LOCAL, "mongoDatabase", "anime service"),
    (LOCAL, "redisUrl", "127.0.0.1:6379"),
    (LOCAL, "redisUrl", "redis://:hunter2@127.0.0.1:6379"),
    (LOCAL, "qdrantUrl", "q.example.org"),
    (LOCAL, "embedder", "word2vec"),
    (LOCAL, "httpTransport", "offline"),
    (LOCAL, "awsEndpointUrl", "127.0.0.1:4566"),
    (LOCAL, "releaseRepository", "anime-offline-database"),
    (LOCAL, "releaseApiUrl", "api.github.com"),
    (LOCAL, "releaseMaxCompressedMib", "0"),
    (LOCAL, "releaseMaxUnpackedMib", "100000"),
    (LOCAL, "maxNewPerRun", "100000"),
    (LOCAL, "massChangePercent", "0"),
    (LOCAL, "massChangePercent", "101"),
    (LOCAL, "reviewTimeoutSeconds", "0"),
    (LOCAL, "reviewTimeoutSeconds", "99999999"),
    (LOCAL, "automaticModes", '["all"]'),
    (LOCAL, "automaticModes", "episode"),
    (LOCAL, "schedulesEnabled", "perhaps"),
    (LOCAL, "commitRetrySeconds", "[]"),
    (LOCAL, "commitRetrySeconds", "[-1]"),
    (LOCAL, "commitRetrySeconds", "[100, 101]"),
    (LOCAL, "lockFirstLeaseSeconds", "7200"),
    (LOCAL, "bulkBatchSize", "0"),
    (LOCAL, "bulkConcurrency", "1000"),
    (LOCAL, "logRetentionDays", "10"),
    (LOCAL, "logLevel", "TRACE"),
    (LOCAL, "imageHosts", '["https://a.example.org/"]'),
    (LOCAL, "imageRetryAfterHours", "0"),
    (LOCAL, "catalogueUrls", '{"jikan": "jikan.example.org"}'),
    (LOCAL, "cataloguePaces", '{"jikan": 0}'),
    (LOCAL, "cataloguePaces", '{"jikan": 60000}'),
    (LOCAL, "cataloguePaces", '{"nowhere": 60}'),
    (LOCAL, "cataloguePaces", '{"anidb": 60}'),
    (LOCAL, "contact", "somebody"),
    (LOCAL, "contact", "http://anime.example.org"),
    (LOCAL, "contact", "https://anime.example.org/a page"),
    (LOCAL, "contact", "https://anime.example.org/) x"),
    (LOCAL, "contact", "you@localhost"),
    (LOCAL, "contact", "https://jürgen.example.org"),
    (DEV, "stage", "prod"),
    (DEV, "mongoUri", "mongodb+srv://user:hunter2@h.example.org/"),
    (DEV, "monthlyBudgetUsd", "0"),
    (DEV, "network", "some"),
    (DEV, "atlasTier", "M5"),
    (DEV, "atlasNetwork", "nat"),
    (DEV, "atlasOpenAccess", "false"),
    (DEV, "cacheNode", "cache.t4g.micro"),
    (DEV, "services", "true"),
    (DEV, "reviewReminderHours", "240"),
    (DEV, "alarmEmails", '["nobody"]'),
    (DEV, "applicationReader", "web"),
    (DEV, "fetchConcurrency", "0"),
    (DEV, "atlasOrgId", "mine"),
    (PROD, "availabilityZones", '["eu-central-1a"]'),
    (PROD, "availabilityZones", '["eu-central-1a", "eu-central-1a"]'),
    (PROD, "availabilityZones", '["eu-west-1a", "eu-west-1b"]'),
    (PROD, "vpcCidr", "8.8.0.0/16"),
    (PROD, "vpcCidr", "10.20.0.0/24"),
    (PROD, "atlasCidr", "192.168.0.0/16"),
    (PROD, "availabilityZones", '["eu-central-1a", "eu-central-1z"]'),
    (PROD, "atlasMaxTier", "M10"),
    (PROD, "atlasMaxTier", "FLEX"),
    (DEV, "atlasMaxTier", "M20"),
    (DEV, "availabilityZones", '["eu-central-1a", "eu-central-1b"]'),
    (DEV, "awsRegion", "eu-north-1"),
    (DEV, "alarmEmails", '["You@example.org", "you@example.org"]'),
    (DEV, "qdrantMaxMonthlyUsd", "2001"),
    (DEV, "qdrantNodes", "3"),
    (DEV, "qdrantBackupDays", "7"),
    (DEV, "embedder", "bedrock:eu.cohere.embed-v4"),
    (DEV, "catalogueUrls", '{"nowhere": "https://example.org"}'),
    (DEV, "mongoVersion", "3.1"),
    (DEV, "permissionsBoundary", "arn:aws:iam::1:policy/x"),
    (PROD, "vpcCidr", "10.20.1.1/16"),
    (PROD, "atlasCidr", "10.20.8.0/21"),
    (PROD, "nat", "two"),
    (PROD, "atlasTier", "M0"),
    (PROD, "atlasOpenAccess", "true"),
    (PROD, "cacheNode", "cache.r7g.16xlarge"),
    (PROD, "cacheNodes", "0"),
    (PROD, "bffImage", "registry.example.org/bff:latest"),
    (PROD, "bffCpu", "300"),
    (PROD, "bffMemoryMib", "16384"),
    (PROD, "bffTasks", "[2, 1]"),
    (PROD, "agentTasks", "[0, 1]"),
    (PROD, "bffOrigins", '["*"]'),
    (PROD, "qdrantNodes", "0"),
    (PROD, "qdrantMaxMonthlyUsd", "-1"),
    (PROD, "mongoVersion", "8"),
    (LOCAL, "network", "full"),
    (DEV, "awsEndpointUrl", "http://127.0.0.1:4566"),
    (DEV, "httpTransport", "replay:samples"),
    (DEV, "qdrantUrl", "edge:vectors"),
    (DEV, "qdrantUrl", "http://q.example.org:6333"),
    (DEV, "embedder", "wordllama"),
    (DEV, "redisUrl", "redis://cache.example.org:6379"),
    (DEV, "releaseApiUrl", "http://api.github.com"),
    (DEV, "releaseApiUrl", "https://127.0.0.1:8080"),
    (DEV, "catalogueUrls", '{"jikan": "http://jikan.example.org"}'),
    (DEV, "reviewTimeoutSeconds", "60"),
    (DEV, "lockFirstLeaseSeconds", "5"),
]


@pytest.mark.parametrize(("base", "key", "value"), IMPLAUSIBLE, ids=lambda part: str(part)[:30])
def test_an_implausible_value_is_refused(base: dict[str, object], key: str, value: Any) -> None:
    message = refusal(base, **{key: value})

    assert f"anime-infra:{key}: " in message
    assert "hunter2" not in message


@pytest.mark.parametrize(
    ("base", "key", "value"),
    [
        (LOCAL, "redisUrl", "redis://127.0.0.1:6379"),
        (DEV, "cataloguePaces", '{"jikan": 300, "anidb": 24}'),
        (DEV, "contact", "https://anime.example.org/contact"),
        (DEV, "contact", "you@example.org"),
        (LOCAL, "mongoUri", "mongodb://user:password@127.0.0.1:27017"),
        (LOCAL, "reviewTimeoutSeconds", "1"),
        (LOCAL, "lockFirstLeaseSeconds", "1"),
        (LOCAL, "commitRetrySeconds", "[0]"),
        (LOCAL, "releaseApiUrl", "http://127.0.0.1:8080"),
        (LOCAL, "httpTransport", "record:answers"),
        (DEV, "maxNewPerRun", "0"),
        (DEV, "massChangePercent", "100"),
        (DEV, "logRetentionDays", "365"),
        (DEV, "commitRetrySeconds", "[2, 8, 30, 75]"),
        (DEV, "reviewTimeoutSeconds", "5184000"),
        (DEV, "atlasTier", "FLEX"),
        (DEV, "qdrantMaxMonthlyUsd", "0"),
        (PROD, "nat", "zone"),
        (PROD, "atlasNetwork", "private-endpoint"),
        (PROD, "atlasNetwork", "nat"),
        (PROD, "cacheNode", None),
        (PROD, "bffImage", None),
        (PROD, "bffCpu", "256"),
        (PROD, "bffTasks", "[1, 4]"),
        (PROD, "applicationReader", "arn:aws:iam::123456789012:role/web"),
        (PROD, "alarmEmails", '["you@example.org"]'),
    ],
    ids=lambda part: str(part)[:30],
)
def test_a_plausible_value_is_taken(base: dict[str, object], key: str, value: str | None) -> None:
    assert parse(base, **{key: value})


@pytest.mark.parametrize(
    ("stack", "stage", "problem"),
    [
        ("preproduction", "dev", "cuts names"),
        ("production", "dev", "not be protected"),
        ("dev", "prod", "is called dev"),
    ],
)
def test_a_stack_that_is_called_what_it_is_not_is_refused(stack: str, stage: str, problem: str) -> None:
    base = PROD if stage == "prod" else DEV

    with pytest.raises(SettingsError, match=problem):
        parse_settings({**base, "stage": stage}, stack=stack)


def test_a_connection_string_is_never_shown() -> None:
    assert "27017" not in repr(parse(LOCAL))
    assert "secret-word" not in refusal(LOCAL, mongoUri="mongodb://secret-word", awsRegion="x")


def test_a_living_execution_has_a_living_lease() -> None:
    settings = parse(DEV)

    assert settings.review_timeout_seconds < settings.machine_timeout_seconds < settings.running_lease_seconds


def test_every_setting_is_described_with_harm_and_fix() -> None:
    for name, field in StackSettings.model_fields.items():
        assert field.description, name
        assert isinstance(field.json_schema_extra, dict), name
        assert set(field.json_schema_extra) == {"harm", "fix"}, name
