"""What becomes of the indexes of a collection, for any that may be there, on a server that refuses as MongoDB does."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.collections import Collection, Index
from stores.mongo.index_plan import Create, Drop, Present, SetExpiry, Signature, Step, plan, read_index, signature_of

NAMES = ("status", "sources_unique", "janitor")
KEYS = ((("a", 1),), (("a", -1),), (("a", 1), ("b", 1)), (("b", 1),))


def _distinct(indexes: Sequence[Index]) -> bool:
    signatures = {signature_of(index) for index in indexes}
    return len(signatures) == len(indexes) == len({index.name for index in indexes})


def _indexes(draw_unique: bool) -> st.SearchStrategy[Index]:
    return st.builds(
        Index,
        name=st.sampled_from(NAMES),
        keys=st.sampled_from(KEYS),
        unique=st.just(draw_unique),
        expire_after_seconds=st.none() if draw_unique else st.sampled_from([None, 60, 3600]),
    )


lists = st.lists(st.one_of(_indexes(draw_unique=True), _indexes(draw_unique=False)), max_size=4).filter(_distinct)
by_hand = st.lists(
    st.builds(
        Present,
        name=st.sampled_from(["by_hand", "a_1", "text-index"]),
        signature=st.builds(
            Signature,
            keys=st.sampled_from([*KEYS, (("a", "hashed"),)]),
            unique=st.booleans(),
            others=st.sampled_from(["", '{"sparse": true}']),
        ),
    ),
    max_size=2,
    unique_by=(lambda one: one.name, lambda one: one.signature),
)


class Server:
    """Keeps indexes by name and refuses as MongoDB does. ``constraints`` are the unique signatures after each step."""

    def __init__(self, present: Sequence[Present] = ()) -> None:
        self.indexes = {one.name: one for one in present}
        self.constraints = [self._unique()]

    def migrate(self, wanted: Sequence[Index]) -> None:
        for step in plan(list(self.indexes.values()), wanted).steps:
            self._carry_out(step)
            self.constraints.append(self._unique())

    def _carry_out(self, step: Step) -> None:
        match step:
            case Create(index=index, name=name):
                assert name not in self.indexes, "IndexKeySpecsConflict"
                assert signature_of(index) not in self._signatures(), "IndexOptionsConflict"
                self.indexes[name] = Present(
                    name=name, signature=signature_of(index), expire_after_seconds=index.expire_after_seconds
                )
            case Drop(name=name):
                del self.indexes[name]
            case SetExpiry(name=name, seconds=seconds):
                self.indexes[name] = replace(self.indexes[name], expire_after_seconds=seconds)

    def _signatures(self) -> set[Signature]:
        return {one.signature for one in self.indexes.values()}

    def _unique(self) -> set[Signature]:
        return {signature for signature in self._signatures() if signature.unique}


def _serves(server: Server, wanted: Sequence[Index]) -> bool:
    there = {one.signature: one.expire_after_seconds for one in server.indexes.values()}
    return all(
        signature_of(index) in there and there[signature_of(index)] == index.expire_after_seconds for index in wanted
    )


@given(st.lists(lists, min_size=1, max_size=4), by_hand)
def test_after_any_history_of_lists_every_listed_index_is_there_and_nothing_is_left_to_do(
    history: list[list[Index]], present: list[Present]
) -> None:
    server = Server(present)
    for wanted in history:
        server.migrate(wanted)
        assert _serves(server, wanted)
        again = plan(list(server.indexes.values()), wanted)
        assert (again.steps, again.created, again.changed) == ((), (), ())


@given(lists, lists)
def test_uniqueness_that_is_listed_before_and_after_holds_at_every_moment(
    before: list[Index], after: list[Index]
) -> None:
    server = Server()
    server.migrate(before)
    server.constraints.clear()

    server.migrate(after)

    lasting = {signature_of(index) for index in before} & {signature_of(index) for index in after if index.unique}
    assert all(lasting <= constraints for constraints in server.constraints)


@given(lists, lists)
def test_no_unique_index_goes_before_what_replaces_it_has_come(before: list[Index], after: list[Index]) -> None:
    server = Server()
    server.migrate(before)
    steps = plan(list(server.indexes.values()), after).steps

    unique = {name for name, one in server.indexes.items() if one.signature.unique}
    drops = [number for number, step in enumerate(steps) if isinstance(step, Drop) and step.name in unique]
    creations = [number for number, step in enumerate(steps) if isinstance(step, Create)]
    assert not drops or not creations or max(creations) < min(drops)


@given(lists, by_hand)
def test_what_is_not_listed_is_named_and_kept(wanted: list[Index], present: list[Present]) -> None:
    signatures = {signature_of(index) for index in wanted}
    server = Server(present)
    server.migrate(wanted)

    assert {one.name for one in present} <= server.indexes.keys()
    left_over = plan(list(server.indexes.values()), wanted).left_over
    assert set(left_over) == {one.name for one in present if one.signature not in signatures}


STATUS = Index(name="status", keys=(("status", 1),))


def _there(index: Index, name: str | None = None) -> Present:
    return Present(
        name=name or index.name, signature=signature_of(index), expire_after_seconds=index.expire_after_seconds
    )


def test_a_rename_is_no_reason_to_build_an_index_again() -> None:
    steps = plan([_there(STATUS)], [replace(STATUS, name="by_status")])

    assert (steps.steps, steps.created, steps.changed, steps.left_over) == ((), (), (), ())


def test_a_changed_index_is_built_under_a_name_of_its_own_before_the_old_one_goes() -> None:
    changed = replace(STATUS, keys=(("status", 1), ("year", 1)), unique=True)

    steps = plan([_there(STATUS)], [changed])

    (create, drop) = steps.steps
    assert isinstance(create, Create)
    assert create.name.startswith("status-")
    assert drop == Drop(name="status")
    assert (steps.created, steps.changed) == ((), ("status",))


def test_an_expiry_changes_in_place_and_goes_with_its_index() -> None:
    janitor = replace(STATUS, expire_after_seconds=60)

    assert plan([_there(STATUS)], [janitor]).steps == (SetExpiry(name="status", seconds=60),)
    assert plan([_there(janitor)], [STATUS]).steps == (Drop(name="status"), Create(index=STATUS, name="status"))


def test_an_index_is_read_as_the_server_tells_of_it() -> None:
    about = {"key": [("a", 1.0), ("b", "hashed")], "unique": True, "sparse": True, "expireAfterSeconds": 60, "v": 2}

    found = read_index("x", about)

    assert found.signature.keys == (("a", 1), ("b", "hashed"))
    assert type(found.signature.keys[0][1]) is int
    assert found.signature.unique
    assert "sparse" in found.signature.others
    assert found.expire_after_seconds == 60


def test_what_makes_indexes_different_makes_their_signatures_different() -> None:
    about = {"key": [("status", 1)], "v": 2}

    assert read_index("x", about).signature == read_index("y", {**about, "sparse": False}).signature
    assert read_index("x", about).signature == signature_of(STATUS)
    for option in ({"sparse": True}, {"partialFilterExpression": {"a": 1}}, {"collation": {"locale": "en"}}):
        assert read_index("x", {**about, **option}).signature != signature_of(STATUS)


@pytest.mark.parametrize("name", ["status-3f2a91", "Status", "", "1st"])
def test_a_listed_name_cannot_be_that_of_a_version(name: str) -> None:
    with pytest.raises(ValueError, match="later version of another index"):
        replace(STATUS, name=name)


def test_an_index_that_expires_is_not_unique() -> None:
    with pytest.raises(ValueError, match="use two indexes"):
        replace(STATUS, unique=True, expire_after_seconds=60)


def test_a_collection_lists_no_index_twice() -> None:
    with pytest.raises(ValueError, match="the same under two names"):
        Collection(name="animes", indexes=(STATUS, replace(STATUS, name="by_status")))
