"""A model behind a server on this machine: what it is asked, and what may go wrong."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from undecided import elementwise, undecided

from hawk_xdsl.compiler import open_decider
from hawk_xdsl.knowledge_store import AttemptVerdict, KnowledgeStore
from hawk_xdsl.knowledge_store.kernel_examples import packaged_examples
from hawk_xdsl.knowledge_store.records import Message
from hawk_xdsl.language_model.loading import ModelError
from hawk_xdsl.language_model.open_model import model_fingerprint, open_model
from hawk_xdsl.language_model.remarks import example_text
from hawk_xdsl.language_model.sampling import Sampling, Stop
from hawk_xdsl.language_model.server_model import KEY, ServerModel
from hawk_xdsl.propose.decide import UndecidableError
from hawk_xdsl.propose.decision import Source
from hawk_xdsl.propose.settings import Budget, Settings, Sources

QUESTION = (Message("user", "What is the sum?"),)
GRAMMAR = 'start: number (" + " number)*\nnumber: /[0-9]+/\n'
EXP = elementwise("16x8", "%1 = math.exp %in : f32")
KERNEL = """across i0 in 0..128 step 64 {
b0 = load x0[i0:64] into ub
b0 = vexp b0
store b0 into y0[i0:64]
}
"""

Handle = Callable[[BaseHTTPRequestHandler, dict[str, object]], None]


def says(text: str, status: int = 200) -> Handle:
    """Answers every question with a text."""

    def handle(request: BaseHTTPRequestHandler, asked: dict[str, object]) -> None:
        choice = {"message": {"role": "assistant", "content": text}}
        send(request, json.dumps({"choices": [choice], "usage": {"completion_tokens": 7}}), status)

    return handle


def send(request: BaseHTTPRequestHandler, body: str, status: int = 200) -> None:
    data = body.encode()
    request.send_response(status)
    request.send_header("Content-Length", str(len(data)))
    request.end_headers()
    request.wfile.write(data)


@contextmanager
def serving(handle: Handle) -> Iterator[tuple[str, list[dict[str, object]]]]:
    """A server on this machine; its address, and what it was asked with the key that came along."""
    asked: list[dict[str, object]] = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

        def do_GET(self) -> None:
            send(self, json.dumps({"data": [{"id": "first"}]}))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append({**body, "path": self.path, "key": self.headers.get("Authorization")})
            handle(self, body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1#coder", asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    "said",
    ["1 + 2", "```\n1 + 2\n```", "The answer is:\n```text\n1 + 2\n```\nas wanted.", "x = 1 + 2"],
)
def test_an_answer_is_read_whether_it_is_fenced_or_not(said: str) -> None:
    with serving(says(said)) as (address, asked):
        [proposal] = ServerModel.of(address).propose(QUESTION, GRAMMAR)
    assert (proposal.text, proposal.stop, proposal.tokens) == ("1 + 2", Stop.END, 7)
    assert asked[0]["path"] == "/v1/chat/completions" and asked[0]["model"] == "coder"
    assert asked[0]["messages"] == [{"role": "user", "content": "What is the sum?"}]


def test_a_text_is_a_prompt_that_the_model_goes_on_with() -> None:
    def goes_on(request: BaseHTTPRequestHandler, asked: dict[str, object]) -> None:
        send(request, json.dumps({"choices": [{"text": " 1 + 2\n\nx = 5\n"}]}))

    with serving(goes_on) as (address, asked):
        [proposal] = ServerModel.of(address).propose("x =", GRAMMAR)
    assert (proposal.text, proposal.stop) == ("1 + 2", Stop.END)
    assert asked[0]["path"] == "/v1/completions" and asked[0]["prompt"] == "x ="
    assert "messages" not in asked[0]


def test_what_is_no_text_of_the_grammar_is_unfinished() -> None:
    with serving(says("I cannot add.")) as (address, _):
        [proposal] = ServerModel.of(address).propose(QUESTION, GRAMMAR)
    assert (proposal.stop, proposal.reason) == (
        Stop.REJECTED,
        "the answer is no text of the grammar",
    )


def test_the_first_text_is_the_likeliest_and_the_others_are_samples() -> None:
    with serving(says("1")) as (address, asked):
        model = ServerModel.of(address)
        assert len(model.propose(QUESTION, GRAMMAR, Sampling(3, temperature=0.5, seed=5))) == 3
    assert [row["temperature"] for row in asked] == [0.0, 0.5, 0.5]
    assert [row["seed"] for row in asked] == [5, 6, 7]


def test_the_grammar_goes_along_until_the_server_refuses_it() -> None:
    def strict(request: BaseHTTPRequestHandler, asked: dict[str, object]) -> None:
        says("1", 422 if "structured_outputs" in asked else 200)(request, asked)

    with serving(strict) as (address, asked):
        found = ServerModel.of(address).propose(QUESTION, GRAMMAR, Sampling(2))
    assert [proposal.text for proposal in found] == ["1", "1"]
    assert ["structured_outputs" in row for row in asked] == [True, False, False]
    assert asked[0]["structured_outputs"] == {"grammar": GRAMMAR}


def test_without_a_name_the_first_model_of_the_server_is_asked() -> None:
    with serving(says("1")) as (address, asked):
        ServerModel.of(address.partition("#")[0]).propose(QUESTION, GRAMMAR)
    assert asked[0]["model"] == "first"


def test_the_key_comes_from_the_environment_and_is_in_no_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(KEY, "s3cret")
    with serving(says("1")) as (address, asked):
        model = ServerModel.of(address)
        model.propose(QUESTION, GRAMMAR)
    assert asked[0]["key"] == "Bearer s3cret"
    assert "s3cret" not in model.name + repr(model) + model_fingerprint(address)


def hangs(request: BaseHTTPRequestHandler, asked: dict[str, object]) -> None:
    time.sleep(1.5)


def drips(request: BaseHTTPRequestHandler, asked: dict[str, object]) -> None:
    request.send_response(200)
    request.end_headers()
    for _ in range(15):
        request.wfile.write(b" ")
        request.wfile.flush()
        time.sleep(0.1)


def closes(request: BaseHTTPRequestHandler, asked: dict[str, object]) -> None:
    request.connection.close()


def floods(request: BaseHTTPRequestHandler, asked: dict[str, object]) -> None:
    send(request, "[" * (3 << 20))


def garbage(text: str) -> Handle:
    return lambda request, asked: send(request, text)


@pytest.mark.parametrize(
    ("handle", "reason"),
    [
        (hangs, "it does not answer in time"),
        (drips, "it does not answer in time"),
        (closes, ""),
        (floods, "the answer is longer than"),
        (garbage("<html>"), "not JSON"),
        (garbage("{}"), "choices"),
        (garbage('{"choices": []}'), ""),
        (garbage('{"choices": [{"message": {"content": null}}]}'), "content"),
        (says("1", 500), "it answers with the status 500"),
        (says("1", 401), "it answers with the status 401"),
    ],
)
def test_whatever_the_server_does_is_one_line(handle: Handle, reason: str) -> None:
    with serving(handle) as (address, _), pytest.raises(ModelError) as raised:
        ServerModel.of(address).propose(QUESTION, GRAMMAR, deadline_seconds=0.6)
    assert reason in str(raised.value) and str(raised.value).startswith("http://127.0.0.1:")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("http://example.com/v1#m", "only servers on this machine"),
        ("http://10.0.0.1:80/v1#m", "only servers on this machine"),
        ("https://127.0.0.1/v1#m", "has the form"),
        ("http://user:key@127.0.0.1/v1#m", "has the form"),
        ("http://127.0.0.1:99999/v1#m", "no address of a server"),
        ("http://", "has the form"),
    ],
)
def test_only_servers_on_this_machine_are_asked(address: str, reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        open_model(address)


def settings(sources: Sources) -> Settings:
    return Settings(sources, Budget(attempts=2, tuning=0, seconds=200))


def test_a_kernel_from_a_server_goes_through_the_gate(tmp_path: Path) -> None:
    with serving(says(f"```\n{KERNEL}```")) as (address, _):
        given = {"store": tmp_path / "store.sqlite", "model": address}
        with open_decider("ascend910b1", settings(Sources.MODEL), **given) as decider:
            found = decider.decide(undecided(EXP), "k")
    assert (found.source, found.origin) == (Source.MODEL, address)
    with KnowledgeStore(tmp_path / "store.sqlite") as store:
        [outcome] = store.outcomes()
    assert outcome.verdict is AttemptVerdict.ACCEPTED and outcome.model == address
    asked = outcome.prompt[-1].content
    assert asked.endswith("v1 = exp v0\ny0[i0] = v1\n\nKernel:")
    known = {each.name: example_text(each.text, each.steps) for each in packaged_examples()}
    shown = [known[name] for name in outcome.entries if name in known]
    assert shown and all(text.strip() in asked for text in shown), "what was shown is recorded"


def test_a_server_that_is_gone_leaves_the_op_to_the_others(tmp_path: Path) -> None:
    given = {"store": tmp_path / "store.sqlite", "model": "http://127.0.0.1:9/v1#m"}
    with (
        open_decider("ascend910b1", settings(Sources.MODEL), **given) as decider,
        pytest.raises(UndecidableError, match="the server of the model: Connection refused"),
    ):
        decider.decide(undecided(EXP), "k")
    with open_decider("ascend910b1", settings(Sources.ALL), **given) as decider:
        assert decider.decide(undecided(EXP), "k").source is Source.TEMPLATE
