"""Sound things to damage: compiled models, a store, entries, targets, modules, a model."""

import importlib
import io
import json
import pkgutil
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import torch
from kernel_files import read_module
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

import hawk_xdsl
from hawk_xdsl.cli import main
from hawk_xdsl.knowledge_store import KnowledgeStore, load_entries
from hawk_xdsl.knowledge_store.records import Action, AttemptVerdict, Curation, Message, Outcome
from hawk_xdsl.language_model.model_files import quiet

EXP = """
func.func @main(%x: tensor<16x64xf32>) -> tensor<16x64xf32> {
  %e = tensor.empty() : tensor<16x64xf32>
  %d = linalg.exp ins(%x : tensor<16x64xf32>) outs(%e : tensor<16x64xf32>) -> tensor<16x64xf32>
  return %d : tensor<16x64xf32>
}
"""

WEIGHTS = np.linspace(-1, 1, 64 * 32, dtype=np.float16).tobytes().hex().upper()
ROWS = read_module("programs/rows", weights=WEIGHTS)

ENTRY = """
[[entry]]
name = "abs-of-abs"
kind = "rewrite"
rationale = "A size has no sign to lose."
[entry.trigger]
dtypes = ["f32"]
intensity = [0.0, 4.5]
[entry.artifact]
before = "abs(abs(x))"
after = "abs(x)"
"""

TARGET = """
base = "ascend910b1"
name = "mine"
summary = "fewer cores"
[cores]
vector = 4
"""


def import_all() -> None:
    """Imports the whole package, so that a forked command imports nothing."""
    for found in pkgutil.walk_packages(hawk_xdsl.__path__, "hawk_xdsl."):
        importlib.import_module(found.name)


def make_sound(originals: Path) -> None:
    """Make what is damaged later. Raises ``RuntimeError`` if a command refuses it."""
    import_all()
    originals.mkdir(parents=True, exist_ok=True)
    for name, text in (
        ("exp.mlir", EXP),
        ("rows.mlir", ROWS),
        ("entry.toml", ENTRY),
        ("mine.toml", TARGET),
    ):
        (originals / name).write_text(text)
    for name in ("ascend910b1", "ascend950"):
        source = files("hawk_xdsl.npu_target") / "targets" / f"{name}.toml"
        (originals / f"{name}.toml").write_bytes(source.read_bytes())
    store = originals / "store.sqlite"
    quick = ("--sources", "composition", "--store", store)
    command("compile", originals / "exp.mlir", "-o", originals / "exp", *quick)
    command(
        "compile",
        originals / "rows.mlir",
        "-o",
        originals / "rows",
        "-t",
        originals / "mine.toml",
        *quick,
    )
    np.save(originals / "x.npy", np.ones((16, 64), np.float32))
    _fill(store, originals)
    with quiet():
        _make_model(originals / "model")


def command(*arguments: object) -> None:
    """Runs a command in this process. Raises ``RuntimeError`` if it fails."""
    try:
        with redirect_stdout(io.StringIO()), quiet():
            hawk(arguments)()
    except SystemExit as end:
        if end.code:
            raise RuntimeError(f"hawk {' '.join(map(str, arguments))} failed") from None


def hawk(arguments: tuple[object, ...]) -> Callable[[], None]:
    """The command of these arguments, to be run later; it ends with ``SystemExit``."""

    def run() -> None:
        sys.argv = ["hawk", *map(str, arguments)]
        main()

    return run


def _fill(store: Path, originals: Path) -> None:
    """Puts a row of each kind into the store."""
    with KnowledgeStore(store) as opened:
        [entry] = load_entries([originals / "entry.toml"])
        opened.add_entry(entry)
        opened.record_use("abs-of-abs", won=True, cycles_gained=3)
        before = next(opened.outcomes())
        for action in (Action.KEEP, Action.PRUNE):
            opened.curate(
                Curation(action, "abs-of-abs", "x = 1", "a test", "run", evidence='{"uses": 1}')
            )
        prompt = (Message("system", "write"), Message("user", "this"))
        right = Outcome(
            run_id="run",
            spec_hash=before.spec_hash,
            spec_text=before.spec_text,
            target=before.target,
            verdict=AttemptVerdict.ACCEPTED,
            source="model",
            kernel_text=before.kernel_text,
            prompt=prompt,
            cycles=10,
            entries=("abs-of-abs",),
        )
        opened.record_outcome(right)
        wrong = replace(
            right, verdict=AttemptVerdict.REJECTED, kernel_text="wrong", trap_code="shape"
        )
        opened.record_outcome(wrong)


def _make_model(directory: Path) -> None:
    """A causal language model of random weights: its tokens are the 256 bytes and an end."""
    end = "<end>"
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = {symbol: number for number, symbol in enumerate([*alphabet, end])}
    tokenizer = Tokenizer(models.BPE(vocab=words, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=end)
    fast.chat_template = "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}{% endfor %}"
    fast.save_pretrained(directory)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(words),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=16384,
        bos_token_id=None,
        eos_token_id=words[end],
    )
    LlamaForCausalLM(config).save_pretrained(directory)
    form = files("hawk_xdsl.language_model") / "instruct_prompt.toml"
    (directory / "hawk_prompt.toml").write_bytes(form.read_bytes())
    assert json.loads((directory / "config.json").read_text())["architectures"]
