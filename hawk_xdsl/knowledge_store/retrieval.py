"""Retrieval in two spaces, syntactic (BM25) and semantic with hardware features, fused by rank."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from hawk_xdsl.files.digest import digest_of
from hawk_xdsl.knowledge_store.embedding import Embedder, default_embedder
from hawk_xdsl.knowledge_store.entry import Entry, EntryKind
from hawk_xdsl.knowledge_store.features import FeatureSpace, HardwareFeatures, operators_of

# The constant of reciprocal rank fusion (Cormack, Clarke, Büttcher, SIGIR 2009).
RANK_CONSTANT = 60


class RetrievalMode(StrEnum):
    """Which spaces take part."""

    NONE = "none"
    SYNTACTIC = "syntactic"
    SEMANTIC = "semantic"
    FUSED = "fused"
    RANDOM = "random"  # any entries, to measure the others by


@dataclass(frozen=True)
class Query:
    """What to look for: an operation, and where it failed or was slow if it was tried."""

    text: str  # description in words, for the embedding
    tokens: tuple[str, ...] = ()  # operators and kernel words, for BM25
    features: HardwareFeatures = field(default_factory=HardwareFeatures)
    trap: str | None = None
    bottleneck: str | None = None


@dataclass(frozen=True)
class Ranks:
    """Place in each space, from 1; None where the entry was not found in it."""

    syntactic: int | None = None
    semantic: int | None = None


@dataclass(frozen=True)
class Retrieved:
    """An entry, its fused score and its place in each space."""

    entry: Entry
    score: float
    ranks: Ranks


class Retriever:
    """An index over a set of entries.

    Args:
        entries: what can be found, with distinct names.
        mode: which spaces take part.
        embedder: for the semantic space; :func:`default_embedder` without it.
    """

    def __init__(
        self,
        entries: Iterable[Entry],
        mode: RetrievalMode = RetrievalMode.FUSED,
        embedder: Embedder | None = None,
    ) -> None:
        self._entries = tuple(sorted(entries, key=lambda entry: entry.name))
        self._mode = mode
        self._embedder = default_embedder() if embedder is None else embedder

    def retrieve(
        self, query: Query, k: int, *, kinds: Collection[EntryKind] = tuple(EntryKind)
    ) -> list[Retrieved]:
        """The k best entries of the given kinds, best first; ties in the order of names.

        What was written for the query's trap has the first place of a list of its own.
        """
        wanted = [i for i, entry in enumerate(self._entries) if entry.kind in kinds]
        if not wanted:
            return []
        if self._mode is RetrievalMode.RANDOM:
            drawn = sorted(wanted, key=lambda i: digest_of((query.text, self._entries[i].name)))
            return [Retrieved(self._entries[i], 0.0, Ranks()) for i in drawn[:k]]
        syntactic = self._uses(RetrievalMode.SYNTACTIC) and self._lexicon.scores(query)
        semantic = self._uses(RetrievalMode.SEMANTIC) and self._space.scores(query)
        by_word = _places(syntactic, wanted) if syntactic else {}
        by_meaning = _places(semantic, wanted) if semantic else {}
        by_trap = {i: 1 for i in wanted if query.trap in self._entries[i].trigger.traps}
        found = [
            Retrieved(
                self._entries[i],
                sum(
                    1.0 / (RANK_CONSTANT + place[i])
                    for place in (by_word, by_meaning, by_trap)
                    if i in place
                ),
                Ranks(by_word.get(i), by_meaning.get(i)),
            )
            for i in sorted(by_word.keys() | by_meaning.keys() | by_trap.keys())
        ]
        return sorted(found, key=lambda item: -item.score)[:k]

    def _uses(self, space: RetrievalMode) -> bool:
        return self._mode in (space, RetrievalMode.FUSED)

    @cached_property
    def _lexicon(self) -> "_Lexicon":
        return _Lexicon(self._entries)

    @cached_property
    def _space(self) -> "_SemanticSpace":
        return _SemanticSpace(self._entries, self._embedder)


def _places(scores: Sequence[float], wanted: Sequence[int]) -> dict[int, int]:
    """Places from 1 of the wanted entries that have a score above zero."""
    order = sorted((i for i in wanted if scores[i] > 0.0), key=lambda i: -scores[i])
    return {i: place for place, i in enumerate(order, start=1)}


class _Lexicon:
    """BM25 over the words of name, trigger and artifact."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        import bm25s

        self._index = bm25s.BM25()
        self._index.index([_entry_words(entry) for entry in entries], show_progress=False)

    def scores(self, query: Query) -> list[float]:
        """One score an entry; zero where no word is shared."""
        words = _words(*query.tokens, query.trap or "", query.bottleneck or "")
        if not words:
            return []
        scores: NDArray[np.float32] = self._index.get_scores(words)
        return [round(float(score), 6) for score in scores]


def _entry_words(entry: Entry) -> list[str]:
    """What an entry is about; what a rewrite leads to (and its name says) is not what it is for."""
    trigger, artifact = entry.trigger, entry.artifact
    about = (*operators_of(entry), *trigger.dtypes, *trigger.traps)
    texts = [trigger.structure, trigger.bottleneck, artifact.before]
    if entry.kind is not EntryKind.REWRITE:
        texts += [entry.name, artifact.strategy, artifact.text, artifact.after]
    return _words(*about, *(text for text in texts if text is not None))


def _words(*texts: str) -> list[str]:
    """Lower-case words of at least two characters; single letters are mere variables."""
    return [word.lower() for text in texts for word in re.findall(r"[A-Za-z][A-Za-z0-9]+", text)]


class _VectorIndex(Protocol):
    """The part of a FAISS index that is used; FAISS itself is not typed."""

    def add(self, vectors: NDArray[np.float32]) -> None: ...

    def search(
        self, vectors: NDArray[np.float32], k: int
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]: ...


class _SemanticSpace:
    """Inner products of text embeddings joined with hardware features, in FAISS."""

    def __init__(self, entries: Sequence[Entry], embedder: Embedder) -> None:
        import faiss

        self._embedder = embedder
        self._features = FeatureSpace(entries)
        self._count = len(entries)
        rows = [
            np.concatenate([embedder.embed(e.rationale), self._features.of_entry(e)])
            for e in entries
        ]
        vectors = np.stack(rows).astype(np.float32)
        self._index = cast(_VectorIndex, faiss.IndexFlatIP(vectors.shape[1]))
        self._index.add(vectors)

    def scores(self, query: Query) -> list[float]:
        """One score an entry: cosine of the texts plus the weighted agreement of the features."""
        features = self._features.of_query(query.features, query.trap, query.bottleneck)
        vector = np.concatenate([self._embedder.embed(query.text), features]).astype(np.float32)
        found, order = self._index.search(vector[np.newaxis, :], self._count)
        scores = [0.0] * self._count
        for score, index in zip(found[0], order[0], strict=True):
            scores[int(index)] = round(float(score), 6)
        return scores
