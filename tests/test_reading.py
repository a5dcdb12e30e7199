"""Reading of texts that share a prompt: as if each were read alone, and nothing is read twice."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_model import save_tiny_model
from transformers import (
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    GPT2Config,
    GPT2LMHeadModel,
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

from hawk_xdsl.generation.model.loading import ModelError, load_weights
from hawk_xdsl.generation.model.model_files import find_model
from hawk_xdsl.generation.model.reading import Reader, TextsRead
from hawk_xdsl.generation.model.writing import Logits

LATER = float("inf")
SIZES = {
    "vocab_size": 50,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 16,
}
WINDOW = {"sliding_window": 6}
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


class CountingReader(Reader):
    """Counts the tokens that the model reads."""

    read_tokens = 0

    def run(self, rows: Sequence[Sequence[int]], *others: object) -> Logits:
        self.read_tokens += sum(map(len, rows))
        return super().run(rows, *others)


def check(model: PreTrainedModel, read: TextsRead, text: list[int]) -> None:
    expected = alone(model, [*PROMPT, *text])
    np.testing.assert_allclose(read.scores_after(text), expected, atol=1e-5)


def test_each_text_is_scored_as_if_it_were_alone(model: PreTrainedModel) -> None:
    """Ragged texts that grow, branch and are taken back, in a model that sees a window or all."""
    read = TextsRead(Reader(model), PROMPT, LATER)
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

    for _ in range(2):  # a continuation leaves nothing behind
        others = TextsRead(reader, PROMPT, LATER, continued=True)
        assert others.start([7])
        assert others.scores_after([7, 1]) is None, "the model was never asked there"
        before = reader.read_tokens
        texts = [[7, 1, 2, 3, 5], [7, 1, 2, 4, 5, 6], [7, 2], [7, 2]]
        others.read(texts)
        assert reader.read_tokens == before + 4
        for text in [*texts, [7, 1, 2], [7, 1, 2, 3], [7, 1, 2, 4]]:
            check(model, others, text)

    again = TextsRead(reader, PROMPT, LATER)
    assert again.start([7])
    assert again.scores_after([7, 1, 2]) is None, "only a continuation depends on what was before"


def test_another_prompt_is_read_but_for_whole_pieces_that_it_shares(model: PreTrainedModel) -> None:
    reader = CountingReader(model)
    long = [*PROMPT * 30][:300]
    assert TextsRead(reader, long, LATER).start([])
    assert reader.read_tokens == 300
    read = TextsRead(reader, [*long[:280], 8, 8], LATER)
    assert read.start([1])
    assert reader.read_tokens == 300 + 27
    np.testing.assert_allclose(
        read.scores_after([1]), alone(model, [*long[:280], 8, 8, 1]), atol=1e-5
    )
    assert not TextsRead(reader, PROMPT, 0.0).start([]), "the deadline has passed"


def test_nothing_is_remembered_of_an_interrupted_reading(
    model: PreTrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = Reader(model)
    read = TextsRead(reader, PROMPT, LATER)
    assert read.start([7])
    last = list(model.modules())[-1]
    with monkeypatch.context() as patched:
        patched.setattr(last, "forward", lambda *given: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            read.read([[7, 1]])
    again = TextsRead(reader, PROMPT, LATER)
    assert again.start([7])
    again.read([[7, 1]])
    check(model, again, [7, 1])


def test_a_model_with_other_layers_is_refused(tmp_path: Path) -> None:
    save_tiny_model(tmp_path)
    layers = ["linear_attention", "full_attention", "linear_attention"]
    Qwen3NextForCausalLM(Qwen3NextConfig(**SIZES, layer_types=layers)).save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="Qwen3NextForCausalLM cannot decode candidates"):
        load_weights(find_model(str(tmp_path)), "cpu")
