"""Opens the model that ``--model`` names: files of this machine, or a server on it."""

from collections.abc import Callable

from hawk_xdsl.language_model.local_model import LocalModel
from hawk_xdsl.language_model.model_files import find_model
from hawk_xdsl.language_model.server_model import ServerModel
from hawk_xdsl.language_model.text_model import TextModel


def open_model(
    given: str | None, *, progress: Callable[[str], None] = lambda line: None
) -> TextModel:
    """The model, loaded; a server is not asked anything yet. Raises ``HawkError``."""
    if given is not None and is_server(given):
        return ServerModel.of(given)
    return LocalModel.load(find_model(given, progress=progress))


def model_fingerprint(given: str | None) -> str:
    """Tells a model from others, without loading it. Raises ``HawkError``."""
    if given is not None and is_server(given):
        return ServerModel.of(given).fingerprint()
    return find_model(given).fingerprint()


def is_server(given: str) -> bool:
    """Whether ``--model`` names a server."""
    return given.startswith(("http://", "https://"))
