"""Retrieval: each space finds what it is for, and fusion is by reciprocal rank."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hawk_xdsl.knowledge_store.embedding import (
    CachedEmbedder,
    HashedEmbedder,
    Vector,
    default_embedder,
)
from hawk_xdsl.knowledge_store.entry import Artifact, Entry, EntryKind, Trigger
from hawk_xdsl.knowledge_store.features import (
    WEIGHTS,
    FeatureSpace,
    HardwareFeatures,
    operators_of,
)
from hawk_xdsl.knowledge_store.read_entries import load_seed_entries
from hawk_xdsl.knowledge_store.retrieval import Query, Ranks, RetrievalMode, Retriever

SOFTMAX = Entry(
    "row-softmax",
    EntryKind.TEMPLATE,
    "Subtract the maximum of each row before the exponential, so that nothing overflows.",
    Trigger(structure="rows", ops=("exp", "div"), dtypes=("f32",)),
    Artifact(text="m = vreduce max x axis 1\ne = vexp d"),
)
SMALLER_TILES = Entry(
    "halve-the-tile",
    EntryKind.RULE,
    "When the buffers do not fit into the unified buffer, take tiles of half the rows.",
    Trigger(traps=("capacity",), pressure=(1.0, 1000.0)),
)
LARGER_COPIES = Entry(
    "larger-copies",
    EntryKind.RULE,
    "Small transfers waste bandwidth, so each one should move at least sixteen kilobytes.",
    Trigger(bottleneck="mte2", intensity=(0.0, 1.0)),
)
MATMUL = Entry(
    "tiled-matmul",
    EntryKind.TEMPLATE,
    "A matrix product accumulates over the contraction dimension in the cube unit.",
    Trigger(structure="contraction", ops=("mul", "add"), intensity=(16.0, 4096.0)),
    Artifact(text="c = mmad a, b.T, c"),
)
ENTRIES = (SOFTMAX, SMALLER_TILES, LARGER_COPIES, MATMUL)


def first(query: Query, mode: RetrievalMode) -> str:
    retriever = Retriever(ENTRIES, mode, HashedEmbedder())
    return retriever.retrieve(query, 1)[0].entry.name


def test_the_syntactic_space_finds_by_words_of_the_artifact() -> None:
    query = Query("anything", tokens=("mmad",))
    found = Retriever(ENTRIES, RetrievalMode.SYNTACTIC).retrieve(query, 4)
    assert [item.entry for item in found] == [MATMUL]
    assert found[0].ranks == Ranks(syntactic=1, semantic=None)


@pytest.mark.parametrize(
    ("query", "name"),
    [
        (Query("matrix product in the cube"), "tiled-matmul"),
        (Query("an operation", trap="capacity"), "halve-the-tile"),
        (Query("an operation", bottleneck="mte2"), "larger-copies"),
        (Query("an operation", features=HardwareFeatures(structure="rows")), "row-softmax"),
        (Query("an operation", features=HardwareFeatures(intensity=64.0)), "tiled-matmul"),
        (Query("an operation", features=HardwareFeatures(intensity=0.25)), "larger-copies"),
        (Query("an operation", features=HardwareFeatures(pressure=8.0)), "halve-the-tile"),
    ],
)
def test_the_semantic_space_finds_by_meaning_and_hardware(query: Query, name: str) -> None:
    assert first(query, RetrievalMode.SEMANTIC) == name


def test_a_trap_outweighs_the_operation() -> None:
    features = HardwareFeatures(dtypes=("f32",))
    query = Query("each row exponential", tokens=("vexp",), features=features, trap="capacity")
    assert first(query, RetrievalMode.SEMANTIC) == "halve-the-tile"


def test_fusion_adds_reciprocal_ranks() -> None:
    query = Query("matrix product", tokens=("vexp", "vreduce"))
    found = Retriever(ENTRIES, RetrievalMode.FUSED, HashedEmbedder()).retrieve(query, 4)
    by_name = {item.entry.name: item for item in found}
    softmax = by_name["row-softmax"]
    assert softmax.ranks.syntactic == 1
    assert softmax.ranks.semantic is not None
    assert softmax.score == pytest.approx(1 / 61 + 1 / (60 + softmax.ranks.semantic))
    assert by_name["tiled-matmul"].score == pytest.approx(1 / 61)
    assert [item.score for item in found] == sorted((i.score for i in found), reverse=True)


def test_modes_kinds_and_counts_limit_what_is_found() -> None:
    query = Query("a row of a matrix in a tile buffer", tokens=("vexp", "mmad"))
    assert Retriever(ENTRIES, RetrievalMode.NONE).retrieve(query, 4) == []
    retriever = Retriever(ENTRIES, RetrievalMode.FUSED, HashedEmbedder())
    assert len(retriever.retrieve(query, 2)) == 2
    rules = retriever.retrieve(query, 4, kinds=[EntryKind.RULE])
    assert rules and all(item.entry.kind is EntryKind.RULE for item in rules)
    assert rules[0].ranks.semantic == 1
    assert Retriever((), RetrievalMode.FUSED, HashedEmbedder()).retrieve(query, 4) == []


def test_a_query_without_known_words_finds_nothing_syntactic() -> None:
    retriever = Retriever(ENTRIES, RetrievalMode.SYNTACTIC)
    assert retriever.retrieve(Query("x", tokens=("unheard-of",)), 4) == []
    assert retriever.retrieve(Query("x"), 4) == []


def test_equal_entries_come_in_the_order_of_their_names() -> None:
    query = Query("tile of rows", tokens=("vexp", "mmad", "capacity"))
    twins = (
        *ENTRIES,
        replace(SOFTMAX, name="another-softmax"),
        replace(MATMUL, name="zealous-matmul"),
    )
    forward = Retriever(twins, RetrievalMode.FUSED, HashedEmbedder()).retrieve(query, 6)
    backward = Retriever(twins[::-1], RetrievalMode.FUSED, HashedEmbedder()).retrieve(query, 6)
    assert forward == backward
    names = [item.entry.name for item in forward]
    assert names.index("another-softmax") < names.index("row-softmax")
    assert names.index("tiled-matmul") < names.index("zealous-matmul")


def test_agreement_of_one_aspect_scores_its_weight() -> None:
    space = FeatureSpace(ENTRIES)
    query = space.of_query(HardwareFeatures(intensity=0.3), "capacity", "mte2")
    assert query @ space.of_entry(SMALLER_TILES) == pytest.approx(WEIGHTS["traps"])
    expected = WEIGHTS["bottleneck"] + WEIGHTS["intensity"]
    assert query @ space.of_entry(LARGER_COPIES) == pytest.approx(expected)
    assert query @ space.of_entry(SOFTMAX) == 0.0


class CountingEmbedder(HashedEmbedder):
    """Counts the texts that it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, text: str) -> Vector:
        self.asked.append(text)
        return super().embed(text)


