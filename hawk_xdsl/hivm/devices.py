"""What the vendor's tools call our targets, and which of the tools know them."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from hawk_xdsl.errors import OptionError


@dataclass(frozen=True)
class Device:
    """A target of the vendor's tools.

    Attributes:
        name: what they call it.
        suffix: of the tools' names.
        unsigned_src: what reductions must say of their sources; ``None``: nothing.
    """

    name: str
    suffix: str = ""
    unsigned_src: bool | None = None

    @property
    def opt(self) -> str:
        """The tool that runs single passes."""
        return f"bishengir-opt{self.suffix}"

    @property
    def compiler(self) -> str:
        """The tool that compiles."""
        return f"bishengir-compile{self.suffix}"

    @property
    def append_spec(self) -> str:
        """The pass that tells single passes what the device has."""
        return f"--hacc-append-device-spec=target={self.name}"


def device_of(target: str) -> Device:
    """The device of a target, by the target's name. Raises ``OptionError`` for one of no device."""
    known = _devices()
    if target not in known:
        raise OptionError(f"the vendor's tools have no device for {target}: {', '.join(known)}")
    return known[target]


def is_device(target: str) -> bool:
    """Whether the vendor's tools know a target of this name."""
    return target in _devices()


@cache
def _devices() -> dict[str, Device]:
    text = files("hawk_xdsl.hivm").joinpath("devices.toml").read_text(encoding="utf-8")
    return {
        name: Device(row["device"], row.get("suffix", ""), row.get("unsigned_src"))
        for name, row in tomllib.loads(text).items()
    }
