"""Models that are known by a short name: where they come from and what they need."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class KnownModel:
    """A general model of somebody else's.

    ``hub`` is its Hugging Face id. The sha256 and the bytes are those of the GGUF file that was
    tried; an import under this name takes no other.
    """

    hub: str
    licence: str
    parameters: int
    gguf_bytes: int
    gguf_sha256: str


@cache
def known_models() -> Mapping[str, KnownModel]:
    """The known models by their short names."""
    file = files("hawk_xdsl.language_model.installed") / "known_models.toml"
    text = file.read_text(encoding="utf-8")
    return {name: KnownModel(**row) for name, row in tomllib.loads(text)["models"].items()}
