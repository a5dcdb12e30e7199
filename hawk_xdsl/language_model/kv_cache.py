"""Reads a prompt and several texts after it with a causal language model, each token once.

Texts of one prompt share their beginnings, so their tokens lie in one cache as a tree. A token sees
the prompt and the earlier tokens of its own text only, by a mask, and its position counts what it
sees.

Example: after a prompt P of 100 tokens the texts ``a b`` and ``a c`` were read. The cache holds
``P a b c``; b and c both see P and a, not each other, and both have position 101. Going back to
``a`` needs no removal: the next token just does not see b and c.

A large model takes hardly longer to read ten tokens than one. So with each text, tokens may be read
that it might go on with: those that follow its last ones where they stood before, in the prompt or
in the text. Where it goes on otherwise they are places that nothing sees.
"""

import copy
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hawk_xdsl.language_model.loading import FULL, SLIDING, cache_argument
from hawk_xdsl.language_model.sampling import Logits

if TYPE_CHECKING:
    import torch
    from transformers import DynamicCache, PreTrainedModel

# A prompt is read in chunks of this many tokens. A chunk that two prompts share is read once, and
# since the chunks are the same either way, so are the scores to the last bit.
_CHUNK = 256

_MOST_SCORES = 2**24
"""Scores that are remembered (64 MiB); beyond that all are forgotten, and read again if needed."""

GUESSED = 10
"""How many tokens that a text might go on with are read at most."""

_MOST_GUESSED = 32
"""How many are read at once, of all texts."""

_AGAIN = (4, 3, 2)
"""How many of a text's last tokens are looked for, the most first."""

Seen = NDArray[np.bool_]
"""Which places of a cache are seen, shape [length] or [rows, length]."""

Text = tuple[int, ...]


@dataclass
class PromptCache:
    """A prompt in the cache, and the texts that were read after it.

    Attributes:
        prompt: its tokens.
        read: the prompt and the text that was read with it; they fill the cache's first places.
        cache: keys and values of everything that was read.
        length: places of the cache that are in use.
        places: for each text, a mask of the places that hold the prompt and that text.
        scores: for each text, the logits of the next token.
    """

    prompt: list[int]
    read: list[int]
    cache: "DynamicCache"
    length: int
    places: dict[Text, Seen]
    scores: dict[Text, Logits]


class PromptReader:
    """Runs a model and remembers what it has read last.

    With ``guesses``, tokens that texts might go on with are read with them.
    """

    def __init__(self, model: "PreTrainedModel", *, guesses: bool = False) -> None:
        self._model = model
        self.guesses = guesses
        self._cache_argument = cache_argument(model) or "past_key_values"
        self._windows = _windows_of(model)
        self._memory: PromptCache | None = None

    def recall(self, prompt: Sequence[int]) -> PromptCache | None:
        """What is known of a prompt if it was the last one."""
        memory = self._memory
        return memory if memory is not None and memory.prompt == list(prompt) else None

    def read(
        self, prompt: Sequence[int], begun: Sequence[int], deadline: float
    ) -> PromptCache | None:
        """Reads a prompt and the start of a text; whole chunks shared with the last one are reused.

        Returns:
            What is remembered from now on; None if the deadline passed.
        """
        tokens = [*prompt, *begun]
        cache = self._shared(tokens)
        scores: Logits | None = None
        for start in range(cache.get_seq_length(), len(tokens), _CHUNK):
            if time.monotonic() >= deadline:
                return None
            scores = self.run(
                [tokens[start : start + _CHUNK]], cache, np.ones((1, start), np.bool_)
            )
        assert scores is not None
        text = tuple(begun)
        everything = np.ones(len(tokens), np.bool_)
        self._memory = PromptCache(
            list(prompt), tokens, cache, len(tokens), {text: everything}, {text: scores[0]}
        )
        return self._memory

    def _shared(self, tokens: Sequence[int]) -> "DynamicCache":
        """A cache of the whole chunks shared with the last prompt, never of the very last one."""
        from transformers import DynamicCache

        read, same = [] if self._memory is None else self._memory.read, 0
        while same < min(len(tokens) - 1, len(read)) and tokens[same] == read[same]:
            same += 1
        whole = same // _CHUNK * _CHUNK
        if self._memory is None or whole == 0:
            return DynamicCache()
        cache = copy.deepcopy(self._memory.cache)
        _cut(cache, whole)
        return cache

    def run(
        self,
        rows: Sequence[Sequence[int]],
        cache: "DynamicCache",
        seen: Seen,
        scored: Sequence[int] | None = None,
    ) -> Logits:
        """Scores of the token after each row, shape [rows, vocabulary].

        Args:
            rows: the new tokens of each.
            cache: of the tokens before, extended by the rows, one after the other.
            seen: which places of the cache each row goes on from, shape [rows, length].
            scored: the new tokens after which scores are wanted, instead of the last of each row.
        """
        import torch

        lengths = [len(row) for row in rows]
        visible = np.concatenate([np.repeat(seen, lengths, axis=0), _own_places(rows)], axis=1)
        device = self._model.device
        memory, self._memory = self._memory, None  # a cache is of no use where this is interrupted
        with torch.inference_mode():
            output = self._model(
                input_ids=torch.tensor([[t for row in rows for t in row]], device=device),
                attention_mask=self._masks(visible),
                position_ids=torch.tensor(visible.sum(axis=1)[None] - 1, device=device),
                use_cache=True,
                logits_to_keep=torch.tensor(
                    _ends(rows) if scored is None else scored, device=device
                ),
                **{self._cache_argument: cache},
            )
        self._memory = memory
        return output.logits[0].float().cpu().numpy()

    def _masks(self, visible: Seen) -> "torch.Tensor | dict[str, torch.Tensor]":
        """What each new token attends to, for each kind of layer where there are several.

        Args:
            visible: what it may attend to, shape [tokens, length].
        """
        masks = {
            kind: self._mask(_within(window, visible)) for kind, window in self._windows.items()
        }
        return masks if len(masks) > 1 else masks.popitem()[1]

    def _mask(self, visible: Seen) -> "torch.Tensor":
        import torch

        hidden = torch.from_numpy(~visible)[None, None].to(self._model.device)
        dtype = self._model.dtype
        mask = torch.zeros(hidden.shape, dtype=dtype, device=hidden.device)
        return mask.masked_fill_(hidden, torch.finfo(dtype).min)


