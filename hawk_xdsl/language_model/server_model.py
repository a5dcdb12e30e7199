"""A model behind an OpenAI-compatible server on this machine, as a writer of texts.

The grammar goes along where the server takes one (vLLM's ``structured_outputs``). Where it does
not, the answer is held against the grammar, and against the judge of lines, after it has come.
"""

import hashlib
import ipaddress
import json
import math
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection, HTTPException, HTTPResponse
from urllib.parse import urlsplit

from llguidance import LLMatcher, LLTokenizer

from hawk_xdsl.files.boundary import reason_of
from hawk_xdsl.files.typed import typed
from hawk_xdsl.knowledge_store.records import Message
from hawk_xdsl.language_model.decoding import compile_grammar
from hawk_xdsl.language_model.loading import ModelError
from hawk_xdsl.language_model.prompt import Prompt, PromptFormat, PromptRequest, instruct_format
from hawk_xdsl.language_model.sampling import Judge, Proposal, Sampling, Stop

KEY = "HAWK_SERVER_KEY"
"""The variable of the environment with a server's key; it is sent there, and kept nowhere."""

LONGEST_ANSWER = 1 << 20
"""Bytes of an answer that are read; a longer one is garbage."""

_CHARACTERS_OF_A_TOKEN = 3
"""About how long a token is: the server counts exactly, this only shortens prompts in time."""

_FENCED = re.compile(r"```[a-z]*\n(.*?)```", re.DOTALL)


@dataclass(frozen=True)
class ServerAddress:
    """Where a server listens: ``http://127.0.0.1:8000/v1#name``."""

    host: str
    port: int
    path: str
    model: str

    @staticmethod
    def of(given: str) -> "ServerAddress":
        """From an address as the user gives it. Raises ``ModelError``."""
        try:
            parts = urlsplit(given)
            port = parts.port or 80
        except ValueError as error:
            raise ModelError(f"no address of a server: {error}", file=given) from None
        if parts.scheme != "http" or not parts.hostname or parts.username or parts.query:
            form = "http://127.0.0.1:PORT/v1#NAME"
            raise ModelError(f"a server's address has the form {form}", file=given)
        if not _is_here(parts.hostname):
            raise ModelError("only servers on this machine are asked (127.0.0.1)", file=given)
        return ServerAddress(parts.hostname, port, parts.path.rstrip("/"), parts.fragment)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}{self.path}#{self.model}"


