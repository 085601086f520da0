"""Who has a share in a value that is put together of two."""

from datetime import UTC, datetime

from domain.shares import together

OLD, OLDER = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)


def test_others_who_had_a_share_keep_it_beside_the_later_ones() -> None:
    assert together((("mal", None),), (("mal", OLD), ("anidb", OLD))) == (("mal", None), ("anidb", OLD))


def test_who_made_both_alone_keeps_the_time_of_the_oldest() -> None:
    then = (("mal", OLD), ("mal", OLDER))
    assert together((("mal", None),), then) == (("mal", None), ("mal", OLDER))


def test_what_is_of_the_latest_answer_throughout_has_one_share() -> None:
    assert together((("mal", None),), (("mal", None),)) == (("mal", None),)
