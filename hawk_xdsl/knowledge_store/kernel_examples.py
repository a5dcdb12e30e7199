"""Verified kernels as examples: a specification beside a kernel of it, and where it is near to."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from hawk_xdsl.files.boundary import reading
from hawk_xdsl.files.typed import typed
from hawk_xdsl.knowledge_store.entry import Artifact, Entry, EntryKind, Trigger

PACKAGED = "kernel_examples.jsonl"


@dataclass(frozen=True)
class KernelExample:
    """A kernel that passed the gate.

    Attributes:
        name: distinct among examples.
        key: its operation with shapes, dtypes, numbers and names erased.
        target: the name of the NPU that it was verified on.
        spec: the specification.
        steps: the specification in steps.
        text: the kernel in shorthand.
        structure: the structural class of the specification.
        ops: the functions of the specification.
        dtypes: of its operands.
        intensity: operations per byte of global memory.
        pressure: bytes moved by a core / bytes of its scratchpad.
        bottleneck: the pipe that the kernel waits for.
        cycles: simulated.
    """

    name: str
    key: str
    target: str
    spec: str
    steps: str
    text: str
    structure: str
    ops: tuple[str, ...]
    dtypes: tuple[str, ...]
    intensity: float
    pressure: float
    bottleneck: str
    cycles: int

    @property
    def entry(self) -> Entry:
        """What retrieval compares with an op: all aspects of the specification, and its words."""
        return Entry(
            self.name,
            EntryKind.TEMPLATE,
            self.spec,
            Trigger(
                structure=self.structure,
                ops=self.ops,
                dtypes=self.dtypes,
                bottleneck=self.bottleneck or None,
                intensity=(self.intensity, self.intensity),
                pressure=(self.pressure, self.pressure),
            ),
            Artifact(text=self.text),
        )


@cache
def packaged_examples() -> tuple[KernelExample, ...]:
    """The examples that come with the package; none is of an operator that measures the unseen."""
    file = files("hawk_xdsl.knowledge_store") / PACKAGED
    with reading(PACKAGED, "the packaged examples"):
        rows = file.read_text(encoding="utf-8").splitlines()
        return tuple(typed(KernelExample, json.loads(row), PACKAGED) for row in rows)


def examples_text(examples: Iterable[KernelExample]) -> str:
    """Examples as a file of them holds them, a line each."""
    return "".join(f"{json.dumps(vars(example), sort_keys=True)}\n" for example in examples)
