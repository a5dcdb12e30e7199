"""Small damage to a right kernel, so that there are wrong ones to learn repairing from."""

import random
import re

from hawk_xdsl.dialects.npu import interchangeable


def damaged(text: str, draw: random.Random) -> str:
    """The text with one word replaced or one statement left out."""
    lines = text.splitlines()
    inner = [i for i, line in enumerate(lines) if re.match(r"\w+ = |store ", line)]
    at = draw.choice(inner)
    line = lines[at]
    match draw.choice(("leave out", "mnemonic", "buffer", "number")):
        case "mnemonic" if found := re.search(r"= (v\w+)", line):
            lines[at] = line.replace(found[1], draw.choice(interchangeable(found[1])), 1)
        case "buffer":
            names = sorted(set(re.findall(r"\b[bv]\d+\b", text)))
            used = list(re.finditer(r"\b[bv]\d+\b", line))
            if names and used:
                place = draw.choice(used)
                lines[at] = line[: place.start()] + draw.choice(names) + line[place.end() :]
        case "number":
            used = list(re.finditer(r"(?<![\w.])\d+(?![\w.])", text))
            if used:
                place = draw.choice(used)
                other = draw.choice((int(place[0]) * 2, int(place[0]) + 1, int(place[0]) // 2))
                return text[: place.start()] + str(other) + text[place.end() :]
        case _:
            del lines[at]
    return "\n".join(lines) + "\n"
