"""A local causal language model that proposes texts under a grammar."""

import copy
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from hawk_xdsl.knowledge_store.records import Message
from hawk_xdsl.language_model.decoding import decode
from hawk_xdsl.language_model.kv_cache import PromptReader, TextsRead
from hawk_xdsl.language_model.loading import (
    ModelError,
    load_tokenizer,
    load_weights,
    vocabulary_of,
)
from hawk_xdsl.language_model.model_files import ModelFiles
from hawk_xdsl.language_model.prompt import Prompt, PromptFormat, PromptRequest, PromptTooLong
from hawk_xdsl.language_model.sampling import Judge, Proposal, Sampling
from hawk_xdsl.threads import one_torch_thread

if TYPE_CHECKING:
    from llguidance import LLTokenizer
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

SINGLE = Sampling()
"""One text, the likeliest."""


GUESSES_ABOVE = 50_000_000
"""Parameters above which reading some tokens more takes hardly longer than a step does anyway."""


class LocalModel:
    """A causal language model with its tokenizer; made by :meth:`load`."""

    def __init__(
        self,
        files: ModelFiles,
        model: "PreTrainedModel",
        tokenizer: "PreTrainedTokenizerBase",
        vocabulary: "LLTokenizer",
    ) -> None:
        self._files = files
        self._model = model
        self._tokenizer = tokenizer
        self._vocabulary = vocabulary
        self._reader = PromptReader(model, guesses=model.num_parameters() > GUESSES_ABOVE)
        self.fingerprint = files.fingerprint()

    @classmethod
    def load(cls, files: ModelFiles, *, device: str = "cpu") -> "LocalModel":
        """Loads the weights and the tokenizer.

        Args:
            files: where they are.
            device: as torch names it; the same texts come back only on the same one.

        Raises:
            ModelError: if the files are not a causal language model with a fast tokenizer that
                this version of transformers can run.
        """
        model = load_weights(files, device)
        tokenizer = load_tokenizer(files)
        return cls(files, model, tokenizer, vocabulary_of(files, model, tokenizer))

    @property
    def name(self) -> str:
        """The model as the user called it, with the fingerprint of its weights."""
        return f"{self._files.name}@{self.fingerprint}"

    @property
    def prompt_format(self) -> PromptFormat:
        """How the model wants to be asked."""
        return self._files.prompt_format

    def asked_in(self, form: PromptFormat) -> "LocalModel":
        """The same model, asked in another format; it remembers what it has read as before."""
        other = copy.copy(self)
        other._files = replace(self._files, prompt_format=form)
        return other

    @property
    def words(self) -> frozenset[str] | None:
        """The words that a kernel model was taught; ``None`` for any other model."""
        return self._files.words

    @property
    def context(self) -> int | None:
        """The most tokens of prompt and text together; None if there is no limit."""
        return getattr(self._model.config, "max_position_embeddings", None)

    def render(self, prompt: str | Sequence[Message]) -> str:
        """The text that the model reads: by its chat template, or one message after the other."""
        if isinstance(prompt, str):
            return prompt
        if not self._tokenizer.chat_template:
            return "".join(f"{message.content}\n\n" for message in prompt)
        return _by_chat_template(self._tokenizer, prompt)

    def count(self, prompt: str | Sequence[Message]) -> int:
        """The tokens of a prompt."""
        return len(self._tokens_of(prompt))

    def prompt(self, request: PromptRequest) -> Prompt:
        """The prompt in the model's format, which leaves room in the context for the answer.

        Raises:
            PromptTooLong: if the context is too small for the operation alone.
        """
        form = self.prompt_format
        limit = sys.maxsize if self.context is None else self.context - form.answer_tokens
        return form.build(request, count=self.count, budget=form.prompt_tokens, limit=limit)

    def propose(
        self,
        prompt: str | Sequence[Message],
        grammar: str,
        sampling: Sampling = SINGLE,
        *,
        deadline_seconds: float = float("inf"),
        judge: Callable[[], Judge] | None = None,
    ) -> list[Proposal]:
        """Writes texts of the grammar that continue the prompt.

        The same arguments give the same texts on the same kind of processor, unless the deadline
        ends one (see :class:`Stop`); those that branch off at forks, after the same question.

        Args:
            prompt: a text, or messages that are rendered first.
            grammar: in llguidance's dialect of Lark.
            sampling: how many texts, and how; none gets longer than the context.
            deadline_seconds: how long it may take, from now.
            judge: makes a judge of the lines of one text; see :func:`decode`.

        Raises:
            PromptTooLong: if the prompt leaves no reserve in the context.
            GrammarError: if the grammar is not valid.
            ModelError: if the memory does not suffice.
        """
        deadline = time.monotonic() + deadline_seconds
        tokens = self._tokens_of(prompt)
        reserve = sampling.max_tokens
        if self.context is not None:
            if len(tokens) >= self.context:
                raise PromptTooLong(len(tokens), self.context - 1)
            reserve = min(reserve, self.context - len(tokens))
        read = TextsRead(self._reader, tokens, deadline, continued=bool(sampling.forks))
        fitting = replace(sampling, max_tokens=reserve)
        with self._in_memory(sampling.candidates), one_torch_thread():
            return decode(read, self._vocabulary, grammar, fitting, deadline, judge)

    def likelihood(self, prompt: str | Sequence[Message], text: str) -> float:
        """:meth:`likelihoods` of one text."""
        return self.likelihoods(prompt, [text])[0]

    def likelihoods(self, prompt: str | Sequence[Message], texts: Sequence[str]) -> list[float]:
        """How likely each text is after the prompt: the mean natural logarithm of a token's.

        Raises:
            PromptTooLong: if the prompt and the longest text exceed the context.
            ModelError: if the memory does not suffice.
        """
        import torch

        before = self._tokens_of(prompt)
        after = [self._tokenizer.encode(text, add_special_tokens=False) for text in texts]
        longest = max((len(tokens) for tokens in after), default=0)
        if not longest:
            return [0.0] * len(texts)
        if self.context is not None and len(before) + longest > self.context:
            raise PromptTooLong(len(before) + longest, self.context)
        # Rows are filled up on the right, where nothing that counts looks.
        rows = [[*before, *tokens, *[0] * (longest - len(tokens))] for tokens in after]
        with self._in_memory(len(texts)), one_torch_thread(), torch.inference_mode():
            output = self._model(
                input_ids=torch.tensor(rows, device=self._model.device),
                logits_to_keep=longest + 1,
            )
            scores = output.logits[:, :-1].float().log_softmax(-1).cpu().numpy()
        return [
            float(np.mean([row[i, token] for i, token in enumerate(tokens)])) if tokens else 0.0
            for row, tokens in zip(scores, after, strict=True)
        ]

    def _tokens_of(self, prompt: str | Sequence[Message]) -> list[int]:
        # A chat template writes the special tokens itself.
        special = isinstance(prompt, str) or not self._tokenizer.chat_template
        tokens = self._tokenizer.encode(self.render(prompt), add_special_tokens=special)
        # Where nothing was said, the end of a text before is all there is to read.
        return tokens or [self._vocabulary.eos_token]

    @contextmanager
    def _in_memory(self, candidates: int) -> Generator[None]:
        try:
            yield
        except (MemoryError, RuntimeError) as error:
            # torch's CPU allocator has no error class of its own.
            if isinstance(error, RuntimeError) and "alloc" not in str(error).lower():
                raise
            message = f"the memory does not suffice for {candidates} candidates at once"
            raise ModelError(message, file=self._files.name) from error


def _by_chat_template(tokenizer: "PreTrainedTokenizerBase", prompt: Sequence[Message]) -> str:
    from jinja2 import TemplateError

    try:
        return _apply(tokenizer, prompt)
    except TemplateError:
        # Some templates refuse a system message; then its text goes before the user's.
        system = [message.content for message in prompt if message.role == "system"]
        first, *others = [message for message in prompt if message.role != "system"]
        content = "\n\n".join([*system, first.content])
        return _apply(tokenizer, [Message(first.role, content), *others])


def _apply(tokenizer: "PreTrainedTokenizerBase", prompt: Sequence[Message]) -> str:
    chat = [{"role": message.role, "content": message.content} for message in prompt]
    return str(tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True))
