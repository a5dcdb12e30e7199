"""General models in the user's cache: got from a hub, imported, verified, removed."""

import hashlib
import json
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tiny_model import save_tiny_model

from hawk_xdsl.errors import HawkError
from hawk_xdsl.language_model.installed import download, space
from hawk_xdsl.language_model.installed.download import HubError, get_model
from hawk_xdsl.language_model.installed.import_gguf import WrongChecksumError, import_gguf
from hawk_xdsl.language_model.installed.installed_models import (
    DamagedModelError,
    installed_models,
    interrupted_models,
    models_directory,
    remove,
    verify,
)
from hawk_xdsl.language_model.installed.space import TooLittleSpaceError
from hawk_xdsl.language_model.model_files import find_model

pytestmark = pytest.mark.corpus

REVISION = "0123456789abcdef0123456789abcdef01234567"
HUB = "some/tiny-coder"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache directory of the user's."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@dataclass
class Hub:
    """A hub on this machine with one model; ``cut`` is after how many bytes weights break off."""

    files: Path
    cut: int | None = None
    damage: int = 0
    ranges: list[str] = field(default_factory=list[str])
    address: str = ""


class _Handler(BaseHTTPRequestHandler):
    hub: Hub

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        path = self.path.split("?")[0]
        if path.startswith(f"/api/models/{HUB}"):
            self._send(json.dumps(self._listing()).encode(), with_body=with_body)
        elif path.startswith(f"/{HUB}/resolve/{REVISION}/"):
            self._send_file(self.hub.files / path.rsplit("/", 1)[-1], with_body=with_body)
        else:
            self.send_error(404, "no such model")

    def _listing(self) -> dict[str, object]:
        siblings: list[dict[str, object]] = []
        for file in sorted(self.hub.files.iterdir()):
            row: dict[str, object] = {"rfilename": file.name, "size": file.stat().st_size}
            if file.suffix == ".safetensors":
                data = file.read_bytes()
                row["lfs"] = {
                    "sha256": hashlib.sha256(data).hexdigest(),
                    "size": len(data),
                    "pointerSize": 1,
                }
            siblings.append(row)
        return {"id": HUB, "sha": REVISION, "tags": ["license:mit"], "siblings": siblings}

    def _send_file(self, file: Path, *, with_body: bool) -> None:
        data = file.read_bytes()
        weights = file.suffix == ".safetensors"
        tag = hashlib.sha256(data).hexdigest()
        first = 0
        if (asked := self.headers.get("Range")) and with_body:
            first = int(asked.removeprefix("bytes=").split("-")[0])
            if weights:
                self.hub.ranges.append(asked)
        if weights and self.hub.damage and with_body:
            self.hub.damage -= 1
            data = data[:-1] + b"!"
        self.send_response(206 if first else 200)
        self.send_header("ETag", f'"{tag}"')
        self.send_header("X-Repo-Commit", REVISION)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(data) - first))
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}")
        self.end_headers()
        if with_body:
            cut = self.hub.cut if weights else None
            self.wfile.write(data[first:cut])
            if cut is not None:
                self.close_connection = True

    def _send(self, data: bytes, *, with_body: bool) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if with_body:
            self.wfile.write(data)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    files = tmp_path / "hub"
    files.mkdir()
    save_tiny_model(files)
    (files / "pytorch_model.bin").write_bytes(b"a pickle")
    (files / "modeling.py").write_text("raise SystemExit\n")
    made = Hub(files)
    handler = type("Handler", (_Handler,), {"hub": made})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    made.address = f"http://127.0.0.1:{server.server_port}"
    yield made
    server.shutdown()
    server.server_close()


def test_a_model_is_got_and_found_by_its_name(hub: Hub) -> None:
    said: list[str] = []
    name, record = get_model(HUB, endpoint=hub.address, progress=said.append)
    assert name == "tiny-coder"
    assert record.origin == f"{HUB}@{REVISION}"
    assert record.licence == "mit"
    assert "licence mit; 1 of them with a sha256" in said[0]
    assert find_model("tiny-coder").directory == models_directory() / "tiny-coder"
    assert verify("tiny-coder") == record


def test_neither_pickles_nor_programs_are_downloaded(hub: Hub) -> None:
    _, record = get_model(HUB, endpoint=hub.address)
    assert not {"pytorch_model.bin", "modeling.py"} & record.files.keys()


