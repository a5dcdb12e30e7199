"""The boundary: what files raise becomes one typed line, what our own code raises does not."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import pytest
import torch

import hawk_xdsl
from hawk_xdsl.cli import LONGEST_LINE, main
from hawk_xdsl.errors import HawkError, OptionError, ReadError, WriteError
from hawk_xdsl.files.boundary import LONGEST_REASON, reading, writing
from hawk_xdsl.files.typed import WrongValueError, member, typed
from hawk_xdsl.ir_text import read_module, read_op
from hawk_xdsl.propose.settings import Budget, Settings, Sources


@pytest.mark.parametrize(
    ("read", "reason"),
    [
        (lambda: Path("no-such-file").read_text(), "No such file"),
        (lambda: b"\xff".decode(), r"not UTF-8 text \(byte 0\)"),
        (lambda: json.loads("{"), r"not JSON: .* \(line 1\)"),
        (lambda: json.loads("[" * 100_000), "nested too deeply"),
        (lambda: bytearray(1 << 62), "too large for the memory"),
        (lambda: int("9" * 5000), "Exceeds the limit"),
    ],
)
def test_what_a_file_raises_names_it_and_what_to_do(
    read: Callable[[], object], reason: str
) -> None:
    with (
        pytest.raises(ReadError, match=rf"^f: cannot read the report: {reason}.*; try again$"),
        reading("f", "the report", todo="try again"),
    ):
        read()


@pytest.mark.parametrize("mistake", [TypeError, AttributeError, KeyError, AssertionError])
def test_a_mistake_of_our_own_stays_what_it_is(mistake: type[Exception]) -> None:
    with pytest.raises(mistake), reading("f", "the report"):
        raise mistake("ours")
    with pytest.raises(mistake), writing("f", "the report"):
        raise mistake("ours")


def test_a_typed_error_passes_and_a_long_one_is_cut() -> None:
    with pytest.raises(OptionError), reading("f", "it"):
        raise OptionError("inside")
    with pytest.raises(WriteError, match="No space"), writing("f", "it"):
        raise OSError(28, "No space left on device")
    with pytest.raises(ReadError) as raised, reading("f", "it"):
        raise ValueError("first\nsecond" + "x" * 5000)
    assert str(raised.value) == "f: cannot read it: first"
    with pytest.raises(ReadError) as raised, reading("f", "it"):
        raise ValueError("x" * 5000)
    assert len(str(raised.value)) < LONGEST_REASON + 30


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Part:
    size: int


@dataclass(frozen=True)
class Whole:
    name: str
    share: float
    colour: Colour
    parts: tuple[Part, ...] = ()
    note: str | None = None
    counts: dict[str, int] = field(default_factory=dict[str, int])


SOUND = {"name": "a", "share": 1, "colour": "red", "parts": [{"size": 2}], "counts": {"b": 3}}


def test_a_sound_value_becomes_a_dataclass() -> None:
    wanted = Whole("a", 1.0, Colour.RED, (Part(2),), None, {"b": 3})
    assert typed(Whole, SOUND) == wanted and isinstance(typed(Whole, SOUND).share, float)
    assert typed(Whole, {**SOUND, "note": "x"}).note == "x"
    assert member(tuple[int, ...], {"a": [1, 2], "more": None}, "a") == (1, 2)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"name": 3}, "row.name: expected a string, got 3"),
        ({"name": None}, "row.name: expected a string, got None"),
        ({"share": True}, "row.share: expected a number, got True"),
        ({"share": float("nan")}, "row.share: expected a finite number, got nan"),
        ({"share": 10**400}, "row.share: the number is too large"),
        ({"colour": "blue"}, "row.colour: expected one of red, got 'blue'"),
        ({"colour": ["red"]}, "row.colour: expected one of red, got "),
        ({"parts": {}}, "row.parts: expected a list, got {}"),
        ({"parts": [{"size": 1}, {"size": "2"}]}, "row.parts[1].size: expected an integer"),
        ({"parts": [{}]}, "row.parts[0].size: missing"),
        ({"counts": {"b": 1.5}}, "row.counts.b: expected an integer, got 1.5"),
        ({"note": 1}, "row.note: expected a string, got 1"),
        ({"other": 1}, "row: unknown field 'other'"),
    ],
)
def test_a_wrong_value_is_named_with_its_place(change: dict[str, object], told: str) -> None:
    with pytest.raises(WrongValueError) as raised:
        typed(Whole, {**SOUND, **change}, "row")
    assert str(raised.value).startswith(told)


def test_text_that_is_no_module_names_the_line() -> None:
    with pytest.raises(ReadError, match=r"^a\.mlir:2: cannot read the module"):
        read_module("builtin.module {\n )\n}", "a.mlir")
    with pytest.raises(ReadError, match=r"^a\.mlir:3: .*a string does not end"):
        read_module(f'// "\n"a.b"() {{n = "x\\22"}}\n"{"x" * 5000}\n', "a.mlir")
    with pytest.raises(ReadError, match="one undecided op, got 0"):
        read_op("builtin.module {}")


@pytest.mark.parametrize(
    "make",
    [
        lambda: Budget(attempts=0),
        lambda: Budget(attempts=True),
        lambda: Budget(tuning=-1),
        lambda: Budget(seconds=float("nan")),
        lambda: Budget(seconds=0),
        lambda: Settings(seed=-1),
        lambda: Settings(sources="composition"),  # pyright: ignore[reportArgumentType]
        lambda: Settings(retrieval="luck"),  # pyright: ignore[reportArgumentType]
    ],
)
def test_options_that_are_none_are_refused_from_python_too(make: Callable[[], object]) -> None:
    with pytest.raises(OptionError):
        make()
    assert Budget(seconds=float("inf")).seconds > 0 and Settings(Sources.REPLAY).seed == 0


@pytest.mark.parametrize(
    ("module", "inputs"),
    [
        (3, (torch.ones(2),)),
        (torch.nn.ReLU(), 3),
        (torch.nn.ReLU(), (3,)),
        (torch.nn.ReLU(), None),
        (torch.nn.ReLU(), ()),
    ],
)
def test_what_is_no_module_or_no_inputs_is_refused(module: object, inputs: object) -> None:
    with pytest.raises(HawkError):
        hawk_xdsl.compile_model(module, inputs)  # pyright: ignore[reportArgumentType]


def test_the_traceback_is_shown_when_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["hawk", "run", "x" * 5000])
    with pytest.raises(SystemExit):
        main()
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and len(told) < LONGEST_LINE + 20
    monkeypatch.setenv("HAWK_DEBUG", "1")
    with pytest.raises(HawkError):
        main()


OPT = """
import sys
sys.argv[0] = {program!r}
from hawk_xdsl.transforms.pass_error import PassError
raise PassError("no kernel", file="a.mlir")
"""


def test_a_pass_error_ends_xdsl_opt_with_one_line_and_no_other_program() -> None:
    def told(program: str) -> tuple[int, list[str]]:
        command = [sys.executable, "-c", OPT.format(program=program)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, done.stderr.splitlines()

    assert told("/usr/bin/xdsl-opt") == (1, ["error: a.mlir: no kernel"])
    status, lines = told("/usr/bin/server")
    assert status == 1 and lines[0].startswith("Traceback") and lines[-1].endswith("no kernel")


def test_a_value_that_is_used_before_it_is_made_is_one_line() -> None:
    lines = [
        "func.func @f(%a: f32) -> f32 {",
        "  %b = arith.addf %a, %a : f32",
        "  %c = arith.mulf %b, %a : f32",
        "  func.return %c : f32",
        "}",
    ]
    read_module("\n".join(lines), "x.mlir")
    lines[1], lines[2] = lines[2], lines[1]
    with pytest.raises(ReadError, match=r"arith\.mulf: it uses a value that is made after it"):
        read_module("\n".join(lines), "x.mlir")
