"""Reads a name in an attribute, and says what it is for where there is none."""

from xdsl.parser import AttrParser


def parse_name(parser: AttrParser, what: str) -> str:
    """The identifier at hand. Raises ``ParseError`` that one for ``what`` was expected."""
    name = parser.parse_optional_identifier()
    if name is None:
        parser.raise_error(f"identifier expected for {what}")
    return name
