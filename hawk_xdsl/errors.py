"""The errors a user can cause: each is one line with its place and its reason."""


class HawkError(Exception):
    """A mistake in the input or the environment, reported as one line.

    Args:
        message: the reason, without the place.
        file: the file it is about, if any.
        line: the line in that file, counted from 1, if known.
    """

    def __init__(self, message: str, *, file: str | None = None, line: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.file = file
        self.line = line

    def __str__(self) -> str:
        place = "" if self.file is None else f"{self.file}:"
        if self.line is not None:
            place += f"{self.line}:"
        return f"{place} {self.message}" if place else self.message


class ReadError(HawkError):
    """A file that cannot be read, or that does not hold what it should."""


class WriteError(HawkError):
    """A place where a result cannot be written."""


class OptionError(HawkError):
    """An option or argument outside of what it may be; nothing was done yet."""
