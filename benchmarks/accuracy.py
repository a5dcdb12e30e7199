"""``hawk bench`` on the suite of this folder; ``--operators FILE.py`` names another one.

Prints right at first attempt, right within the budget, how near to the bound, and what it took, by
condition, split and family. Resumable. See docs/benchmarks.md.
"""

import sys
from pathlib import Path

from hawk_xdsl.cli import main

SUITE = Path(__file__).parent / "operators.py"


def command(arguments: list[str]) -> list[str]:
    """The arguments of ``hawk``."""
    named = any(argument.split("=")[0] == "--operators" for argument in arguments)
    return ["bench", *([] if named else ["--operators", str(SUITE)]), *arguments]


if __name__ == "__main__":
    sys.argv[1:] = command(sys.argv[1:])
    main()