def test_vectors_are_kept_between_runs(tmp_path: Path) -> None:
    embedder = CountingEmbedder()
    fresh = CachedEmbedder(embedder, tmp_path).embed("a text")
    kept = CachedEmbedder(embedder, tmp_path).embed("a text")
    assert embedder.asked == ["a text"]
    np.testing.assert_array_equal(fresh, kept)


def test_a_broken_cache_only_costs_time(tmp_path: Path) -> None:
    embedder = CountingEmbedder()
    CachedEmbedder(embedder, tmp_path).embed("a text")
    (vector,) = (tmp_path / embedder.name).iterdir()
    vector.write_bytes(b"cut")
    repaired = CachedEmbedder(embedder, tmp_path).embed("a text")
    np.testing.assert_array_equal(repaired, HashedEmbedder().embed("a text"))
    (tmp_path / "file").write_text("not a folder")
    CachedEmbedder(embedder, tmp_path / "file").embed("a text")


@pytest.mark.model
def test_the_default_embedder_tells_related_texts_from_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    embedder = default_embedder()
    assert embedder.name in ("all-minilm-l6-v2", "hashed-ngrams-1")
    one, near, far = (
        embedder.embed(text)
        for text in (
            "Subtract the maximum of each row.",
            "The maximum of every row is subtracted.",
            "Transfers should move sixteen kilobytes.",
        )
    )
    assert one.shape == (embedder.dimension,)
    assert float(np.linalg.norm(one)) == pytest.approx(1.0, abs=1e-5)
    assert one @ near > one @ far


PACKAGED = load_seed_entries()
TRAPS = [(trap, entry.name) for entry in PACKAGED for trap in entry.trigger.traps]


@pytest.fixture(scope="module")
def packaged() -> Retriever:
    return Retriever(PACKAGED, embedder=HashedEmbedder())


@pytest.mark.parametrize(("trap", "name"), TRAPS)
def test_the_rule_of_a_trap_is_among_the_six_of_a_prompt(
    packaged: Retriever, trap: str, name: str
) -> None:
    functions = ("div", "exp", "reduce_max", "reduce_sum", "sub")
    features = HardwareFeatures(structure="tiles", ops=functions, dtypes=("f32",))
    query = Query("y0[i0, i1] = exp(x0[i0, i1]) / t0[i0]", functions, features, trap)
    assert name in [found.entry.name for found in packaged.retrieve(query, 6)]


def test_the_entry_that_computes_a_function_is_among_the_six_of_a_prompt(
    packaged: Retriever,
) -> None:
    """For every rewrite or instruction of one function alone that no other entry is about."""
    about = {entry.name: operators_of(entry) for entry in PACKAGED}
    single = {name: ops[0] for name, ops in about.items() if len(ops) == 1}
    checked = 0
    for name, function in single.items():
        if list(single.values()).count(function) > 1:
            continue
        features = HardwareFeatures("tiles", (function,), ("f32",))
        query = Query(f"y0[i0] = {function}(x0[i0])", (function,), features)
        assert name in [found.entry.name for found in packaged.retrieve(query, 6)], name
        checked += 1
    assert checked > 10


def test_a_rewrite_is_found_by_what_it_replaces_and_not_by_what_it_leads_to() -> None:
    tanh = Entry(
        "tanh-by-exp", EntryKind.REWRITE, "r", artifact=Artifact(before="tanh(x)", after="exp(x)")
    )
    retriever = Retriever([tanh, *ENTRIES], RetrievalMode.SYNTACTIC)
    assert operators_of(tanh) == ("tanh",)
    assert retriever.retrieve(Query("", ("tanh",)), 1)[0].entry == tanh
    assert tanh not in [found.entry for found in retriever.retrieve(Query("", ("exp",)), 4)]
