"""The entry format: what is read, what is refused and where, and writing it back."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hawk_xdsl.errors import HawkError
from hawk_xdsl.knowledge_store.entry import Artifact, Entry, EntryKind, TileHole, Trigger
from hawk_xdsl.knowledge_store.error_bound import ErrorBound
from hawk_xdsl.knowledge_store.read_entries import load_entries, load_seed_entries, parse_entries
from hawk_xdsl.knowledge_store.write_entry import format_entry

GOOD = """\
# rows
[[entry]]
name = "row-sum"
kind = "template"
rationale = "Sums each row in one pass."
[entry.trigger]
structure = "rows"
ops = ["add"]
dtypes = ["f32", "f16"]
traps = ["capacity"]
bottleneck = "mte2"
intensity = [0, 0.5]
[entry.artifact]
text = '''
[[entry]]
kind = s = vreduce sum $x axis 1
'''
[[entry.tile]]
name = "T"
prefer = [64, 1]

[[entry]]
name = "tanh-by-exp"
kind = "rewrite"
rationale = "tanh from exp."
[entry.artifact]
before = "tanh(x)"
after = "1 - 2 / (exp(2 * x) + 1)"
domain = { x = [-1e5, 1e5] }
error = { absolute = 1e-7, ulp = 2 }
"""


def test_reads_every_field() -> None:
    rows, tanh = parse_entries(GOOD, "good.toml")
    assert rows == Entry(
        name="row-sum",
        kind=EntryKind.TEMPLATE,
        rationale="Sums each row in one pass.",
        trigger=Trigger("rows", ("add",), ("f32", "f16"), ("capacity",), "mte2", (0.0, 0.5)),
        artifact=Artifact(text="[[entry]]\nkind = s = vreduce sum $x axis 1\n"),
        tiles=(TileHole("T", (64, 1)),),
    )
    assert tanh.artifact == Artifact(
        before="tanh(x)",
        after="1 - 2 / (exp(2 * x) + 1)",
        domain=(("x", (-1e5, 1e5)),),
        error=ErrorBound(absolute=1e-7, ulp=2),
    )
    assert (rows.origin, tanh.origin) == ("good.toml:2", "good.toml:22")


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ('structure = "rows"', 'structur = "rows"', 7, "unknown key 'structur' in [entry.trigger]"),
        ('kind = "rewrite"', 'kind = "recipe"', 24, "'kind' must be one of template"),
        ('name = "tanh-by-exp"', 'name = "row-sum"', 23, "entry 'row-sum' is already defined"),
        ('name = "tanh-by-exp"', 'name = "Tanh"', 23, "'name' must be a kebab-case string"),
        ('rationale = "tanh from exp."\n', "", 22, "missing key 'rationale' in [entry]"),
        ('after = "1', 'text = "1', 28, "unknown key 'text' in [entry.artifact] of a rewrite"),
        ('before = "tanh(x)"\n', "", 26, "missing key 'before' in [entry.artifact] of a rewrite"),
        ("prefer = [64, 1]", "prefer = [64, 0]", 20, "'prefer' must hold integers of at least 1"),
        ("prefer = [64, 1]", "prefer = [64, 64]", 20, "'prefer' names something twice"),
        ('name = "T"', 'name = "2T"', 19, "'name' must be an identifier"),
        ("[0, 0.5]", "[1, 0.5]", 12, "'intensity' must be a range"),
        ('ops = ["add"]', 'ops = "add"', 8, "'ops' must be a list of strings"),
        ("{ absolute = 1e-7, ulp = 2 }", '"2 ulp"', 30, "'error' must be a table of positive num"),
        ("{ absolute = 1e-7, ulp = 2 }", "{ ulps = 2 }", 30, "'error' must be a table of posit"),
        ("{ absolute = 1e-7, ulp = 2 }", "{ ulp = 0 }", 30, "'error' must be a table of positive"),
        ("{ absolute = 1e-7, ulp = 2 }", "", 30, "not TOML"),
        ("{ x = [-1e5, 1e5] }", "{ x = [1e5, -1e5] }", 29, "'domain' must hold ranges"),
        ("{ x = [-1e5, 1e5] }", "[-1e5, 1e5]", 29, "'domain' must be a table of ranges"),
        ('kind = "template"', 'kind = "rule"', 18, "a rule has no tiles"),
        ("# rows", "title = 1", 1, "unknown key 'title' in the file"),
    ],
)
def test_refuses_with_the_line(old: str, new: str, line: int, reason: str) -> None:
    assert GOOD.count(old) == 1
    with pytest.raises(HawkError) as raised:
        parse_entries(GOOD.replace(old, new), "bad.toml")
    assert (raised.value.file, raised.value.line) == ("bad.toml", line)
    assert reason in raised.value.message


def test_a_name_in_two_files_is_refused(tmp_path: Path) -> None:
    first, second = tmp_path / "a.toml", tmp_path / "b.toml"
    first.write_text(GOOD)
    second.write_text("\n" + GOOD)
    with pytest.raises(
        HawkError, match=r"b\.toml:3: entry 'row-sum' is already defined at .*a\.toml:2"
    ):
        load_entries([first, second])


def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HawkError, match="cannot read the entries"):
        load_entries([tmp_path / "none.toml"])
    (tmp_path / "latin.toml").write_bytes(b"# \xe9")
    with pytest.raises(HawkError, match="cannot read the entries"):
        load_entries([tmp_path / "latin.toml"])


def test_the_entries_of_the_package_load() -> None:
    names = [entry.name for entry in load_seed_entries()]
    assert len(set(names)) == len(names)


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)
words = st.lists(texts, max_size=3, unique=True).map(tuple)
numbers = st.floats(min_value=0, max_value=1e30)
ranges = st.none() | st.tuples(numbers, numbers).map(lambda pair: (min(pair), max(pair)))
triggers = st.builds(
    Trigger,
    structure=st.none() | texts,
    ops=words,
    dtypes=words,
    traps=words,
    bottleneck=st.none() | texts,
    intensity=ranges,
    pressure=ranges,
)
tiles = st.builds(
    TileHole,
    name=st.from_regex(r"[A-Z][a-z0-9_]*", fullmatch=True),
    prefer=st.lists(st.integers(1, 10**6), min_size=1, unique=True).map(tuple),
)
templates = st.builds(
    Entry,
    name=st.from_regex(r"[a-z]+(-[a-z0-9]+)*", fullmatch=True),
    kind=st.just(EntryKind.TEMPLATE),
    rationale=texts,
    trigger=triggers,
    artifact=st.builds(Artifact, text=texts),
    tiles=st.lists(tiles, max_size=2, unique_by=lambda tile: tile.name).map(tuple),
)


signed = st.floats(allow_nan=False)
rewrites = st.builds(
    Entry,
    name=st.from_regex(r"[a-z]+(-[a-z0-9]+)*", fullmatch=True),
    kind=st.just(EntryKind.REWRITE),
    rationale=texts,
    artifact=st.builds(
        Artifact,
        before=texts,
        after=texts,
        domain=st.dictionaries(
            st.from_regex(r"[a-z][a-z0-9_]*", fullmatch=True),
            st.tuples(signed, signed).map(lambda pair: (min(pair), max(pair))),
        ).map(lambda ranges: tuple(ranges.items())),
        error=st.none() | st.builds(ErrorBound, *[st.floats(1e-30, 1e30)] * 3),
    ),
)


@given(templates | rewrites)
def test_what_is_written_reads_back(entry: Entry) -> None:
    assert parse_entries(format_entry(entry), "written.toml") == (entry,)
