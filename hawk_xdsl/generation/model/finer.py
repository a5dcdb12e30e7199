"""A kernel in shorthand that needs too much of a buffer, with its blocks in smaller tiles."""

import re

_ACROSS = re.compile(r"^across (\w+) (?:in \S+ )?(parts|step) (\d+)\b", re.MULTILINE)
_TEMP = r"^(temp \w+ \w+\[.*?)\b{parts}\b"


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

    text = _ACROSS.sub(finer, short)
    for count in parts:
        temp = re.compile(_TEMP.format(parts=count), re.MULTILINE)
        text = temp.sub(lambda found, count=count: f"{found[1]}{2 * int(count)}", text)
    return text if text != short else None
