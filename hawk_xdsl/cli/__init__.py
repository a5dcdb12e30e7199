"""The ``hawk`` command: each module of this package registers the commands it holds."""

import sys

from hawk_xdsl.cli import bench, compile, distill, knowledge, knowledge_learning, run
from hawk_xdsl.cli.app import app
from hawk_xdsl.errors import HawkError

__all__ = ["app", "bench", "compile", "distill", "knowledge", "knowledge_learning", "main", "run"]


def main() -> None:
    """Runs the command; an error of the user's is one line and exit status 1."""
    try:
        app()
    except HawkError as error:
        print(f"hawk: {error}", file=sys.stderr)
        sys.exit(1)
