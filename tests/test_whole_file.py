"""Files that are whole or not there."""

import os
import time
from pathlib import Path

import pytest

from hawk_xdsl.files.whole_file import ABANDONED, whole_file, write_whole


def test_a_file_appears_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    with whole_file(path) as partial:
        partial.write_text("half")
        assert not path.exists()
        partial.write_text("whole")
    assert [file.name for file in tmp_path.iterdir()] == ["rows.jsonl"]
    assert path.read_text() == "whole"


def test_an_interrupted_writing_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    write_whole(path, "before")
    with pytest.raises(KeyboardInterrupt), whole_file(path) as partial:
        partial.write_text("half")
        raise KeyboardInterrupt
    assert [file.read_text() for file in tmp_path.iterdir()] == ["before"]


def test_two_may_write_the_same_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "import.mlir"
    with whole_file(path) as one, whole_file(path) as other:
        one.write_text("one")
        other.write_text("other")
    assert [file.read_text() for file in tmp_path.iterdir()] == ["one"]


def test_what_a_killed_process_left_is_removed_later(tmp_path: Path) -> None:
    path = tmp_path / "facts [1].json"
    old, new, other = (
        tmp_path / f"{name}.partial" for name in (f"{path.name}.1", f"{path.name}.2", "x.1")
    )
    for file in (old, new, other):
        file.write_text("half")
    for file in (old, other):
        os.utime(file, (0, time.time() - ABANDONED - 60))
    write_whole(path, "whole")
    assert sorted(tmp_path.iterdir()) == sorted([path, new, other])
