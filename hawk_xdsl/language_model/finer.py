"""A kernel in shorthand that needs too much of a buffer, with its blocks in smaller tiles."""

import re

_ACROSS = re.compile(r"^across (\w+) (?:in \S+ )?(parts|step) (\d+)\b", re.MULTILINE)
_TEMP = re.compile(r"^temp .*$", re.MULTILINE)
_LENGTH = re.compile(r"(?<=[\[ ])\d+(?=[,\]])")


def in_smaller_tiles(short: str) -> str | None:
    """The text with each first axis of its blocks in twice the parts, or at half the step.

    ``None`` if there is none that can be. What is kept of each part grows with their number.
    """
    parts: set[str] = set()

    def finer(found: re.Match[str]) -> str:
        before, count = found[0][: -len(found[3])], int(found[3])
        if found[2] == "parts":
            parts.add(found[3])
            return f"{before}{2 * count}"
        return f"{before}{max(1, count // 2)}"

    def longer(temp: re.Match[str]) -> str:
        return _LENGTH.sub(lambda n: str(2 * int(n[0])) if n[0] in parts else n[0], temp[0])

    text = _TEMP.sub(longer, _ACROSS.sub(finer, short))
    return text if text != short else None
