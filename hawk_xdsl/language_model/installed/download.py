"""Gets a model from a hub: what it takes is said first, what was interrupted is resumed."""

import contextlib
import fnmatch
import os
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path

import filelock

from hawk_xdsl.errors import HawkError
from hawk_xdsl.files.boundary import reason_of, writing
from hawk_xdsl.language_model.installed.installed_models import (
    PARTIAL,
    InstalledRecord,
    place_of,
    record_of,
    sha256_of,
    write_record,
)
from hawk_xdsl.language_model.installed.known_models import known_models
from hawk_xdsl.language_model.installed.space import as_size, check_disk
from hawk_xdsl.language_model.quiet import quiet

WANTED = ("*.json", "*.safetensors", "*.jinja", "*.model", "*.txt", "*.toml")
"""Files of a model that are data; never pickles (*.bin) or programs."""

_CUT = ".cut"
"""The ending of a file that is not whole yet."""


class HubError(HawkError):
    """A hub that cannot be reached, or does not have a model."""


def get_model(
    given: str,
    *,
    endpoint: str | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> tuple[str, InstalledRecord]:
    """Downloads a model, or goes on with a download that was interrupted.

    Args:
        given: a known short name, or a hub's id; the last part of an id is the installed name.
        endpoint: the hub's address; by default what ``HF_ENDPOINT`` says, else the usual one.
        progress: is told the size and what is being done.

    Returns:
        The installed name and its record.

    Raises:
        HubError: if the hub cannot be reached, or has no such model.
        TooLittleSpaceError: before anything is downloaded.
    """
    known = known_models().get(given)
    hub = given if known is None else known.hub
    name = given.rsplit("/", 1)[-1]
    place = place_of(name)
    if place.is_dir():
        return name, record_of(place)
    listing = _listed(hub, endpoint)
    partial = place.with_name(place.name + PARTIAL)
    total = sum(listing.sizes.values())
    here = sum(each.stat().st_size for each in partial.glob("*")) if partial.is_dir() else 0
    resumed = f", {as_size(here)} of them are here from an interrupted download" if here else ""
    progress(
        f"{hub} at {listing.revision[:12]}: {len(listing.sizes)} files, {as_size(total)}{resumed}, "
        f"licence {listing.licence}; {len(listing.sums)} of them with a sha256"
    )
    check_disk(place, total - here, f"getting {given}")
    with writing(place, "the model"):
        place.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(place.parent / f".{place.name}.lock"):
            if not place.is_dir():  # another process may have been faster
                listing.fetch(partial)
                _mend(listing, partial, progress)
                origin = f"{hub}@{listing.revision}"
                write_record(partial, origin, listing.licence, listing.sums)
                os.replace(partial, place)
    return name, record_of(place)


def _mend(listing: "_Listing", directory: Path, progress: Callable[[str], None]) -> None:
    """Gets the files once more whose sha256 is wrong. Raises ``HubError`` if it stays wrong."""
    for file, right in listing.sums.items():
        if sha256_of(directory / file) == right:
            continue
        progress(f"{file} is damaged; getting it again")
        (directory / file).unlink()
        listing.fetch(directory)
        if sha256_of(directory / file) != right:
            (directory / file).unlink()
            raise HubError(f"{file} does not have the sha256 that the hub names", file=listing.hub)


def _listed(hub: str, endpoint: str | None) -> "_Listing":
    """Asks the hub what it has of a model."""
    from huggingface_hub import HfApi

    with _hub_errors(hub):
        info = HfApi(endpoint=endpoint).model_info(hub, files_metadata=True)
    files = [
        each
        for each in info.siblings or []
        if "/" not in each.rfilename
        and any(fnmatch.fnmatch(each.rfilename, pattern) for pattern in WANTED)
    ]
    if not any(each.rfilename.endswith(".safetensors") for each in files):
        raise HubError("the hub has no safetensors of it; import a GGUF file instead", file=hub)
    licence = next(
        (tag.removeprefix("license:") for tag in info.tags or [] if tag.startswith("license:")),
        "unknown",
    )
    sizes = {each.rfilename: each.size or 0 for each in files}
    sums = {each.rfilename: each.lfs.sha256 for each in files if each.lfs is not None}
    return _Listing(hub, info.sha or "main", licence, sizes, sums, endpoint)


@dataclass(frozen=True)
class _Listing:
    """What a hub has of a model: the bytes of its wanted files, the sha256 of the large ones."""

    hub: str
    revision: str
    licence: str
    sizes: Mapping[str, int]
    sums: Mapping[str, str]
    endpoint: str | None

    def fetch(self, target: Path) -> None:
        """Downloads what is not there yet; of an interrupted file the rest."""
        from huggingface_hub import hf_hub_url
        from huggingface_hub.file_download import http_get
        from huggingface_hub.utils import build_hf_headers

        target.mkdir(exist_ok=True)
        for file, size in self.sizes.items():
            if (target / file).is_file():
                continue
            cut = target / f"{file}{_CUT}"
            url = hf_hub_url(self.hub, file, revision=self.revision, endpoint=self.endpoint)
            with _hub_errors(self.hub), quiet(), cut.open("ab") as opened:
                http_get(
                    url,
                    opened,
                    resume_size=opened.tell(),
                    headers=build_hf_headers(),
                    expected_size=size,
                )
            os.replace(cut, target / file)


@contextlib.contextmanager
def _hub_errors(hub: str) -> Generator[None]:
    """What huggingface_hub and its HTTP library raise, which has no narrower base, as one line."""
    try:
        yield
    except Exception as error:
        again = "'hawk model get' goes on where it stopped"
        raise HubError(f"the hub does not give it: {reason_of(error)}; {again}", file=hub) from None
