"""Damages what is read, kills what writes, and counts what is not reported in one line.

Prints a table by what was damaged; ends with ``untyped: 0, hung: 0, lost: 0``, or exits with 1.
See docs/errors.md.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from robust.kills import kill_compiles
from robust.sound import make_sound
from robust.subjects import controls, trials
from robust.trial import Fate, Outcome, run_trials

from hawk_xdsl.threads import one_torch_thread

SECONDS_EACH = 180.0
"""A command that has not ended after so long waits for something that does not come."""

SHOWN = 300
"""Characters of what a command said that are shown."""


def main() -> None:
    """Prints the table; exits with 1 if anything was untyped, hung or lost."""
    options = _options()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hawk-robustness-") as folder, one_torch_thread():
        originals, place = Path(folder) / "sound", Path(folder) / "trials"
        make_sound(originals)
        _check_controls(
            run_trials(controls(originals, place / "controls"), options.jobs, SECONDS_EACH)
        )
        drawn = trials(originals, place, options.inputs, options.seed, options.only)
        limit = began + options.seconds * (0.85 if options.kills else 1.0)
        outcomes = list(_told(run_trials(_until(drawn, limit), options.jobs, SECONDS_EACH)))
        lost = kill_compiles(originals, Path(folder) / "kills", options.kills, options.seed)
    _print(outcomes)
    for loss in lost:
        print(f"LOST {loss}")
    bad = Counter(outcome.fate for outcome in outcomes)
    print(f"{len(outcomes)} inputs, {options.kills} kills, {time.monotonic() - began:.0f} s")
    print(f"untyped: {bad[Fate.UNTYPED]}, hung: {bad[Fate.HUNG]}, lost: {len(lost)}")
    sys.exit(1 if bad[Fate.UNTYPED] or bad[Fate.HUNG] or lost else 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=1100, help="damaged inputs")
    parser.add_argument("--kills", type=int, default=30, help="compiles to kill")
    parser.add_argument("--seconds", type=float, default=600.0, help="start no input after them")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--only", default="", help="subjects whose name contains this")
    return parser.parse_args()


def _check_controls(outcomes: Iterable[Outcome]) -> None:
    """Ends the program if a command does not do its work on sound files."""
    for outcome in outcomes:
        if outcome.fate is not Fate.DONE:
            sys.exit(f"{outcome.trial.command} fails on sound files: {outcome.said}")


def _until(drawn: Iterable, limit: float) -> Iterable:
    for trial in drawn:
        if time.monotonic() > limit:
            print("the time is over", file=sys.stderr)
            return
        yield trial


def _told(outcomes: Iterable[Outcome]) -> Iterable[Outcome]:
    """Shows at once what is wrong."""
    for outcome in outcomes:
        if outcome.fate in (Fate.UNTYPED, Fate.HUNG):
            said = (
                outcome.said if len(outcome.said) < 4 * SHOWN else "…" + outcome.said[-4 * SHOWN :]
            )
            print(f"{outcome.fate.upper()} {outcome.trial.folder.name} {outcome.trial.command}")
            print(f"  {outcome.damage[:SHOWN]}\n{said}", flush=True)
        yield outcome


def _print(outcomes: list[Outcome]) -> None:
    print(f"| damaged | inputs | {' | '.join(Fate)} |\n|---|---|{'---|' * len(Fate)}")
    for subject in sorted({outcome.trial.subject for outcome in outcomes}):
        fates = Counter(each.fate for each in outcomes if each.trial.subject == subject)
        row = " | ".join(str(fates[fate]) for fate in Fate)
        print(f"| {subject} | {fates.total()} | {row} |")


if __name__ == "__main__":
    main()
