"""What a bug report needs to know: versions, models, the store, optional tools, variables."""

import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, distribution, requires, version
from pathlib import Path

from hawk_xdsl.errors import HawkError
from hawk_xdsl.knowledge_store import KnowledgeStore, StorePlace, default_store, is_address, name_of
from hawk_xdsl.language_model.installed.installed_models import models_directory
from hawk_xdsl.language_model.model_files import find_model
from hawk_xdsl.npu_target import available_targets, load_target
from hawk_xdsl.vendor.tools import INSTALL, tool, tools_installed

DISTRIBUTION = "hawk-xdsl"

_FOR_DEVELOPERS = ("test", "dev", "bench", "docs")
"""Extras that no user needs."""

_NAME = re.compile(r"[\w.-]+")
_EXTRA = re.compile(r"extra == ['\"](\w+)['\"]")


class Health(StrEnum):
    """How a part of the environment is."""

    OK = "ok"
    ABSENT = "absent"  # optional, and not there
    BROKEN = "broken"  # what does not work is said


@dataclass(frozen=True)
class Check:
    """One line: what was looked at, how it is, and what was found."""

    what: str
    health: Health
    said: str


def checks(store: StorePlace | None = None) -> Iterator[Check]:
    """Everything about this environment; nothing is installed, downloaded, created or loaded."""
    yield Check("hawk-xdsl", Health.OK, _where())
    yield Check("python", Health.OK, f"{platform.python_version()}, {sys.executable}")
    yield Check("machine", Health.OK, _machine())
    yield from _packages()
    yield _tried("targets", _targets)
    yield _tried("store", lambda: _store(store or default_store()))
    yield _tried("model", _model)
    yield Check("models", Health.OK, _installed_models())
    yield _vendor()
    yield from _programs()
    given = {k: name_of(v) for k, v in sorted(os.environ.items()) if k.startswith("HAWK_")}
    shown = ", ".join(f"{key}={value}" for key, value in given.items())
    yield Check("variables", Health.OK, shown or "none of HAWK_… is set")


def _tried(what: str, look: Callable[[], str]) -> Check:
    try:
        return Check(what, Health.OK, look())
    except HawkError as error:
        return Check(what, Health.BROKEN, str(error))


def _where() -> str:
    found = distribution(DISTRIBUTION).version
    return f"{found}, {Path(__file__).parents[1]}"


def _machine() -> str:
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    return f"{system}, {os.cpu_count()} cores, {pages:.0f} GiB of memory"


def _packages() -> Iterator[Check]:
    """The packages that are required, and those of extras for users: what is wanted, what there."""
    seen = set[str]()
    for line in requires(DISTRIBUTION) or ():
        wanted, _, condition = (part.strip() for part in line.partition(";"))
        name = _NAME.match(wanted)
        extra = _EXTRA.search(condition)
        if name is None or name[0] in seen or (extra and extra[1] in _FOR_DEVELOPERS):
            continue
        seen.add(name[0])
        yield _package(name[0], wanted, extra[1] if extra else None)


def _package(name: str, wanted: str, extra: str | None) -> Check:
    purpose = "" if extra is None else f", for {DISTRIBUTION}[{extra}]"
    try:
        return Check(name, Health.OK, f"{version(name)}, wanted {wanted}{purpose}")
    except PackageNotFoundError:
        if extra is not None:
            return Check(name, Health.ABSENT, f"wanted {wanted}{purpose}")
        return Check(name, Health.BROKEN, f"wanted {wanted}: pip install '{wanted}'")


def _targets() -> str:
    names = available_targets()
    for name in names:
        load_target(name)
    return ", ".join(names)


def _store(place: StorePlace) -> str:
    if not is_address(place) and not Path(place).exists():
        return f"{place}: not there yet, the first compile makes it"
    with KnowledgeStore(place) as store:
        kernels, entries = len(store.kernels()), len(store.entries())
        disabled = len(store.disabled())
        name = store.name
    size = "" if is_address(place) else f"{Path(place).stat().st_size / 1e6:.1f} MB, "
    return f"{name}: {size}{kernels} kernels, {entries} entries of yours, {disabled} off"


def _model() -> str:
    """The model that is used if none is named; its files are looked at, not loaded."""
    found = find_model(os.environ.get("HAWK_MODEL"))
    kind = "a kernel model" if found.words is not None else "a general model"
    return f"{found.name}: {kind}, {found.directory}"


def _installed_models() -> str:
    folder = models_directory()
    found = folder.iterdir() if folder.is_dir() else ()
    names = sorted(each.name for each in found if each.is_dir())
    return ", ".join(names) or f"none in {folder}: hawk model get fetches one"


def _vendor() -> Check:
    if not tools_installed():
        return Check("vendor's tools", Health.ABSENT, f"hawk check-vendor needs them: {INSTALL}")
    return _tried("vendor's tools", lambda: str(tool("bishengir-opt")))


def _programs() -> Iterator[Check]:
    for name, purpose in (("xdsl-opt", "our passes and dialects"), ("mlir-opt", "upstream's")):
        found = shutil.which(name)
        yield Check(name, Health.OK if found else Health.ABSENT, found or f"for {purpose}")
