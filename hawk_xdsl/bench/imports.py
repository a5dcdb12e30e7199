"""Cases as programs, kept on disk: most of a short case's time is PyTorch's export."""

import hashlib
import io
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file
from xdsl.parser import Parser
from xdsl.printer import Printer

from hawk_xdsl.bench.suite import Case
from hawk_xdsl.errors import HawkError
from hawk_xdsl.frontend.program import Program
from hawk_xdsl.frontend.torch_import import import_torch
from hawk_xdsl.universe import context
from hawk_xdsl.whole_file import whole_file, write_whole


class Imports:
    """The programs of a suite's cases; ``folder`` holds those that were imported before.

    A kept import is of the same suite file and the same front end, by their contents. That a case
    cannot be imported is kept too, unless the machine was the reason. Several processes may import
    the same case at once.
    """

    def __init__(self, folder: Path, suite: Path) -> None:
        self._folder = folder
        digest = hashlib.sha256(suite.read_bytes())
        digest.update(_front_end().encode())
        self._version = digest.hexdigest()[:12]

    def program(self, case: Case) -> Program:
        """The case as a program, without example inputs. Raises ``HawkError``, as the front end."""
        stem = f"{case.name.replace('/', '.')}.{self._version}"
        text, arrays, failed = (
            self._folder / f"{stem}.{end}" for end in ("mlir", "safetensors", "error")
        )
        if failed.exists():
            raise HawkError(failed.read_text(encoding="utf-8"))
        if not text.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            try:
                imported = import_torch(case.module(), case.tensors(0), name=case.name)
            except HawkError as error:
                if not isinstance(error.__cause__, OSError):
                    write_whole(failed, error.message)
                raise
            pairs = zip(imported.parameter_names, imported.parameters, strict=True)
            named = {
                f"{position:04}:{name}": np.ascontiguousarray(array)
                for position, (name, array) in enumerate(pairs)
            }
            with whole_file(arrays) as partial:
                save_file(named, partial)
            stream = io.StringIO()
            Printer(stream, print_generic_format=True).print_op(imported.module)
            write_whole(text, stream.getvalue())
        module = Parser(context(), text.read_text(encoding="utf-8"), str(text)).parse_module()
        kept = load_file(arrays)
        names = sorted(kept)
        return Program(
            case.name,
            module,
            parameters=tuple(kept[name] for name in names),
            parameter_names=tuple(name.partition(":")[2] for name in names),
            example_inputs=(),
        )


@cache
def _front_end() -> str:
    """A digest of the front end's sources."""
    digest = hashlib.sha256()
    for file in sorted(files("hawk_xdsl.frontend").iterdir(), key=lambda file: file.name):
        if file.name.endswith(".py"):
            digest.update(file.read_bytes())
    return digest.hexdigest()
