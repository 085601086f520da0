import json

import pytest

from cli.output import WIDTH_OF_FILES, Output


def test_a_result_is_one_json_object_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    Output(as_json=True).result({"title": "カウボーイ", "wide": "x" * 500, "none": None})
    shown = capsys.readouterr()
    assert json.loads(shown.out) == {"title": "カウボーイ", "wide": "x" * 500, "none": None}
    assert shown.out.count("\n") == 1
    assert "カウボーイ" in shown.out
    assert shown.err == ""


def test_nothing_else_goes_to_stdout_with_json(capsys: pytest.CaptureFixture[str]) -> None:
    out = Output(as_json=True)
    out.text("hello")
    out.table("T", ("a",), [(1,)])
    out.progress("progress")
    out.step("step")
    with out.waiting("waiting") as waiting:
        waiting.update("1/2")
    shown = capsys.readouterr()
    assert shown.out == ""
    assert [line.strip() for line in shown.err.splitlines()] == ["progress", "• step", "waiting", "1/2"]


def test_without_json_the_result_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    out = Output()
    out.result({"a": 1})
    out.text("see [red]this[/red] and [1]")
    out.table("Figures", ("name", "value"), [("new", 60), ("none", None)])
    shown = capsys.readouterr()
    assert "see [red]this[/red] and [1]" in shown.out
    assert '{"a"' not in shown.out
    for text in ("Figures", "name", "value", "new", "60"):
        assert text in shown.out
    assert "None" not in shown.out
    assert shown.err == ""


def test_what_is_waited_for_is_told_once_a_change(capsys: pytest.CaptureFixture[str]) -> None:
    with Output().waiting("sync") as waiting:
        for text in ("1/3", "1/3", "", "2/3", "2/3"):
            waiting.update(text)
    assert [line.strip() for line in capsys.readouterr().err.splitlines()] == ["sync", "1/3", "2/3"]


@pytest.mark.parametrize(("columns", "width"), [("60", 60), ("0", WIDTH_OF_FILES), ("wide", WIDTH_OF_FILES)])
def test_the_output_is_as_wide_as_columns_says(columns: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Output().width == WIDTH_OF_FILES
    monkeypatch.setenv("COLUMNS", columns)
    assert Output().width == width


def test_a_line_is_not_broken(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    Output().line("anime bootstrap --offline FILE --source-sha [sha]")
    assert capsys.readouterr().out == "anime bootstrap --offline FILE --source-sha [sha]\n"


def test_a_cell_is_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    Output().table(None, ("title",), [("[oshi no ko]",)])
    assert "[oshi no ko]" in capsys.readouterr().out
