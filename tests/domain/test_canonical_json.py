import hashlib
import json

from hypothesis import given
from hypothesis import strategies as st

from domain.canonical_json import canonical_bytes, sha256_of, sha256_of_bytes
from models.anime import check_entry, dump_entry
from tests.support.commits import make_entry

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def reordered(value: object) -> object:
    if isinstance(value, dict):
        return {key: reordered(value[key]) for key in reversed(list(value))}
    return [reordered(item) for item in value] if isinstance(value, list) else value


@given(JSON)
def test_the_order_of_keys_makes_no_difference(value: object) -> None:
    assert canonical_bytes(reordered(value)) == canonical_bytes(value)


@given(JSON)
def test_nothing_is_lost(value: object) -> None:
    assert json.loads(canonical_bytes(value)) == value


def test_an_entry_has_the_bytes_of_its_stored_form() -> None:
    entry = make_entry(synopsis=None)
    assert canonical_bytes(entry) == canonical_bytes(dump_entry(entry))
    assert b"null" not in canonical_bytes(entry)
    assert check_entry(canonical_bytes(entry)) == entry


def test_the_hash_is_the_one_of_the_stored_object() -> None:
    assert canonical_bytes({"b": [1, "ü"], "a": None}) == '{"a":null,"b":[1,"ü"]}'.encode()
    assert sha256_of({"b": 1, "a": 2}) == hashlib.sha256(b'{"a":2,"b":1}').hexdigest()
    assert sha256_of_bytes(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_another_value_has_another_hash() -> None:
    entry = make_entry()
    assert sha256_of(entry) != sha256_of(entry.model_copy(update={"title": "Another"}))
