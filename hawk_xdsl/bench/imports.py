"""Cases as programs, kept on disk: most of a short case's time is PyTorch's export."""

import hashlib
from functools import cache
from importlib.resources import files
from pathlib import Path

from hawk_xdsl.bench.suite import Case
from hawk_xdsl.errors import HawkError
from hawk_xdsl.files.boundary import reading
from hawk_xdsl.files.digest import digest_of
from hawk_xdsl.files.whole_file import whole_file, write_whole
from hawk_xdsl.frontend.program import Program
from hawk_xdsl.frontend.torch_import import import_torch
from hawk_xdsl.ir_text import generic_text, read_module
from hawk_xdsl.saved import named_weights, read_arrays, unnumbered, write_arrays


class Imports:
    """The programs of a suite's cases; ``folder`` holds those that were imported before.

    A kept import is of the same suite file and the same front end, by their contents. That a case
    cannot be imported is kept too, unless the machine was the reason. Several processes may import
    the same case at once.
    """

    def __init__(self, folder: Path, suite: Path) -> None:
        self._folder = folder
        with reading(suite, "the suite"):
            digest = hashlib.sha256(suite.read_bytes())
        digest.update(_front_end().encode())
        self._version = digest.hexdigest()[:12]

    def program(self, case: Case) -> Program:
        """The case as a program, without example inputs. Raises ``HawkError``, as the front end."""
        sizes = digest_of(case.operator.sizes[case.shape])
        stem = f"{case.name.replace('/', '.')}.{sizes[:6]}.{self._version}"
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
            with whole_file(arrays) as partial:
                names, values = imported.parameter_names, imported.parameters
                write_arrays(partial, named_weights(names, values))
            write_whole(text, generic_text(imported.module))
        with reading(text, "the imported case", todo="remove it"):
            source = text.read_text(encoding="utf-8")
        module = read_module(source, str(text), "the imported case")
        names, parameters = unnumbered(read_arrays(arrays, "the weights of the case"))
        return Program(
            case.name,
            module,
            parameters=parameters,
            parameter_names=names,
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
