"""Kernel text as people read it: the canonical text has no indentation."""


def indented(text: str) -> str:
    """The text with two blanks for each block around a line."""
    depth = 0
    lines: list[str] = []
    for line in text.splitlines():
        depth -= line.strip() == "}"
        lines.append("  " * max(0, depth) + line)
        depth += line.rstrip().endswith("{")
    return "\n".join(lines)
