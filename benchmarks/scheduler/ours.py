"""An operator as ``hawk compile`` makes it, by composition: cycles, bound, seconds."""

import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from hawk_xdsl.errors import HawkError
from hawk_xdsl.npu_target import Target
from hawk_xdsl.pipeline import compile_model
from hawk_xdsl.propose.settings import Settings, Sources
from scheduler.operators import Compared


@dataclass(frozen=True)
class Ours:
    """Our kernels of an operator.

    Attributes:
        cycles: of all launches in a chain; ``None`` if it has no kernels.
        bound: cycles that it needs at least.
        launches: how many kernels.
        seconds: from the torch module to verified kernels, search and gate included.
        reason: why there are none.
    """

    cycles: float | None
    bound: float | None
    launches: int
    seconds: float
    reason: str = ""


def ours(row: Compared, target: Target) -> Ours:
    """Compile an operator in a store of its own."""
    start = time.perf_counter()
    settings = Settings(sources=Sources.COMPOSITION)
    with tempfile.TemporaryDirectory(prefix="hawk-vendor-") as folder:
        store = Path(folder) / "store.sqlite"
        try:
            compiled = compile_model(
                row.case.module(), row.case.tensors(0), target, settings=settings, store=store
            )
        except HawkError as error:
            return Ours(None, None, 0, time.perf_counter() - start, str(error)[:300])
    seconds = time.perf_counter() - start
    rows = compiled.report
    cycles = [each.cycles for each in rows if each.cycles is not None]
    bounds = [each.bound_cycles for each in rows if each.bound_cycles is not None]
    chain = target.launch.chain * (len(cycles) - 1)
    launches = sum(each.kernel.count("@") for each in rows)
    return Ours(sum(cycles) + chain, sum(bounds), launches, seconds)


def as_json(found: Ours) -> dict[str, object]:
    """For the file of results."""
    return asdict(found)
