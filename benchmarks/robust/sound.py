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

ROWS = """
#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
func.func @main(%x: tensor<16x64xf32>, %n: tensor<8xi32>)
    -> (tensor<16xf32>, tensor<16x32xf16>, tensor<8xi32>) {
  %zero = arith.constant 0.0 : f32
  %none = arith.constant 0.0 : f16
  %w = arith.constant dense<"0xWEIGHTS"> : tensor<64x32xf16>
  %seven = arith.constant dense<[1, -2, 3, 4, 5, 6, 7, 8]> : tensor<8xi32>
  %e = tensor.empty() : tensor<16xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<16xf32>) -> tensor<16xf32>
  %s = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<16x64xf32>) outs(%f : tensor<16xf32>) {
  ^bb0(%a: f32, %acc: f32):
    %1 = math.absf %a : f32
    %2 = arith.addf %1, %acc : f32
    linalg.yield %2 : f32
  } -> tensor<16xf32>
  %h = tensor.empty() : tensor<16x64xf16>
  %c = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<16x64xf32>) outs(%h : tensor<16x64xf16>) {
  ^bb0(%a: f32, %o: f16):
    %1 = arith.truncf %a : f32 to f16
    linalg.yield %1 : f16
  } -> tensor<16x64xf16>
  %p = tensor.empty() : tensor<16x32xf16>
  %q = linalg.fill ins(%none : f16) outs(%p : tensor<16x32xf16>) -> tensor<16x32xf16>
  %m = linalg.matmul ins(%c, %w : tensor<16x64xf16>, tensor<64x32xf16>)
      outs(%q : tensor<16x32xf16>) -> tensor<16x32xf16>
  %t = tensor.empty() : tensor<8xi32>
  %u = linalg.add ins(%n, %seven : tensor<8xi32>, tensor<8xi32>)
      outs(%t : tensor<8xi32>) -> tensor<8xi32>
  return %s, %m, %u : tensor<16xf32>, tensor<16x32xf16>, tensor<8xi32>
}
""".replace("WEIGHTS", np.linspace(-1, 1, 64 * 32, dtype=np.float16).tobytes().hex().upper())

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


def make_sound(room: Path) -> None:
    """Everything that is damaged, in ``room``. Raises ``RuntimeError`` if a command refuses it."""
    import_all()
    room.mkdir(parents=True, exist_ok=True)
    for name, text in (
        ("exp.mlir", EXP),
        ("rows.mlir", ROWS),
        ("entry.toml", ENTRY),
        ("mine.toml", TARGET),
    ):
        (room / name).write_text(text)
    for name in ("ascend910b1", "ascend950"):
        source = files("hawk_xdsl.npu_target") / "targets" / f"{name}.toml"
        (room / f"{name}.toml").write_bytes(source.read_bytes())
    store = room / "store.sqlite"
    quick = ("--sources", "composition", "--store", store)
    command("compile", room / "exp.mlir", "-o", room / "exp", *quick)
    command("compile", room / "rows.mlir", "-o", room / "rows", "-t", room / "mine.toml", *quick)
    np.save(room / "x.npy", np.ones((16, 64), np.float32))
    _fill(store, room)
    with quiet():
        _make_model(room / "model")


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


def _fill(store: Path, room: Path) -> None:
    """Puts a row of each kind into the store."""
    with KnowledgeStore(store) as opened:
        [entry] = load_entries([room / "entry.toml"])
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