def _windows_of(model: "PreTrainedModel") -> dict[str, int | None]:
    """The kinds of a model's layers, and how many tokens each attends to; ``None`` if to all."""
    config = model.config.get_text_config(decoder=True)
    window: int | None = getattr(config, "sliding_window", None)
    kinds: list[str] = getattr(config, "layer_types", None) or [SLIDING if window else FULL]
    return {kind: window if kind == SLIDING else None for kind in kinds}


def _within(window: int | None, visible: Seen) -> Seen:
    """The last of what is visible to each token."""
    if window is None:
        return visible
    later = visible.sum(axis=1, keepdims=True) - visible.cumsum(axis=1)
    return visible & (later < window)


def _own_places(rows: Sequence[Sequence[int]]) -> Seen:
    """What each new token sees of the new ones: those of its row up to itself."""
    number = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    return np.tril(number[:, None] == number[None, :])


def _ends(rows: Sequence[Sequence[int]]) -> NDArray[np.intp]:
    """Where each row ends among the new tokens."""
    return np.cumsum([len(row) for row in rows]) - 1


def _cut(cache: "DynamicCache", length: int) -> None:
    """Leaves the first places of a cache."""
    if surplus := cache.get_seq_length() - length:
        cache.crop(-surplus)


class TextsRead:
    """What a model has read after a prompt: a :class:`~hawk_xdsl.language_model.decoding.Scorer`.

    Args:
        reader: runs the model.
        prompt: the tokens before the texts.
        deadline: until when the prompt must be read, on the clock of :func:`time.monotonic`.
        continued: whether what was read after this prompt just before is known, if it was. The
            scores are then those of that reading, which may differ in a last bit.
    """

    def __init__(
        self,
        reader: PromptReader,
        prompt: Sequence[int],
        deadline: float,
        *,
        continued: bool = False,
    ) -> None:
        self._reader = reader
        self._prompt = prompt
        self._deadline = deadline
        self._continued = continued
        self._memory: PromptCache | None = None

    def start(self, text: Sequence[int]) -> bool:
        """See :class:`Scorer`."""
        memory = self._reader.recall(self._prompt) if self._continued else None
        if memory is not None and tuple(text) in memory.scores:
            _cut(memory.cache, memory.length)
            places, scores = dict(memory.places), dict(memory.scores)
            self._memory = replace(memory, places=places, scores=scores)
        else:
            self._memory = self._reader.read(self._prompt, text, self._deadline)
        return self._memory is not None

    def scores_after(self, text: Sequence[int]) -> Logits | None:
        """See :class:`Scorer`."""
        return None if self._memory is None else self._memory.scores.get(tuple(text))

    def read(self, texts: Sequence[Sequence[int]]) -> None:
        """See :class:`Scorer`."""
        assert self._memory is not None
        memory = self._memory
        new = list(dict.fromkeys(map(tuple, texts)))
        guesses = [self._guess(text, len(new)) for text in new]
        rows: list[Text] = []
        seen = np.zeros((len(new), memory.cache.get_seq_length()), np.bool_)
        for text, guess, row in zip(new, guesses, seen, strict=True):
            start = next(n for n in reversed(range(len(text))) if text[:n] in memory.places)
            before = memory.places[text[:start]]
            row[: before.size] = before
            rows.append((*text[start:], *guess))
        ended: list[Text] = []
        scored: list[int] = []
        number: list[int] = []
        for which, (text, guess, end) in enumerate(zip(new, guesses, _ends(rows), strict=True)):
            for count in range(len(guess) + 1):
                ended.append((*text, *guess[:count]))
                scored.append(int(end) - len(guess) + count)
                number.append(which)
        scores = self._reader.run(rows, memory.cache, seen, scored)
        if (len(memory.scores) + len(ended)) * scores.shape[1] > _MOST_SCORES:
            memory.scores.clear()
        after = np.concatenate([seen[number], _own_places(rows)[scored]], axis=1)
        memory.places.update(zip(ended, after, strict=True))
        memory.scores.update(zip(ended, scores, strict=True))
        memory.length = after.shape[1]

    def _guess(self, text: Text, texts: int) -> Text:
        """Tokens that a text might go on with; of ``texts`` texts each guesses as many."""
        count = min(GUESSED, _MOST_GUESSED // texts) if self._reader.guesses else 0
        return repeated((*self._prompt, *text), count) if count else ()


def repeated(tokens: Sequence[int], count: int) -> Text:
    """At most so many tokens that followed the last ones where these stood before, latest first.

    Example: after ``1 2 3 4 9 2 3`` come ``4 9 2 3``: that followed 2 3.
    """
    known = np.asarray(tokens)
    for length in _AGAIN:
        if known.size <= length:
            continue
        windows = np.lib.stride_tricks.sliding_window_view(known[:-1], length)
        found = np.flatnonzero((windows == known[-length:]).all(axis=1))
        if found.size:
            start = int(found[-1]) + length
            return tuple(map(int, known[start : start + count]))
    return ()
