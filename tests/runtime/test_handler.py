"""The handler decorator: what it lets in, what it lets out, and what it writes to the log."""

import contextlib
import io
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from pydantic import BaseModel, Field

from models.errors import BadInput, LockHeld, NotFound, StaleRevision, Unavailable
from models.events import (
    BeginOutput,
    CleanupInput,
    EpisodeInput,
    Event,
    ExecutionRef,
    Mode,
    QueryInput,
    ReviewRequestInput,
)
from models.ids import mint_anime_id
from runtime.handler import Context, LambdaFunction, lambda_function
from runtime.settings import DataBucket, Documents, FunctionSettings

Result = BaseModel | Mapping[str, Any] | None

ANIME = mint_anime_id("https://myanimelist.net/anime/1")
SECRET = "hunter2 of nobody"
ENVIRONMENT = {"STACK": "local", "AWS_REGION": "eu-central-1"}
REF: dict[str, Any] = {
    "execution": f"refresh-{ANIME}-1",
    "anime_id": ANIME,
    "mode": "refresh",
    "entry_key": "work/x/subject.json",
}


class Ask(Event):
    run_id: str | None = None
    anime_id: str | None = None
    password: str = Field(default="", repr=False)
    count: int = 0


@dataclass
class Lambda:
    """What AWS passes as the second argument."""

    aws_request_id: str = "request-1"
    function_name: str = "anime-local-ask"
    seconds: float = 60.0

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


@dataclass
class Log:
    stream: io.StringIO = field(default_factory=io.StringIO)

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


def invoke(function: LambdaFunction[Any, Any], event: Any, log: Log | None = None, **context: Any) -> Any:
    return function.invoke(
        event,
        environment=ENVIRONMENT,
        context=Lambda(**context),
        log_stream=(log or Log()).stream,
    )


@lambda_function(event=Ask, settings=FunctionSettings)
def echo(event: Ask, context: Context[FunctionSettings]) -> dict[str, Any]:
    return {"count": event.count, "stack": context.settings.stack, "request": context.request_id}


def failing(error: Exception) -> LambdaFunction[Ask, FunctionSettings]:
    @lambda_function(event=Ask, settings=FunctionSettings)
    def fail(event: Ask, context: Context[FunctionSettings]) -> None:
        raise error

    return fail


def answering(result: Result) -> Callable[[Ask, Context[Any]], Result]:
    def answer(event: Ask, context: Context[Any]) -> Result:
        return result

    return answer


def capturing(seen: list[Context[FunctionSettings]]) -> LambdaFunction[Ask, FunctionSettings]:
    @lambda_function(event=Ask, settings=FunctionSettings)
    def capture(event: Ask, context: Context[FunctionSettings]) -> None:
        seen.append(context)

    return capture


# ----------------------------------------------------------------------------------------------------------- events


def test_the_event_arrives_as_its_model_and_the_settings_as_theirs() -> None:
    assert invoke(echo, {"count": 3}) == {"count": 3, "stack": "local", "request": "request-1"}


def test_a_handler_is_called_by_lambda_with_the_process_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STACK", "dev")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert echo({"count": 1}, Lambda())["stack"] == "dev"
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["message"] == "finished"


@pytest.mark.parametrize(
    ("model", "event", "field_named"),
    [
        (Ask, {"count": SECRET}, "count"),
        (Ask, {SECRET[:4]: 1}, "hunt"),
        (QueryInput, {"action": SECRET}, "action"),
        (QueryInput, {"action": "show", "anime_id": SECRET}, "anime_id"),
        (EpisodeInput, {"anime_id": ANIME, "episode_number": "1", "scheduled_time": SECRET}, "scheduled_time"),
        (EpisodeInput, {"anime_id": ANIME, "episode_number": "1", "scheduled_time": "2026-11-21T01:00:00"}, "timezone"),
        (CleanupInput, {"ref": {**REF, "mode": SECRET}, "outcome": "failed"}, "ref.mode"),
        (ReviewRequestInput, {"ref": REF, "token": SECRET, "started_at": 3}, "started_at"),
    ],
)
def test_a_bad_event_is_bad_input_that_names_fields_and_never_values(
    model: type[Event], event: dict[str, Any], field_named: str
) -> None:
    handled: list[Event] = []

    def handle(parsed: Event, context: Context[FunctionSettings]) -> None:
        handled.append(parsed)

    log = Log()
    with pytest.raises(BadInput) as caught:
        invoke(LambdaFunction(handle, model, FunctionSettings), event, log)
    assert field_named in str(caught.value)
    assert model.__name__ in str(caught.value)
    assert SECRET not in str(caught.value)
    assert caught.value.__suppress_context__
    assert handled == []
    assert (log.lines[-1]["message"], log.lines[-1]["error"]) == ("failed", "BadInput")
    assert SECRET not in log.text


