"""Settings from the environment: what is read how, and errors that name variables and never values."""

from datetime import timedelta

import pytest

from models.errors import BadInput
from models.events import Catalogue, Mode
from runtime.settings import (
    BulkMachine,
    CacheServer,
    Catalogues,
    CommitRetries,
    Documents,
    FunctionSettings,
    Images,
    LockTimes,
    ReviewPolicy,
    SyncLimits,
)

BASE = {"STACK": "local", "AWS_REGION": "eu-central-1"}
IMAGES = {
    "IMAGES_BUCKET": "images",
    "IMAGES_DOMAIN": "images.example",
    "IMAGE_MAP_TABLE": "image-deduplication-map",
    "IMAGE_DLQ_URL": "https://sqs.example/images",
}
SECRET = "hunter2 of nobody"


def test_variables_become_fields_by_their_lower_case_names_and_unknown_ones_are_ignored() -> None:
    settings = FunctionSettings.from_environment({**BASE, "PATH": "/bin", "LOG_LEVEL": "DEBUG"})
    assert settings == FunctionSettings(stack="local", aws_region="eu-central-1", log_level="DEBUG")


def test_what_is_not_given_has_its_default() -> None:
    settings = FunctionSettings.from_environment(BASE)
    assert (settings.aws_endpoint_url, settings.log_level) == (None, "INFO")


def test_an_empty_variable_counts_as_not_given() -> None:
    assert FunctionSettings.from_environment({**BASE, "LOG_LEVEL": "", "AWS_ENDPOINT_URL": ""}).log_level == "INFO"
    with pytest.raises(BadInput, match=r"STACK \(missing\)"):
        FunctionSettings.from_environment({**BASE, "STACK": ""})


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("", ()),
        ("a.example", ("a.example",)),
        ("a.example,b.example", ("a.example", "b.example")),
        (" a.example , b.example ,", ("a.example", "b.example")),
    ],
)
def test_a_list_is_separated_by_commas(text: str, hosts: tuple[str, ...]) -> None:
    assert Images.from_environment({**BASE, **IMAGES, "IMAGE_HOSTS": text}).image_hosts == hosts


def test_numbers_in_a_list_are_numbers_and_modes_are_modes() -> None:
    retries = CommitRetries.from_environment({**BASE, "COMMIT_RETRY_SECONDS": "0,0.5, 2"})
    assert retries.commit_retry_seconds == (0.0, 0.5, 2.0)
    policy = ReviewPolicy.from_environment({**BASE, "AUTOMATIC_MODES": "episode,refresh"})
    assert policy.automatic_modes == (Mode.EPISODE, Mode.REFRESH)


def test_nothing_is_committed_without_a_person_unless_the_stack_says_so() -> None:
    assert ReviewPolicy.from_environment(BASE).automatic_modes == ()


def test_the_waits_of_a_commit_make_five_attempts_over_about_two_minutes() -> None:
    waits = CommitRetries.from_environment(BASE).commit_retry_seconds
    assert len(waits) + 1 == 5
    assert 100 <= sum(waits) <= 140


def test_a_mapping_is_json() -> None:
    settings = Catalogues.from_environment({**BASE, "CATALOGUE_URLS": '{"jikan": "http://127.0.0.1:8080/v4"}'})
    assert {name: str(url) for name, url in settings.catalogue_urls.items()} == {"jikan": "http://127.0.0.1:8080/v4"}


def test_paces_are_numbers_by_catalogue() -> None:
    settings = Catalogues.from_environment({**BASE, "CATALOGUE_PACES": '{"jikan": 300}'})
    assert settings.catalogue_paces == {Catalogue.JIKAN: 300.0}
    with pytest.raises(BadInput, match="CATALOGUE_PACES"):
        Catalogues.from_environment({**BASE, "CATALOGUE_PACES": '{"jikan": 0}'})


def test_lock_times_are_durations() -> None:
    times = LockTimes.from_environment({**BASE, "LOCK_FIRST_LEASE_SECONDS": "60"})
    assert (times.first_lease, times.running_lease) == (timedelta(minutes=1), timedelta(days=15))


@pytest.mark.parametrize(
    ("settings", "given", "named"),
    [
        (Documents, {"MONGO_DATABASE": "anime_service"}, "MONGO_URI (missing)"),
        (Images, {**IMAGES, "IMAGE_RETRY_AFTER_HOURS": "0"}, "IMAGE_RETRY_AFTER_HOURS (greater_than_equal)"),
        (BulkMachine, {"BULK_INDEX_MACHINE_ARN": "arn", "BULK_BATCH_SIZE": SECRET}, "BULK_BATCH_SIZE (int_parsing)"),
        (SyncLimits, {"MASS_CHANGE_PERCENT": "101"}, "MASS_CHANGE_PERCENT (less_than_equal)"),
        (CommitRetries, {"COMMIT_RETRY_SECONDS": f"1,{SECRET}"}, "COMMIT_RETRY_SECONDS.1 (float_parsing)"),
        (ReviewPolicy, {"AUTOMATIC_MODES": f"episode,{SECRET}"}, "AUTOMATIC_MODES.1 (enum)"),
        (Catalogues, {"CATALOGUE_URLS": f'{{"jikan": {SECRET}'}, "CATALOGUE_URLS (value_error)"),
        (Catalogues, {"CATALOGUE_URLS": f'["{SECRET}"]'}, "CATALOGUE_URLS (dict_type)"),
        (Catalogues, {"CATALOGUE_URLS": f'{{"jikan": "{SECRET}"}}'}, "CATALOGUE_URLS.JIKAN (url_parsing)"),
    ],
)
def test_an_error_names_the_variable_and_never_its_value(
    settings: type[FunctionSettings], given: dict[str, str], named: str
) -> None:
    with pytest.raises(BadInput) as caught:
        settings.from_environment({**BASE, **given})
    assert named in str(caught.value)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__  # nor does a printed trace show the values


def test_every_wrong_variable_is_named_at_once() -> None:
    with pytest.raises(BadInput) as caught:
        Documents.from_environment({})
    for name in ("STACK", "AWS_REGION", "MONGO_URI", "MONGO_DATABASE"):
        assert name in str(caught.value)


def test_what_may_hold_a_password_is_not_shown() -> None:
    documents = Documents.from_environment(
        {**BASE, "MONGO_URI": f"mongodb://user:{SECRET}@host/", "MONGO_DATABASE": "anime_service"}
    )
    cache = CacheServer.from_environment({**BASE, "REDIS_URL": f"redis://:{SECRET}@host/"})
    assert SECRET not in f"{documents!r}{documents!s}{cache!r}{cache!s}"
    assert SECRET in documents.mongo_uri