def test_an_interrupted_download_is_named_and_resumed(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is kept are whole chunks, of 10 MB.
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 1 << 10)
    hub.cut = 1 << 14
    with pytest.raises(HubError, match="'hawk model get' goes on where it stopped"):
        get_model(HUB, endpoint=hub.address)
    assert interrupted_models() == ["tiny-coder"]
    hub.cut, hub.ranges = None, []
    get_model(HUB, endpoint=hub.address)
    assert hub.ranges[-1].startswith(f"bytes={1 << 14}-")
    assert interrupted_models() == []
    verify("tiny-coder")


def test_a_file_that_was_damaged_on_its_way_is_got_again(hub: Hub) -> None:
    hub.damage = 1
    said: list[str] = []
    get_model(HUB, endpoint=hub.address, progress=said.append)
    assert "model.safetensors is damaged; getting it again" in said
    verify("tiny-coder")


def test_a_hub_that_gives_a_wrong_file_is_refused(hub: Hub) -> None:
    hub.damage = 99
    with pytest.raises(HubError, match="does not have the sha256 that the hub names"):
        get_model(HUB, endpoint=hub.address)
    assert not installed_models()


def test_a_hub_without_the_model_or_out_of_reach_is_one_line(hub: Hub) -> None:
    for given, endpoint in (("some/other", hub.address), (HUB, "http://127.0.0.1:9")):
        with pytest.raises(HubError) as raised:
            get_model(given, endpoint=endpoint)
        assert "the hub does not give it" in str(raised.value)
        assert "\n" not in str(raised.value)


def test_too_little_disk_is_said_before_anything_is_downloaded(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(space.shutil, "disk_usage", lambda path: type("Disk", (), {"free": 1000}))
    with pytest.raises(TooLittleSpaceError, match=r"needs .* of disk, 0 MB are free"):
        get_model(HUB, endpoint=hub.address)
    assert not hub.ranges
    assert not interrupted_models()


def test_too_little_memory_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(space, "available_memory", lambda: 10**9)
    with pytest.raises(TooLittleSpaceError, match=r"x needs 7.0 GB of memory, 1.0 GB are"):
        space.check_memory(7 * 10**9, "x")


def test_a_damaged_model_is_named(hub: Hub) -> None:
    get_model(HUB, endpoint=hub.address)
    weights = models_directory() / "tiny-coder" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    with pytest.raises(DamagedModelError, match=r"damaged: model\.safetensors"):
        verify("tiny-coder")
    assert remove("tiny-coder") > 0
    assert not installed_models()
    with pytest.raises(HawkError, match="no installed model 'tiny-coder'"):
        remove("tiny-coder")


def test_a_known_name_takes_only_its_own_file(tmp_path: Path) -> None:
    file = tmp_path / "model.gguf"
    file.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(WrongChecksumError, match="its sha256 is not that of qwen2"):
        import_gguf(file, "qwen2.5-coder-0.5b")


@pytest.mark.parametrize("content", [b"", b"GGUF", b"no such thing" * 9, b"GGUF" + bytes(100)])
def test_what_is_no_gguf_file_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "model.gguf"
    file.write_bytes(content)
    with pytest.raises(HawkError) as raised:
        import_gguf(file, "mine")
    assert "\n" not in str(raised.value)
    assert not installed_models()
    assert not interrupted_models()


def test_a_name_is_no_path() -> None:
    with pytest.raises(HawkError, match="a model's name is"):
        remove("../../etc")


def test_a_known_model_that_is_not_here_says_how_to_get_it() -> None:
    with pytest.raises(HawkError, match=r"'hawk model get qwen2\.5-coder-0\.5b' gets it"):
        find_model("qwen2.5-coder-0.5b")


def wheel(folder: Path, number: int, data: bytes) -> None:
    with zipfile.ZipFile(folder / f"part{number}.whl", "w") as archive:
        archive.writestr(f"some/data/part{number:02}.bin", data)


def assembled(folder: Path) -> str:
    """What the benchmark says about a folder."""
    script = Path(__file__).parents[1] / "benchmarks" / "coder_model.py"
    run = subprocess.run(
        [sys.executable, str(script), str(folder)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 1
    return run.stderr.strip()


def test_parts_of_another_file_are_not_imported(tmp_path: Path) -> None:
    wheel(tmp_path, 1, b"GG")
    wheel(tmp_path, 2, b"UF")
    assert f"the parts have the sha256 {hashlib.sha256(b'GGUF').hexdigest()}" in assembled(tmp_path)
    (tmp_path / "part1.whl").unlink()
    assert "part 1 is missing" in assembled(tmp_path)


def test_the_wanted_files_are_data() -> None:
    assert not any(pattern.endswith((".py", ".bin", "*")) for pattern in download.WANTED)
