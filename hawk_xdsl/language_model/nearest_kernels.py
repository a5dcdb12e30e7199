"""Finds verified kernels of the specifications that are nearest to an op's."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from hawk_xdsl.knowledge_store import Query, RetrievalMode, Retriever
from hawk_xdsl.knowledge_store.kernel_examples import KernelExample
from hawk_xdsl.language_model.hardware_view import hardware_view
from hawk_xdsl.npu_target import Target
from hawk_xdsl.semantics.specification import Specification


def query_of(specification: Specification, target: Target) -> Query:
    """What to look for: an op on a target."""
    features = hardware_view(specification, target)
    return Query(text=specification.text, tokens=features.ops, features=features)


@dataclass(frozen=True)
class NearestKernels:
    """Examples, and how they are retrieved."""

    examples: Sequence[KernelExample]
    retrieval: RetrievalMode

    def of(self, query: Query, count: int) -> list[KernelExample]:
        """The examples nearest to an op, the nearest first."""
        found = self._retriever.retrieve(query, count)
        return [self._by_name[item.entry.name] for item in found]

    @cached_property
    def _by_name(self) -> dict[str, KernelExample]:
        return {example.name: example for example in self.examples}

    @cached_property
    def _retriever(self) -> Retriever:
        return Retriever([example.entry for example in self.examples], self.retrieval)
