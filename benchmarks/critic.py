"""What a critic could save at most: gate runs of texts that were refused before a right one.

A critic orders the candidates of an op before the gate. The best one that can be puts a right text
first wherever there is one. Read from the outcomes in knowledge stores, by who wrote the texts.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from hawk_xdsl.errors import HawkError
from hawk_xdsl.knowledge_store import AttemptVerdict, KnowledgeStore
from hawk_xdsl.knowledge_store.records import Outcome


@dataclass(frozen=True)
class Runs:
    """Of one op in one compile, the texts of one source that entered the gate, in order."""

    source: str
    right: Sequence[bool]

    @property
    def needless(self) -> int:
        """Runs that no perfect order would have made: those before the first right text."""
        return self.right.index(True) if True in self.right else 0


def runs_of(outcomes: Iterable[Outcome]) -> list[Runs]:
    """The gate runs of every op, compile by compile."""
    found: dict[tuple[str, str, str], list[bool]] = defaultdict(list)
    for each in outcomes:
        if each.verdict is not AttemptVerdict.UNFINISHED:
            key = (each.run_id, each.spec_hash, each.source)
            found[key].append(each.verdict is AttemptVerdict.ACCEPTED)
    return [Runs(source, right) for (_, _, source), right in found.items()]


def outcomes_of(stores: Iterable[Path]) -> Iterator[Outcome]:
    """The outcomes of stores; one that cannot be read is named and left out."""
    for path in stores:
        try:
            with KnowledgeStore(path) as store:
                yield from store.outcomes()
        except HawkError as error:
            print(f"{path}: {error}")


def main() -> None:
    """Prints for each source the runs, and the share that a perfect order would have saved."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stores", nargs="+", type=Path)
    found = runs_of(outcomes_of(parser.parse_args().stores))
    table = Table("texts by", "ops", "gate runs", "of ops with a right text", "needless", "share")
    for source in sorted({each.source for each in found}):
        own = [each for each in found if each.source == source]
        total, needless = sum(len(e.right) for e in own), sum(e.needless for e in own)
        decided = sum(len(each.right) for each in own if True in each.right)
        share = f"{needless / total:.1%}"
        table.add_row(source, *map(str, (len(own), total, decided, needless)), share)
    Console().print(table)


if __name__ == "__main__":
    main()
