"""Parsers are kept in the user's cache, and made anew where what is kept is of no use."""

from pathlib import Path

import pytest
from lark.exceptions import UnexpectedInput

from hawk_xdsl.files.grammars import parser_of_grammar

ONE, OTHER = 'start: "a"+', 'start: "b"+'


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "hawk-xdsl" / "grammars"


def test_a_parser_that_is_kept_accepts_the_same(cache: Path) -> None:
    for _ in range(2):
        parser = parser_of_grammar(ONE, "letters")
        assert parser.parse("aa") is not None
        with pytest.raises(UnexpectedInput):
            parser.parse("b")
    assert [file.name for file in cache.iterdir()] == ["letters.lark"]


def test_one_of_another_grammar_is_made_anew() -> None:
    parser_of_grammar(ONE, "letters")
    assert parser_of_grammar(OTHER, "letters").parse("bb") is not None
    with pytest.raises(UnexpectedInput):
        parser_of_grammar(OTHER, "letters").parse("a")


def test_a_damaged_one_is_made_anew_and_a_folder_that_cannot_be_made_is_done_without(
    cache: Path, tmp_path: Path
) -> None:
    parser_of_grammar(ONE, "letters")
    kept = (cache / "letters.lark").read_bytes()
    for damaged in (b"", kept[: len(kept) // 2], b"\n".join([kept.splitlines()[0], b"nonsense"])):
        (cache / "letters.lark").write_bytes(damaged)
        assert parser_of_grammar(ONE, "letters").parse("a") is not None
    (tmp_path / "hawk-xdsl").rename(tmp_path / "away")
    (tmp_path / "hawk-xdsl").write_text("a file")
    assert parser_of_grammar(ONE, "letters").parse("a") is not None
