"""Options of the client, and the translation of errors by type and code."""

from datetime import timedelta

import pytest
from bson.errors import InvalidDocument
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ExecutionTimeout,
    NetworkTimeout,
    NotPrimaryError,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WriteConcernError,
)

from models.errors import BadInput, Permanent, Unavailable
from stores.mongo.connection import connect
from stores.mongo.errors import duplicates, translated, translated_error


def test_the_client_is_bounded_in_time_and_asks_for_majority() -> None:
    with connect("mongodb://127.0.0.1:1", timeout=timedelta(seconds=7)) as client:
        options = client.options

        assert options.timeout == 7
        assert options.server_selection_timeout == 7
        assert options.retry_writes
        assert options.retry_reads
        assert options.write_concern.document == {"w": "majority"}
        assert options.read_concern.level == "majority"
        assert options.codec_options.tz_aware


@pytest.mark.parametrize("uri", ["http://user:secret@host", "mongodb://user:secret@", "mongodb://user:se/cret@host:x"])
def test_a_wrong_uri_is_bad_input_that_repeats_no_password(uri: str) -> None:
    with pytest.raises(BadInput) as caught:
        connect(uri)

    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def _labelled(error: PyMongoError, label: str) -> PyMongoError:
    error._add_error_label(label)
    return error


@pytest.mark.parametrize(
    "error",
    [
        AutoReconnect("x"),
        NetworkTimeout("x"),
        NotPrimaryError("x"),
        ServerSelectionTimeoutError("x"),
        ExecutionTimeout("x", 50),
        WriteConcernError("x", 64, {"code": 64}),
        OperationFailure("x", 112),
        OperationFailure("x", 11600),
        OperationFailure("x", 239),
        _labelled(OperationFailure("x", 8000), "TransientTransactionError"),
        _labelled(OperationFailure("x", 8000), "UnknownTransactionCommitResult"),
        BulkWriteError({"writeErrors": [{"code": 112}], "writeConcernErrors": [{"code": 64}]}),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_may_pass_is_unavailable(error: PyMongoError) -> None:
    assert type(translated_error("test", error)) is Unavailable


@pytest.mark.parametrize(
    "error",
    [
        OperationFailure("x", 13),
        OperationFailure("x", 18),
        OperationFailure("x"),
        BulkWriteError({"writeErrors": [{"code": 112}, {"code": 11000}]}),
        InvalidDocument("x"),
    ],
)
def test_anything_else_is_permanent(error: PyMongoError) -> None:
    assert type(translated_error("test", error)) is Permanent


def test_the_message_names_operation_and_code_alone() -> None:
    with pytest.raises(Permanent) as caught, translated("animes.get"):
        raise OperationFailure("dup key: { email: 'a@b' }", 11000, {"keyValue": {"email": "a@b"}})

    assert str(caught.value) == "mongodb animes.get: OperationFailure 11000"


def test_positions_of_duplicates() -> None:
    error = BulkWriteError({"writeErrors": [{"code": 11000, "index": 3}, {"code": 11000, "index": 5}]})

    assert duplicates(error) == (3, 5)


@pytest.mark.parametrize(
    "details",
    [
        {"writeErrors": [{"code": 11000, "index": 3}, {"code": 121, "index": 5}]},
        {"writeErrors": [{"code": 11000, "index": 3}], "writeConcernErrors": [{"code": 64}]},
    ],
)
def test_other_failures_beside_duplicates_are_not_swallowed(details: dict[str, object]) -> None:
    with pytest.raises(BulkWriteError):
        duplicates(BulkWriteError(details))
