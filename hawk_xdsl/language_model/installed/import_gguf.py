"""Turns a GGUF file into a model of the user's cache, once."""

import importlib.util
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import filelock

from hawk_xdsl.errors import HawkError
from hawk_xdsl.files.boundary import FOREIGN_ERRORS, reading, writing
from hawk_xdsl.language_model.installed.installed_models import (
    PARTIAL,
    InstalledRecord,
    place_of,
    record_of,
    sha256_of,
    write_record,
)
from hawk_xdsl.language_model.installed.known_models import known_models
from hawk_xdsl.language_model.installed.space import as_size, check_disk, check_memory
from hawk_xdsl.language_model.quiet import quiet

if TYPE_CHECKING:
    import torch
    from transformers.quantizers.base import HfQuantizer

_KEPT_BYTES = 2
"""Bytes of a kept weight: float16 holds what 4 to 8 bits with a scale give, to 11 bits."""

_CONVERTED_BYTES = 10
"""Bytes of memory for a weight while it is converted: in float32 twice, and as it was."""


@dataclass(frozen=True)
class GgufFacts:
    """What the header of a GGUF file says: the architecture, and how many weights follow."""

    architecture: str
    parameters: int


class WrongChecksumError(HawkError):
    """A file that is not the one of a known model."""


def facts_of_gguf(file: Path) -> GgufFacts:
    """Reads the header of a GGUF file. Raises ``HawkError`` if it is none, or is cut short."""
    need_gguf()
    from gguf import GGUFReader

    with reading(file, "the GGUF file", errors=FOREIGN_ERRORS):
        reader = GGUFReader(file)
        field = reader.get_field("general.architecture")
        named = "" if field is None else bytes(field.parts[field.data[0]]).decode()
        parameters = sum(int(tensor.n_elements) for tensor in reader.tensors)
    if not named or not parameters:
        raise HawkError("the GGUF file holds no model", file=str(file))
    return GgufFacts(named, parameters)


def import_gguf(
    file: Path, name: str, *, progress: Callable[[str], None] = lambda line: None
) -> InstalledRecord:
    """Converts a GGUF file into the installed model ``name``.

    A known name takes only the file with the known checksum. One that is there with the same
    checksum stays as it is.

    Raises:
        HawkError: for a file that is no GGUF, another checksum, too little disk or memory.
    """
    place = place_of(name)
    if not file.is_file():
        raise HawkError("no such file", file=str(file))
    known = known_models().get(name)
    sha256 = sha256_of(file)
    progress(f"{file.name}: {as_size(file.stat().st_size)}, sha256 {sha256}")
    if known is not None and sha256 != known.gguf_sha256:
        message = f"its sha256 is not that of {name} ({known.gguf_sha256}); give it another --name"
        raise WrongChecksumError(message, file=str(file))
    origin = f"sha256:{sha256}"
    if place.is_dir():
        if (there := record_of(place)).origin == origin:
            return there
        raise HawkError(f"there is another model {name!r}: remove it, or give another --name")
    facts = facts_of_gguf(file)
    disk, memory = (facts.parameters * each for each in (_KEPT_BYTES, _CONVERTED_BYTES))
    progress(
        f"{facts.parameters / 1e6:.0f} million weights ({facts.architecture}); converting takes "
        f"{as_size(disk)} of disk, {as_size(memory)} of memory and some minutes"
    )
    check_disk(place, disk, f"importing {file.name}")
    check_memory(memory, f"importing {file.name}")
    return _converted(file, place, origin, known.licence if known else "as its origin says")


def need_gguf() -> None:
    """Raises ``HawkError`` if the packages that read GGUF files are not there."""
    missing = [each for each in ("gguf", "accelerate") if importlib.util.find_spec(each) is None]
    if missing:
        raise HawkError(
            f"reading GGUF files needs {' and '.join(missing)}: pip install 'hawk-xdsl[gguf]'"
        )


def convert_gguf(source: Path, file: str, target: Path, dtype: "torch.dtype | None" = None) -> None:
    """Writes the model and the tokenizer of a GGUF file in ``source`` as safetensors and JSON.

    ``dtype`` is that of the weights; float32 if it is not given.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    with quiet():
        given = {"gguf_file": file, "trust_remote_code": False}
        tokenizer = AutoTokenizer.from_pretrained(source, **given)
        model = AutoModelForCausalLM.from_pretrained(source, **given, dtype=torch.float32)
        # The weights are plain numbers by now, yet marked as quantized, which forbids saving them.
        quantizer = cast("HfQuantizer", model.hf_quantizer)
        quantizer.remove_quantization_config(model)
        if dtype is not None:
            cast("torch.nn.Module", model).to(dtype)
        tokenizer.save_pretrained(target)
        if (generation := model.generation_config) is not None:
            generation.do_sample = True  # or a server gives the same text whatever it is asked
        model.save_pretrained(target)


def _converted(file: Path, place: Path, origin: str, licence: str) -> InstalledRecord:
    """The directory is filled beside its place and moved there at the end; a lock is held."""
    import torch

    partial = place.with_name(place.name + PARTIAL)
    with writing(place, "the model"):
        place.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(place.parent / f".{place.name}.lock"):
            if place.is_dir() and (there := record_of(place)).origin == origin:
                return there  # another process was faster
            shutil.rmtree(partial, ignore_errors=True)  # what was half-converted is of no use
            partial.mkdir()
            try:
                with reading(file, "the GGUF file", errors=FOREIGN_ERRORS):
                    convert_gguf(file.parent.resolve(), file.name, partial, torch.float16)
                record = write_record(partial, origin, licence)
                os.replace(partial, place)
            except BaseException:
                shutil.rmtree(partial, ignore_errors=True)
                raise
    return record
