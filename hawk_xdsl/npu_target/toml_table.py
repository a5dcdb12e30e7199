"""A TOML table that knows its place in the file, so that what is wrong is named by file and key."""

from collections.abc import Mapping
from typing import cast

from hawk_xdsl.errors import HawkError
from hawk_xdsl.npu_target.cost_lines import Cost

LARGEST = 1 << 48
"""No size, count or cost of a machine is larger; sums of them fit 64 bits."""


class Table:
    """A TOML table that knows its place, and which of its keys were read."""

    def __init__(self, values: Mapping[str, object], file: str, path: str) -> None:
        self._values = dict(values)
        self._file = file
        self._path = path

    def error(self, key: str, reason: str) -> HawkError:
        """An error at a key of this table."""
        return HawkError(f"{self._path}{key}: {reason}", file=self._file)

    def unread(self) -> tuple[str, ...]:
        """The keys not read yet."""
        return tuple(self._values)

    def finish(self) -> None:
        """Raise if a key was never read."""
        for key in self._values:
            raise self.error(key, "unknown key")

    def _take(self, key: str) -> object:
        if key not in self._values:
            raise self.error(key, "missing")
        return self._values.pop(key)

    def text(self, key: str) -> str:
        """A string."""
        value = self._take(key)
        if not isinstance(value, str):
            raise self.error(key, f"expected a string, got {value!r}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings."""
        value = self._take(key)
        items = cast(list[object], value) if isinstance(value, list) else [None]
        strings = tuple(item for item in items if isinstance(item, str))
        if len(strings) != len(items):
            raise self.error(key, f"expected a list of strings, got {value!r}")
        return strings

    def flag(self, key: str) -> bool:
        """A boolean."""
        value = self._take(key)
        if not isinstance(value, bool):
            raise self.error(key, f"expected true or false, got {value!r}")
        return value

    def number(self, key: str) -> float:
        """A number, not negative."""
        return self._number(key, self._take(key), least=0)

    def optional_number(self, key: str) -> float | None:
        """A number, not negative; ``None`` where there is none or the value is ``false``."""
        if self._values.get(key, False) is False:
            self._values.pop(key, None)
            return None
        return self.number(key)

    def positive(self, key: str) -> float:
        """A number above 0."""
        value = self.number(key)
        if not value:
            raise self.error(key, "expected a number above 0, got 0")
        return value

    def count(self, key: str) -> int:
        """A whole number, at least 1."""
        value = self._take(key)
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= LARGEST:
            raise self.error(key, f"expected a whole number of 1 to 2^48, got {value!r:.40}")
        return value

    def _number(self, key: str, value: object, least: float) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(key, f"expected a number, got {value!r:.40}")
        if not least <= value <= LARGEST:
            raise self.error(key, f"expected a number of {least:g} to 2^48, got {value!r:.40}")
        return float(value)

    def table(self, key: str) -> "Table":
        """A nested table."""
        value = self._take(key)
        if not isinstance(value, dict):
            raise self.error(key, f"expected a table, got {value!r}")
        return Table(cast(dict[str, object], value), self._file, f"{self._path}{key}.")

    def optional_table(self, key: str) -> "Table | None":
        """A nested table, or ``None`` where there is none or the value is ``false``."""
        if self._values.get(key, False) is False:
            self._values.pop(key, None)
            return None
        return self.table(key)

    def _rows(self, key: str, value: object, width: int) -> list[list[float]]:
        rows: list[list[float]] = []
        for row in cast(list[object], value) if isinstance(value, list) else [None]:
            cells = cast(list[object], row) if isinstance(row, list) else []
            if len(cells) != width:
                raise self.error(key, f"expected rows of {width} numbers, got {value!r}")
            rows.append([self._number(key, cell, least=-1e9) for cell in cells])
        if not rows or any(row[-1] < 0 for row in rows):
            raise self.error(key, "a cost needs a line, and no slope below 0")
        return rows

    def lines(self, key: str) -> Cost:
        """A cost written as ``[[head, slope], …]``."""
        return Cost(tuple((head, slope) for head, slope in self._rows(key, self._take(key), 2)))

    def chunked(self, key: str) -> Cost:
        """A cost of a path; beside a ``chunk`` it is written as ``[[head, slope, again], …]``."""
        if self._values.get("chunk", False) is False:
            self._values.pop("chunk", None)
            return self.lines(key)
        chunk, rows = self.count("chunk"), self._rows(key, self._take(key), 3)
        if any(row[1] < 0 for row in rows):
            raise self.error(key, "a cost has no slope below 0")
        return Cost(tuple((row[0], row[1]) for row in rows), chunk, tuple(row[2] for row in rows))

    def floored(self, key: str) -> Cost:
        """A cost written as ``[floor, head, slope]``."""
        ((floor, head, slope),) = self._rows(key, [self._take(key)], 3)
        return Cost(((floor, 0.0), (head, slope)))

    def steps(self, key: str) -> tuple[tuple[int, float], ...]:
        """A function in steps, written as ``[[limit, value], …]``: limits ascend, values fall."""
        rows = self._rows(key, self._take(key), 2)
        limits, values = [row[0] for row in rows], [row[1] for row in rows]
        rising = all(a < b for a, b in zip([0.0, *limits], limits, strict=False))
        falling = all(a >= b > 0 for a, b in zip(values, [*values[1:], values[-1]], strict=True))
        if not rising or not falling:
            raise self.error(key, "limits must ascend from above 0, and values fall, above 0")
        return tuple((int(limit), value) for limit, value in rows)
