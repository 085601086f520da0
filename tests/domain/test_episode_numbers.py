from domain.episode_numbers import number_order


def test_numbers_are_ordered_as_numbers_and_specials_come_last() -> None:
    assert sorted(["S10", "10", "S2", "2", "1.5", "0"], key=number_order) == ["0", "1.5", "2", "10", "S2", "S10"]