@pytest.mark.parametrize("event", [None, [], ["anime_id"], "text", 5, True])
def test_an_event_that_is_no_object_is_bad_input(event: Any) -> None:
    log = Log()
    with pytest.raises(BadInput, match="Ask"):
        invoke(echo, event, log)
    assert log.lines[-1]["error"] == "BadInput"


def test_a_missing_variable_is_bad_input_that_names_it() -> None:
    function = LambdaFunction(answering(None), Ask, DataBucket)
    with pytest.raises(BadInput, match=r"DATA_BUCKET \(missing\)"):
        invoke(function, {})


# ---------------------------------------------------------------------------------------------------------- results


class Inner(BaseModel):
    lasts: timedelta
    mode: Mode


@pytest.mark.parametrize(
    ("result", "json_value"),
    [
        (None, None),
        ({"count": 1}, {"count": 1}),
        (Inner(lasts=timedelta(minutes=1), mode=Mode.NEW), {"lasts": "PT1M", "mode": "new"}),
        (
            BeginOutput(catalogues=(), stages=(), base_revision=None),
            {"catalogues": [], "stages": [], "base_revision": None},
        ),
    ],
)
def test_a_result_is_mapped_to_json_with_its_nulls(result: Result, json_value: Any) -> None:
    function = LambdaFunction(answering(result), Ask, FunctionSettings)
    answer = invoke(function, {})
    assert answer == json_value
    assert json.loads(json.dumps(answer)) == json_value


@pytest.mark.parametrize(
    "error",
    [
        NotFound("no anime"),
        Unavailable("down"),
        LockHeld(ANIME, "refresh-x"),
        StaleRevision("it is at revision 3"),
        BadInput("give a number"),
    ],
)
def test_our_errors_keep_their_type_and_words(error: Exception) -> None:
    log = Log()
    with pytest.raises(type(error)) as caught:
        invoke(failing(error), {}, log)
    assert caught.value is error
    line = log.lines[-1]
    assert (line["level"], line["message"]) == ("error", "failed")
    assert (line["error"], line["reason"]) == (type(error).__name__, str(error))


def test_an_unexpected_error_goes_on_and_its_words_stay_out_of_the_log() -> None:
    log = Log()
    with pytest.raises(KeyError):
        invoke(failing(KeyError(SECRET)), {}, log)
    line = log.lines[-1]
    assert (line["level"], line["message"], line["error"]) == ("error", "failed unexpectedly", "KeyError")
    assert SECRET not in log.text


# ------------------------------------------------------------------------------------------------------------- logs


def test_every_line_carries_the_function_the_request_and_what_the_event_is_about() -> None:
    @lambda_function(event=Ask, settings=FunctionSettings)
    def speak(event: Ask, context: Context[FunctionSettings]) -> None:
        context.log.info("looked up", found=2)

    log = Log()
    invoke(speak, {"run_id": "run-1", "anime_id": ANIME, "password": SECRET}, log)
    assert [line["message"] for line in log.lines] == ["looked up", "finished"]
    for line in log.lines:
        assert (line["function"], line["request_id"]) == ("anime-local-ask", "request-1")
        assert (line["run_id"], line["anime_id"]) == ("run-1", ANIME)
    assert log.lines[0]["found"] == 2
    assert log.lines[1]["seconds"] >= 0
    assert SECRET not in log.text


