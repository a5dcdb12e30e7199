"""The tokenizer of the kernel model: whole words of the kernel text, single digits, else bytes."""

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from hawk_xdsl.codegen.select_instructions import Composer
from hawk_xdsl.dialects.kernel_text import grammar
from hawk_xdsl.knowledge_store import load_seed_entries
from hawk_xdsl.language_model.language import SPLIT
from hawk_xdsl.linalg.scalar_table import FUNCTIONS, REDUCTION_KINDS
from hawk_xdsl.npu_target import TrapCode, available_targets

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

END = "<end>"
"""Ends a kernel, and fills up batches."""

_NAMES = {"x": 12, "y": 6, "b": 64, "t": 32, "i": 10, "v": 64}
"""How many numbered names of each letter are one token."""


def collected_words() -> list[str]:
    """The words that kernel texts, specifications and traps are written with, each once."""
    found: list[str] = ["\n", "\n\n", *"0123456789"]
    found += _words_of([", : [ ] { } ( ) + - * / % . = < > .. == != <= >= -> _ # ; $ | ~ & ^ @"])
    found += [f"{letter}{n}" for letter, count in _NAMES.items() for n in range(count)]
    found += re.findall(r'"(\w+)"', grammar())
    found += _words_of(FUNCTIONS.values())
    found += [*available_targets(), *_words_of([" ".join(TrapCode)]), "parts"]
    rules = Composer.of(load_seed_entries(), _any).rules
    found += [rule.before.op for rule in rules if not rule.before.op.startswith("reduce_")]
    found += [f"scan_{kind}" for kind in REDUCTION_KINDS.values()]
    return list(dict.fromkeys(found))


def _any(mnemonic: str, dtype: str) -> bool:
    return True


def _words_of(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from (word.strip(" ") for word in re.findall(SPLIT, text) if word.strip())


def make_tokenizer(words: Iterable[str]) -> "PreTrainedTokenizerFast":
    """The tokenizer: ids are bytes, then the words without and with a blank, then the end."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    symbols = sorted(pre_tokenizers.ByteLevel.alphabet())
    for word in words:
        forms = (word,) if word.isspace() else (word, f" {word}")
        symbols += [level.pre_tokenize_str(form)[0][0] for form in forms]
    vocabulary = {symbol: i for i, symbol in enumerate(dict.fromkeys([*symbols, END]))}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], ignore_merges=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(SPLIT), "isolated"), level]
    )
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=END, pad_token=END)
    fast.padding_side = "right"
    return fast
