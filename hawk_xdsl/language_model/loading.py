"""Loads a Hugging Face model from files, or says in one line why it cannot be used."""

import inspect
import json
from typing import TYPE_CHECKING, cast

from hawk_xdsl.errors import HawkError
from hawk_xdsl.files.boundary import reading
from hawk_xdsl.language_model.installed.space import check_memory
from hawk_xdsl.language_model.model_files import ModelFiles
from hawk_xdsl.language_model.quiet import quiet

if TYPE_CHECKING:
    import torch
    from llguidance import LLTokenizer
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

FLOAT_BELOW = 50_000_000
"""Models of fewer weights compute in float32 on a CPU: what is read fits its cache, and bfloat16
only costs conversions (a step of seven candidates takes 8 instead of 10 ms)."""


FULL = "full_attention"
SLIDING = "sliding_attention"
"""The kinds of layers that candidates can share a cache of, as transformers calls them."""


class ModelError(HawkError):
    """A model that cannot be loaded or run."""


_ANY: tuple[type[Exception], ...] = (Exception,)
"""What transformers and tokenizers raise on damaged files; the latter knows no other kind."""

_NO_CODE = {"local_files_only": True, "trust_remote_code": False}
"""A model directory is data: Python in it is neither run nor asked for."""


def load_weights(files: ModelFiles, device: str) -> "PreTrainedModel":
    """The network, in evaluation mode. Raises ``ModelError``."""
    from transformers import AutoModelForCausalLM

    with quiet(), reading(files.name, "the model", errors=_ANY, kind=ModelError):
        loaded = AutoModelForCausalLM.from_pretrained(
            files.directory,
            **_NO_CODE,
            dtype=_dtype(files, device),
            output_loading_info=True,
            use_safetensors=True,  # any other form of weights is pickled: code
        )
        # The annotation of from_pretrained does not know of the second result.
        model, report = cast("tuple[PreTrainedModel, dict[str, set[str]]]", loaded)
        cast("torch.nn.Module", model).eval().to(device)
    missing = sorted(report["missing_keys"])
    if missing:
        message = f"the weights lack {len(missing)} of the model's tensors, among them {missing[0]}"
        raise ModelError(message, file=files.name)
    if not _decodes_texts_together(model):
        message = f"{type(model).__name__} cannot decode candidates in a batch"
        raise ModelError(message, file=files.name)
    return model


def _dtype(files: ModelFiles, device: str) -> "torch.dtype | str":
    """What a CPU computes fastest in: bfloat16 only if it has instructions for it.

    Raises ``TooLittleSpaceError`` where the memory does not hold the weights.
    """
    import torch

    if device != "cpu":
        return "auto"
    stored = sum(path.stat().st_size for path in files.directory.glob("*.safetensors"))
    config = json.loads((files.directory / "config.json").read_text(encoding="utf-8"))
    name = str(config.get("dtype") or config.get("torch_dtype") or "float32")
    count = stored // (4 if name == "float32" else 2)
    able = torch.cpu.get_capabilities()
    native = able.get("avx512_bf16", False) or able.get("amx_tile", False)
    chosen = torch.bfloat16 if native and count >= FLOAT_BELOW else torch.float32
    check_memory(count * chosen.itemsize, f"the model {files.name}")
    return chosen


def _decodes_texts_together(model: "PreTrainedModel") -> bool:
    """Whether texts may share one cache as a tree (see ``kv_cache``).

    The model must take the attention mask and the position of each token as arguments. Excluded are
    layers with a recurrent state instead of a cache, and models that derive distances from
    places in the cache: ALiBi, and the local layers of GPT-Neo.
    """
    taken = inspect.signature(model.forward).parameters
    config = model.config.get_text_config(decoder=True)
    layers: list[str] = getattr(config, "layer_types", None) or []
    by_place = getattr(config, "alibi", False) or getattr(config, "attention_layers", None)
    return (
        {"position_ids", "logits_to_keep"} <= taken.keys()
        and cache_argument(model) is not None
        and {FULL, SLIDING}.issuperset(layers)
        and not by_place
    )


def cache_argument(model: "PreTrainedModel") -> str | None:
    """The name under which the model takes its cache: transformers 5.24 began to rename it."""
    taken = inspect.signature(model.forward).parameters
    return next((name for name in ("cache", "past_key_values") if name in taken), None)


def load_tokenizer(files: ModelFiles) -> "PreTrainedTokenizerBase":
    """Its tokenizer. Raises ``ModelError``."""
    from transformers import AutoTokenizer

    with quiet(), reading(files.name, "the tokenizer", errors=_ANY, kind=ModelError):
        return AutoTokenizer.from_pretrained(files.directory, **_NO_CODE)


def vocabulary_of(
    files: ModelFiles, model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase"
) -> "LLTokenizer":
    """The tokenizer as the grammar's decoder reads it. Raises ``ModelError``."""
    from llguidance.hf import from_tokenizer
    from transformers import PreTrainedTokenizerFast

    if not isinstance(tokenizer, PreTrainedTokenizerFast):
        raise ModelError("the tokenizer has no fast form (tokenizer.json)", file=files.name)
    configured = getattr(model.generation_config, "eos_token_id", None)
    ends = tokenizer.eos_token_id if configured is None else configured
    if not isinstance(ends, int | list):
        raise ModelError("the tokenizer has no end-of-text token", file=files.name)
    size = max(len(tokenizer), model.config.get_text_config().vocab_size)
    return from_tokenizer(tokenizer, n_vocab=size, eos_token=cast("int | list[int]", ends))