def test_the_execution_of_a_state_is_on_its_lines_and_its_token_is_not() -> None:
    @lambda_function(event=ReviewRequestInput, settings=FunctionSettings)
    def ask(event: ReviewRequestInput, context: Context[FunctionSettings]) -> ExecutionRef:
        return event.ref

    log = Log()
    invoke(ask, {"ref": REF, "token": SECRET, "started_at": "2026-11-21T01:00:00Z"}, log)
    (line,) = log.lines
    assert (line["execution"], line["anime_id"]) == (REF["execution"], ANIME)
    assert SECRET not in log.text
    assert "work/x/subject.json" not in log.text


@pytest.mark.parametrize("value", [{"password": SECRET}, SECRET, "", "x" * 129, "ani_1\n", None])
def test_what_is_no_id_is_no_correlation_id(value: object) -> None:
    log = Log()
    with contextlib.suppress(BadInput):
        invoke(echo, {"anime_id": value, "run_id": "run-1"}, log)
    assert "anime_id" not in log.lines[-1]
    assert log.lines[-1]["run_id"] == "run-1"
    assert SECRET not in log.text


def test_settings_with_passwords_stay_out_of_the_log() -> None:
    class Settings(Documents):
        pass

    def handle(event: Ask, context: Context[Settings]) -> None:
        context.log.info("connected", settings=context.settings)

    log = Log()
    LambdaFunction(handle, Ask, Settings).invoke(
        {},
        environment={**ENVIRONMENT, "MONGO_URI": f"mongodb://u:{SECRET}@h/", "MONGO_DATABASE": "anime_service"},
        context=Lambda(),
        log_stream=log.stream,
    )
    assert log.lines[0]["message"] == "connected"
    assert SECRET not in log.text


def test_the_level_of_the_log_is_a_setting() -> None:
    log = Log()
    echo.invoke({}, environment={**ENVIRONMENT, "LOG_LEVEL": "ERROR"}, context=Lambda(), log_stream=log.stream)
    assert log.text == ""


# ---------------------------------------------------------------------------------------------------------- context


@pytest.mark.parametrize(("given", "usable"), [(60.0, 50.0), (900.0, 890.0), (10.0, 0.0), (3.0, 0.0)])
def test_the_deadline_leaves_ten_seconds_to_end_well(given: float, usable: float) -> None:
    seen: list[Context[FunctionSettings]] = []
    before = time.monotonic()
    invoke(capturing(seen), {}, seconds=given)
    assert before + usable <= seen[0].deadline <= time.monotonic() + usable
    assert seen[0].remaining() <= usable


def test_images_are_left_to_the_next_round_when_one_could_outlast_the_function() -> None:
    seen: list[Context[FunctionSettings]] = []
    for seconds in (900.0, 80.0):
        invoke(capturing(seen), {}, seconds=seconds)
    assert [context.image_time_is_over() for context in seen] == [False, True]


def test_tokens_are_new_ulids_in_the_order_of_time() -> None:
    seen: list[Context[FunctionSettings]] = []
    invoke(capturing(seen), {})
    before = time.time_ns() // 1_000_000
    tokens = [seen[0].token() for _ in range(100)]
    assert len(set(tokens)) == 100
    assert all(len(token) == 26 and not set(token) - set("0123456789ABCDEFGHJKMNPQRSTVWXYZ") for token in tokens)
    digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    milliseconds = [sum(digits.index(c) * 32**power for power, c in enumerate(reversed(t[:10]))) for t in tokens]
    assert before <= milliseconds[0] <= milliseconds[-1] <= time.time_ns() // 1_000_000


def test_a_run_without_an_id_is_named_by_its_request_so_that_a_repeated_delivery_is_the_same_run() -> None:
    seen: list[Context[FunctionSettings]] = []
    for _ in range(2):
        invoke(capturing(seen), {}, aws_request_id="request-7")
    assert [context.run_id(None) for context in seen] == ["request-7", "request-7"]
    assert seen[0].run_id("given") == "given"
    assert seen[0].now().utcoffset() == timedelta(0)
