"""Reading of texts that share a prompt: as if each were read alone, and nothing is read twice."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_model import save_tiny_model
from transformers import (
    FalconConfig,
    FalconForCausalLM,
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    GPT2Config,
    GPT2LMHeadModel,
    GPTNeoConfig,
    GPTNeoForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    PreTrainedModel,
    Qwen3Config,
    Qwen3ForCausalLM,
    Qwen3NextConfig,
    Qwen3NextForCausalLM,
)

from hawk_xdsl.language_model import kv_cache as reading
from hawk_xdsl.language_model.kv_cache import PromptReader, TextsRead
from hawk_xdsl.language_model.loading import ModelError, load_weights
from hawk_xdsl.language_model.model_files import find_model
from hawk_xdsl.language_model.sampling import Logits

LATER = float("inf")
SIZES: dict[str, Any] = {
    "vocab_size": 50,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 16,
}
WINDOW: dict[str, Any] = {"sliding_window": 6}
BOTH = ["sliding_attention", "full_attention", "sliding_attention"]
MODELS = {
    "llama": lambda: LlamaForCausalLM(LlamaConfig(**SIZES)),
    "mistral": lambda: MistralForCausalLM(MistralConfig(**SIZES, **WINDOW)),
    "qwen3": lambda: Qwen3ForCausalLM(Qwen3Config(**SIZES)),
    "gemma3": lambda: Gemma3ForCausalLM(Gemma3TextConfig(**SIZES, **WINDOW, layer_types=BOTH)),
    "gpt2": lambda: GPT2LMHeadModel(GPT2Config(vocab_size=50, n_embd=32, n_layer=2, n_head=2)),
}
PROMPT = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5]


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest) -> PreTrainedModel:
    torch.manual_seed(0)
    return MODELS[request.param]().eval()


def alone(model: PreTrainedModel, tokens: Sequence[int]) -> Logits:
    with torch.inference_mode():
        return model(input_ids=torch.tensor([tokens])).logits[0, -1].float().numpy()


class CountingReader(PromptReader):
    """Counts the tokens that the model reads."""

    read_tokens = 0

    def run(self, rows: Sequence[Sequence[int]], *others: object) -> Logits:  # pyright: ignore[reportIncompatibleMethodOverride]
        self.read_tokens += sum(map(len, rows))
        return super().run(rows, *others)  # pyright: ignore[reportArgumentType]


def check(model: PreTrainedModel, read: TextsRead, text: list[int]) -> None:
    expected = alone(model, [*PROMPT, *text])
    np.testing.assert_allclose(read.scores_after(text), expected, atol=1e-5)  # pyright: ignore[reportArgumentType, reportCallIssue]


def test_each_text_is_scored_as_if_it_were_alone(model: PreTrainedModel) -> None:
    """Ragged texts that grow, branch and are taken back, in a model that sees a window or all."""
    read = TextsRead(PromptReader(model), PROMPT, LATER)
    assert read.start([7])
    check(model, read, [7])
    for texts in (
        [[7, 1], [7, 2, 3, 4], [7, 5, 6]],
        [[7, 1, 8, 9], [7, 2, 9], [7, 5, 1, 1, 1]],
        [[7, 1, 8, 2, 4], [7, 5, 1, 1, 1, 2], [7, 1, 8, 2, 4], [7, 1, 8, 3]],
    ):
        read.read(texts)
        for text in texts:
            check(model, read, text)


def test_what_the_first_text_read_is_not_read_again(model: PreTrainedModel) -> None:
    reader = CountingReader(model)
    first = TextsRead(reader, PROMPT, LATER)
    assert first.start([7])
    for text in ([7, 1, 2], [7, 1, 2, 3], [7, 1, 2, 4]):
        first.read([text])
    assert reader.read_tokens == len(PROMPT) + 5

    # A continuation leaves nothing behind: the second one reads [7, 2] again.
    for texts, new in (
        ([[7, 1, 2, 3, 5], [7, 1, 2, 4, 5, 6], [7, 2], [7, 2]], 4),
        ([[7, 2, 8], [7, 1, 2, 4, 5, 6, 9]], 5),
    ):
        others = TextsRead(reader, PROMPT, LATER, continued=True)
        assert others.start([7])
        memory = reader.recall(PROMPT)
        assert memory is not None and memory.cache.get_seq_length() == len(PROMPT) + 5
        assert others.scores_after([7, 1]) is None, "the model was never asked there"
        before = reader.read_tokens
        others.read(texts)
        assert reader.read_tokens == before + new
        for text in [*texts, [7, 1, 2], [7, 1, 2, 3], [7, 1, 2, 4]]:
            check(model, others, text)

    again = TextsRead(reader, PROMPT, LATER)
    assert again.start([7])
    assert again.scores_after([7, 1, 2]) is None, "only a continuation depends on what was before"


def test_scores_that_take_too_much_memory_are_forgotten_and_read_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "_MOST_SCORES", 3 * SIZES["vocab_size"])
    model = MODELS["llama"]().eval()
    texts = TextsRead(PromptReader(model), PROMPT, LATER)
    assert texts.start([7])
    texts.read([[7, 1], [7, 2]])
    assert texts.scores_after([7]) is not None
    texts.read([[7, 1, 3]])
    assert texts.scores_after([7, 1]) is None
    check(model, texts, [7, 1, 3])
    texts.read([[7, 1], [7, 2, 4]])
    check(model, texts, [7, 1])
    check(model, texts, [7, 2, 4])


def test_another_prompt_is_read_but_for_whole_chunks_that_it_shares(model: PreTrainedModel) -> None:
    reader = CountingReader(model)
    long = [*PROMPT * 30][:300]
    assert TextsRead(reader, long, LATER).start([])
    assert reader.read_tokens == 300
    read = TextsRead(reader, [*long[:280], 8, 8], LATER)
    assert read.start([1])
    assert reader.read_tokens == 300 + 27
    np.testing.assert_allclose(  # pyright: ignore[reportCallIssue]
        read.scores_after([1]),  # pyright: ignore[reportArgumentType]
        alone(model, [*long[:280], 8, 8, 1]),
        atol=1e-5,  # pyright: ignore[reportArgumentType]
    )
    assert not TextsRead(reader, PROMPT, 0.0).start([]), "the deadline has passed"


def test_nothing_is_remembered_of_an_interrupted_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first layer has cached a token by then, and the others have not."""
    model = MODELS["llama"]().eval()
    reader = PromptReader(model)
    read = TextsRead(reader, PROMPT, LATER)
    assert read.start([7])
    with monkeypatch.context() as patched:
        patched.setattr(model.model.layers[0].mlp, "forward", lambda *given: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            read.read([[7, 1]])
    again = TextsRead(reader, PROMPT, LATER, continued=True)
    assert again.start([7])
    again.read([[7, 1]])
    check(model, again, [7, 1])


SMALL: dict[str, Any] = {"vocab_size": 50, "hidden_size": 32}
LINEAR: dict[str, Any] = {"layer_types": ["linear_attention", *BOTH[:2]]}
LOCAL: dict[str, Any] = {"num_layers": 2, "num_heads": 2, "attention_types": [[["local"], 2]]}
ALIBI: dict[str, Any] = {"num_hidden_layers": 2, "num_attention_heads": 2, "alibi": True}
REFUSED = {
    "Qwen3NextForCausalLM": lambda: Qwen3NextForCausalLM(Qwen3NextConfig(**SIZES, **LINEAR)),
    "GPTNeoForCausalLM": lambda: GPTNeoForCausalLM(GPTNeoConfig(**SMALL, **LOCAL)),
    "FalconForCausalLM": lambda: FalconForCausalLM(FalconConfig(**SMALL, **ALIBI)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_model_whose_texts_cannot_share_a_cache_is_refused(name: str, tmp_path: Path) -> None:
    save_tiny_model(tmp_path)
    REFUSED[name]().save_pretrained(tmp_path)
    with pytest.raises(ModelError, match=f"{name} cannot decode candidates in a batch"):
        load_weights(find_model(str(tmp_path)), "cpu")
