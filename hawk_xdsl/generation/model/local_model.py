"""A local causal language model that proposes texts under a grammar."""

import copy
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from hawk_xdsl.generation.model.decoding import decode
from hawk_xdsl.generation.model.loading import (
    ModelError,
    cache_argument,
    load_tokenizer,
    load_weights,
    vocabulary_of,
)
from hawk_xdsl.generation.model.model_files import ModelFiles
from hawk_xdsl.generation.model.prompt import Prompt, PromptFormat, PromptRequest, PromptTooLong
from hawk_xdsl.generation.model.writing import Judge, Logits, Proposal, Sampling
from hawk_xdsl.knowledge_store.records import Message
from hawk_xdsl.threads import one_torch_thread

if TYPE_CHECKING:
    from llguidance import LLTokenizer
    from transformers import DynamicCache, PreTrainedModel, PreTrainedTokenizerBase

# A prompt is read in pieces of this many tokens. A piece that two prompts share is read once, and
# since the pieces are the same either way, so are the scores to the last bit.
_PIECE = 256

SINGLE = Sampling()
"""One text, the likeliest."""


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
        self._reader = _PromptReader(model)
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

    def prompt(self, request: PromptRequest, *, budget: int = 1024, room: int = 512) -> Prompt:
        """The prompt in the model's format.

        Args:
            request: what to say.
            budget: the tokens that the prompt should have at most; reading them takes time.
            room: the tokens of the context to leave for the answer.

        Raises:
            PromptTooLong: if the context is too small for the operation alone.
        """
        limit = sys.maxsize if self.context is None else self.context - room
        return self.prompt_format.build(request, count=self.count, budget=budget, limit=limit)

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
        ends one (see :class:`Stop`).

        Args:
            prompt: a text, or messages that are rendered first.
            grammar: in llguidance's dialect of Lark.
            sampling: how many texts, and how; none gets longer than the context.
            deadline_seconds: how long it may take, from now.
            judge: makes a judge of the lines of one text; see :func:`decode`.

        Raises:
            PromptTooLong: if the prompt leaves no room in the context.
            GrammarError: if the grammar is not valid.
            ModelError: if the memory does not suffice.
        """
        deadline = time.monotonic() + deadline_seconds
        tokens = self._tokens_of(prompt)
        room = sampling.max_tokens
        if self.context is not None:
            if len(tokens) >= self.context:
                raise PromptTooLong(len(tokens), self.context - 1)
            room = min(room, self.context - len(tokens))
        rows = _Rows(self._reader, tokens, deadline)
        fitting = replace(sampling, max_tokens=room)
        with self._in_memory(sampling.candidates), one_torch_thread():
            return decode(rows, self._vocabulary, grammar, fitting, deadline, judge)

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


class _PromptReader:
    """Runs a model and remembers the last prompt it has read."""

    def __init__(self, model: "PreTrainedModel") -> None:
        self.model = model
        self._read: list[int] = []
        self._cache: DynamicCache | None = None
        self._cache_argument = cache_argument(model) or "past_key_values"

    def read(self, tokens: Sequence[int], deadline: float) -> tuple["DynamicCache", Logits] | None:
        """Reads a prompt, except for the whole pieces at its start that the last one shared.

        Returns:
            A cache of its own and the scores of the next token, shape [vocabulary]; None if the
            deadline passed.
        """
        cache = self._shared(tokens)
        logits: Logits | None = None
        for start in range(cache.get_seq_length(), len(tokens), _PIECE):
            if time.monotonic() >= deadline:
                return None
            logits = self.run([tokens[start : start + _PIECE]], cache)
        self._read, self._cache = list(tokens), copy.deepcopy(cache)
        assert logits is not None
        return cache, logits[0]

    def _shared(self, tokens: Sequence[int]) -> "DynamicCache":
        """A cache of the whole pieces shared with the last prompt, never of the very last one."""
        from transformers import DynamicCache

        same = 0
        while same < min(len(tokens) - 1, len(self._read)) and tokens[same] == self._read[same]:
            same += 1
        whole = same // _PIECE * _PIECE
        if self._cache is None or whole == 0:
            return DynamicCache()
        cache = copy.deepcopy(self._cache)
        if surplus := cache.get_seq_length() - whole:
            cache.crop(-surplus)
        return cache

    def run(
        self,
        rows: Sequence[Sequence[int]],
        cache: "DynamicCache",
        seen: "np.ndarray[tuple[int, int], np.dtype[np.int64]] | None" = None,
    ) -> Logits:
        """Scores of the token after each row, shape [rows, vocabulary].

        Args:
            rows: the new tokens; shorter rows are filled up on the left.
            cache: of the tokens before, extended by this.
            seen: which places of the cache count, shape [rows, length]; all of them without it.
        """
        import torch

        width, length = max(map(len, rows)), cache.get_seq_length()
        before = np.ones((len(rows), length), np.int64) if seen is None else seen
        new = real_places(rows)
        tokens = np.zeros((len(rows), width), np.int64)
        for row, line in zip(tokens, rows, strict=True):
            row[width - len(line) :] = line
        mask = np.concatenate([before, new], axis=1)
        positions = np.maximum(mask.cumsum(axis=1)[:, length:] - 1, 0)
        device = self.model.device
        with torch.inference_mode():
            output = self.model(
                input_ids=torch.from_numpy(tokens).to(device),
                attention_mask=torch.from_numpy(mask).to(device),
                position_ids=torch.from_numpy(positions).to(device),
                use_cache=True,
                logits_to_keep=1,
                **{self._cache_argument: cache},
            )
        return output.logits[:, -1].float().cpu().numpy()


def real_places(
    rows: Sequence[Sequence[int]],
) -> "np.ndarray[tuple[int, int], np.dtype[np.int64]]":
    """One where a row filled up on the left has a token, zero elsewhere."""
    width = max(map(len, rows))
    return np.array([[0] * (width - len(row)) + [1] * len(row) for row in rows], np.int64)


class _Rows:
    """The continuations of one prompt, each with its part of the cache."""

    def __init__(self, reader: _PromptReader, prompt: Sequence[int], deadline: float) -> None:
        self._reader = reader
        self._prompt = prompt
        self._deadline = deadline
        self._cache: DynamicCache | None = None
        self._seen = np.ones((0, 0), np.int64)

    def start(self, tokens: Sequence[int], rows: int) -> Logits | None:
        read = self._reader.read([*self._prompt, *tokens], self._deadline)
        if read is None:
            return None
        self._cache, logits = read
        self._cache.batch_repeat_interleave(rows)
        self._seen = np.ones((rows, self._cache.get_seq_length()), np.int64)
        return logits

    def extend(self, rows: Sequence[Sequence[int]]) -> Logits:
        assert self._cache is not None
        logits = self._reader.run(rows, self._cache, self._seen)
        self._seen = np.concatenate([self._seen, real_places(rows)], axis=1)
        return logits

    def keep(self, rows: Sequence[int]) -> None:
        import torch

        assert self._cache is not None
        self._cache.batch_select_indices(torch.tensor(rows, dtype=torch.int64))
        self._seen = self._seen[list(rows)]

    def forget(self, counts: Sequence[int]) -> None:
        """The tokens stay in the cache, unseen: positions count only what is seen."""
        for seen, count in zip(self._seen, counts, strict=True):
            if count:
                seen[np.flatnonzero(seen)[-count:]] = 0


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
