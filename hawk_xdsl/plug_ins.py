"""What other packages add to hawk-xdsl: objects found by the entry points of a group."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from hawk_xdsl.errors import HawkError


class PlugInError(HawkError):
    """A plug-in that cannot be loaded, is of the wrong kind, or takes another one's name."""


@dataclass(frozen=True)
class PlugIn:
    """One entry point: ``name`` is what users call it, ``package`` the distribution it is from."""

    name: str
    package: str
    _entry_point: EntryPoint

    def load(self) -> Callable[..., object]:
        """The function or class, imported now. Raises ``PlugInError`` if it is none, or fails."""
        place = f"plug-in {self.name} of {self.package}"
        try:
            found: object = self._entry_point.load()
        except Exception as error:  # whatever the plug-in's own code raises while it is imported
            raise PlugInError(f"{place}: cannot be loaded: {_one_line(error)}") from error
        if not callable(found):
            value = self._entry_point.value
            raise PlugInError(f"{place}: {value} must be a function or a class, got {found!r}")
        return found


def plug_ins(group: str, taken: Iterable[str] = ()) -> Mapping[str, PlugIn]:
    """The plug-ins of a group of entry points by name, in the order of names; nothing is imported.

    ``taken`` are names that the package itself uses.
    Raises ``PlugInError`` for a name that is taken, by the package or by another plug-in.
    """
    found: dict[str, PlugIn] = {}
    names = set(taken)
    for entry in sorted(entry_points(group=group), key=lambda entry: entry.name):
        package = entry.dist.name if entry.dist is not None else "an unknown package"
        if entry.name in names:
            place = f"plug-in {entry.name} of {package}"
            raise PlugInError(f"{place}: the name is taken in {group}; rename its entry point")
        names.add(entry.name)
        found[entry.name] = PlugIn(entry.name, package, entry)
    return found


def _one_line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())