@dataclass
class ServerModel:
    """Asks a server for each text; made by :meth:`of`, which asks nothing yet."""

    address: ServerAddress
    prompt_format: PromptFormat = field(default_factory=instruct_format)
    words: frozenset[str] | None = None
    _takes_grammar: bool = True

    @staticmethod
    def of(given: str) -> "ServerModel":
        """The model at an address. Raises ``ModelError`` for one that is not on this machine."""
        return ServerModel(ServerAddress.of(given))

    @property
    def name(self) -> str:
        """The address with the model's name."""
        return str(self.address)

    def fingerprint(self) -> str:
        """Tells the address from others; what runs behind it is the user's affair."""
        return hashlib.sha256(self.name.encode()).hexdigest()[:12]

    def prompt(self, request: PromptRequest) -> Prompt:
        """See :class:`~hawk_xdsl.language_model.text_model.TextModel`."""
        form, budget = self.prompt_format, self.prompt_format.prompt_tokens
        return form.build(request, count=_count, budget=budget, limit=8 * budget)

    def propose(
        self,
        prompt: str | Sequence[Message],
        grammar: str,
        sampling: Sampling | None = None,
        *,
        deadline_seconds: float = math.inf,
        judge: Callable[[], Judge] | None = None,
    ) -> list[Proposal]:
        """One answer after the other, as many as the time allows; what is no text is unfinished.

        Messages are asked as a chat; a text is a prompt that the server's model goes on with.

        Raises ``ModelError`` if the server cannot be reached, hangs, closes or answers garbage.
        """
        sampling = sampling or Sampling()
        said = _said(prompt)
        started = time.monotonic()
        found: list[Proposal] = []
        for number in range(sampling.candidates):
            left = deadline_seconds - (time.monotonic() - started)
            if left <= 0:
                break
            greedy = number == 0 and sampling.greedy
            request: dict[str, object] = {
                **said,
                "max_tokens": sampling.max_tokens,
                "temperature": 0.0 if greedy else sampling.temperature + number * sampling.warmer,
                "seed": sampling.seed + number,
            }
            content, tokens = self._answer(request, grammar, left)
            proposal = _proposal(content, grammar, None if judge is None else judge())
            seconds = time.monotonic() - started
            found.append(replace(proposal, tokens=tokens, seconds=seconds))
        return found

    def _answer(
        self, request: Mapping[str, object], grammar: str, seconds: float
    ) -> tuple[str, int]:
        """What the server says, with the grammar if it takes one; and the tokens that it counts."""
        deadline = time.monotonic() + seconds
        asked = {"model": self._model(seconds), **request}
        path = "/completions" if "prompt" in request else "/chat/completions"
        if self._takes_grammar:
            status, answer = self._ask(
                path,
                {**asked, "structured_outputs": {"grammar": grammar}},
                deadline - time.monotonic(),
            )
            self._takes_grammar = status not in (400, 404, 422, 501)
            if status == 200:
                return self._content(answer)
        status, answer = self._ask(path, asked, deadline - time.monotonic())
        if status != 200:
            raise self._trouble(f"it answers with the status {status}")
        return self._content(answer)

    def _model(self, seconds: float) -> str:
        """The model's name; the first one that the server lists where none was given."""
        if self.address.model:
            return self.address.model
        status, listed = self._ask("/models", None, seconds)
        with self._reading():
            rows = typed(list[dict[str, object]], typed(dict[str, object], listed).get("data"))
            if status == 200 and rows:
                return typed(str, rows[0].get("id"))
        raise self._trouble("it lists no model; add #NAME to the address")

    def _ask(
        self, path: str, body: Mapping[str, object] | None, seconds: float
    ) -> tuple[int, object]:
        """The status and the JSON of an answer; ``None`` of one that is not 200."""
        key = os.environ.get(KEY, "")
        headers = {"Content-Type": "application/json"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        deadline = time.monotonic() + seconds
        limit = None if math.isinf(seconds) else max(0.001, seconds)
        connection = HTTPConnection(self.address.host, self.address.port, timeout=limit)
        try:
            with self._reading():
                data = None if body is None else json.dumps(body)
                method = "GET" if data is None else "POST"
                connection.request(method, self.address.path + path, data, headers)
                response = connection.getresponse()
                text = b"".join(self._chunks(response, deadline))
                return response.status, json.loads(text) if response.status == 200 else None
        finally:
            connection.close()

    def _chunks(self, response: HTTPResponse, deadline: float) -> Iterator[bytes]:
        """An answer's bytes; one that drips or never ends is given up."""
        size = 0
        while chunk := response.read1(1 << 16):
            size += len(chunk)
            if time.monotonic() > deadline:
                raise TimeoutError("timed out")
            if size > LONGEST_ANSWER:
                raise ValueError(f"the answer is longer than {LONGEST_ANSWER} bytes")
            yield chunk

    def _content(self, answer: object) -> tuple[str, int]:
        with self._reading():
            table = typed(dict[str, object], answer)
            [choice, *_] = typed(list[dict[str, object]], table.get("choices"), "choices")
            usage = typed(dict[str, object], table.get("usage") or {}, "usage")
            tokens = usage.get("completion_tokens")
            count = tokens if isinstance(tokens, int) else 0
            if "text" in choice:
                return typed(str, choice["text"], "text"), count
            message = typed(dict[str, object], choice.get("message"), "message")
            return typed(str, message.get("content"), "content"), count

    def _reading(self) -> "_ServerErrors":
        return _ServerErrors(self)

    def _trouble(self, reason: str) -> ModelError:
        return ModelError(f"the server of the model: {reason}", file=self.name)


@dataclass(frozen=True)
class _ServerErrors:
    """Turns whatever a server causes into a :class:`ModelError` of one line."""

    model: ServerModel

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, TimeoutError):
            raise self.model._trouble("it does not answer in time") from None  # pyright: ignore[reportPrivateUsage]
        if isinstance(error, HTTPException | OSError | ValueError):
            raise self.model._trouble(reason_of(error)) from None  # pyright: ignore[reportPrivateUsage]


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _said(prompt: str | Sequence[Message]) -> Mapping[str, object]:
    """A question as the protocol has it."""
    if isinstance(prompt, str):
        return {"prompt": prompt}
    return {"messages": [{"role": each.role, "content": each.content} for each in prompt]}


def _count(messages: Sequence[Message]) -> int:
    return sum(len(each.content) for each in messages) // _CHARACTERS_OF_A_TOKEN


def _readings(content: str) -> Iterator[str]:
    """What an answer may mean: its fenced block, all of it, what stands after an equals sign."""
    for block in _FENCED.findall(content):
        yield block.strip("\n") + "\n"
        yield block.strip()
    yield content.strip() + "\n"
    yield content.strip()
    first = content.strip().splitlines()[0] if content.strip() else ""
    yield first.rpartition(" = ")[2].strip()


def _proposal(content: str, grammar: str, judge: Judge | None) -> Proposal:
    """The first reading of an answer that is a text of the grammar and that the judge lets pass."""
    matcher = compile_grammar(grammar, LLTokenizer("byte"))
    reason = "the answer is no text of the grammar"
    for text in _readings(content):
        if not _is_sentence(matcher, text):
            continue
        wrong = None if judge is None else _objection(judge, text)
        if wrong is None:
            return Proposal(text, 0.0, 0, 0, Stop.END, 0.0)
        return Proposal(text, 0.0, 0, 0, Stop.REJECTED, 0.0, reason=wrong)
    return Proposal(content, 0.0, 0, 0, Stop.REJECTED, 0.0, reason=reason)


def _is_sentence(matcher: LLMatcher, text: str) -> bool:
    tokens = list(text.encode())
    own = matcher.deep_copy()
    return own.validate_tokens(tokens) == len(tokens) and bool(
        own.consume_tokens(tokens) and own.is_accepting()
    )


def _objection(judge: Judge, text: str) -> str | None:
    """What the judge says of the first line that it rejects, or of the end."""
    lines = text.splitlines()
    for number in range(1, len(lines) + 1):
        reason = judge(lines[:number], ended=number == len(lines))
        if reason is not None:
            return f"line {number}, {lines[number - 1]!r}: {reason}"
    return None
