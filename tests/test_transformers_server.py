"""A real server of transformers on this machine: ``transformers serve`` with a tiny model."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from urllib.request import urlopen

import pytest
from tiny_model import save_tiny_model

from hawk_xdsl.knowledge_store.records import Message
from hawk_xdsl.language_model.loading import ModelError
from hawk_xdsl.language_model.sampling import Sampling, Stop
from hawk_xdsl.language_model.server_model import ServerModel

ABSENT = [name for name in ("fastapi", "uvicorn", "openai") if find_spec(name) is None]
CHAT = "{% for m in messages %}{{ m['content'] }}{% endfor %}"
ANYTHING = "start: /(.|\\n)*/\n"
NUMBERS = "start: /[0-9]+/\n"
STARTING = 120.0

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(
        bool(ABSENT), reason=f"transformers[serving] is not installed: no {', '.join(ABSENT)}"
    ),
]


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server's address, with the name of the model that it serves."""
    folder = tmp_path_factory.mktemp("served")
    save_tiny_model(folder, chat_template=CHAT)
    port = free_port()
    command = [str(Path(sys.executable).with_name("transformers")), "serve", str(folder)]
    command += ["--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    quiet = subprocess.DEVNULL
    running = subprocess.Popen(command, env=environment, stdout=quiet, stderr=quiet)
    try:
        deadline = time.monotonic() + STARTING
        while time.monotonic() < deadline:
            assert running.poll() is None, "the server ended"
            try:
                urlopen(f"http://127.0.0.1:{port}/health", timeout=2).close()
                break
            except OSError:
                time.sleep(0.3)
        yield f"http://127.0.0.1:{port}/v1#{folder}"
    finally:
        running.terminate()
        running.wait(20)


def test_a_chat_is_answered_and_its_tokens_are_counted(server: str) -> None:
    [proposal] = ServerModel.of(server).propose(
        (Message("user", "Kernel:"),), ANYTHING, Sampling(max_tokens=12)
    )
    assert proposal.stop is Stop.END and 0 < proposal.tokens <= 12


def test_a_text_is_continued(server: str) -> None:
    [proposal] = ServerModel.of(server).propose("x = ", ANYTHING, Sampling(max_tokens=7))
    assert proposal.stop is Stop.END and 0 < proposal.tokens <= 7


def test_it_takes_no_grammar_and_is_asked_without(server: str) -> None:
    model = ServerModel.of(server)
    found = model.propose("x = ", NUMBERS, Sampling(2, max_tokens=8))
    assert [each.reason for each in found] == ["the answer is no text of the grammar"] * 2


def test_without_a_name_the_model_that_it_lists_is_asked(server: str) -> None:
    [proposal] = ServerModel.of(server.partition("#")[0]).propose(
        "x = ", ANYTHING, Sampling(max_tokens=7)
    )
    assert proposal.stop is Stop.END


def test_a_model_that_it_does_not_serve_is_one_line(server: str) -> None:
    address = server.partition("#")[0] + "#nosuch"
    with pytest.raises(ModelError, match="answers with the status 400") as raised:
        ServerModel.of(address).propose("x = ", ANYTHING)
    assert "\n" not in str(raised.value)


def test_what_takes_too_long_is_one_line(server: str) -> None:
    with pytest.raises(ModelError, match="does not answer in time"):
        ServerModel.of(server).propose(
            "x = ", ANYTHING, Sampling(max_tokens=400), deadline_seconds=0.002
        )
