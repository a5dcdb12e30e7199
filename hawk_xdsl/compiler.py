"""Opens a decider: which target, store, entries and model decide the ops of a module."""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeVar, cast

from hawk_xdsl.codegen.select_instructions import Composer
from hawk_xdsl.errors import HawkError
from hawk_xdsl.knowledge_store import (
    Entry,
    EntryKind,
    KnowledgeStore,
    StorePlace,
    load_seed_entries,
)
from hawk_xdsl.language_model.authoring import Author
from hawk_xdsl.language_model.model_files import kernel_format
from hawk_xdsl.language_model.open_model import model_fingerprint
from hawk_xdsl.npu_target import Target, load_target
from hawk_xdsl.plug_ins import plug_ins
from hawk_xdsl.propose.assignment import ProposerFactory, Proposers
from hawk_xdsl.propose.decide import Decider
from hawk_xdsl.propose.kept import propose_kept
from hawk_xdsl.propose.language_model import propose_model
from hawk_xdsl.propose.rewrites import propose_rewrites
from hawk_xdsl.propose.settings import Progress, Settings, Sources
from hawk_xdsl.propose.templates import propose_templates

PLUG_INS = "hawk_xdsl.proposers"
"""The group of entry points whose objects are proposer factories."""

_FIRST: Mapping[str, ProposerFactory] = {"templates": propose_templates, "kept": propose_kept}
_LAST: Mapping[str, ProposerFactory] = {
    "rewrites": propose_rewrites(propose_templates),
    "model": propose_model,
}

_Made = TypeVar("_Made")


@contextmanager
def open_decider(
    target: str | Target,
    settings: Settings,
    *,
    store: StorePlace | None = None,
    model: str | None = None,
    progress: Progress = lambda line: None,
    entries: Sequence[Entry] | None = None,
) -> Generator[Decider]:
    """A decider for a target, its name or its file.

    The store is by default the user's, the local model the configured one, loaded when it is asked.
    ``entries`` are used instead of those in use, the package's and the store's.
    Raises ``HawkError`` for an unknown target, a store that cannot be used and a plug-in that
    cannot be loaded.
    """
    chosen = load_target(target) if isinstance(target, str) else target

    with KnowledgeStore(store) as opened, opened.snapshot() as known:
        packaged = load_seed_entries()
        used = known.in_use(packaged) if entries is None else tuple(entries)
        others = _proposers_of_plug_ins() if settings.sources.asks_plug_ins else {}
        composer = _composer(_composing(used, settings.sources), chosen, progress)
        yield Decider(
            target=chosen,
            target_given=target if isinstance(target, str) else target.name,
            entries=used,
            learned=frozenset(e.name for e in used) - {e.name for e in packaged},
            composer=composer,
            store=opened,
            known=known,
            author=_once(lambda: Author.load(model, used, chosen, settings.retrieval, progress)),
            kernel_format=_once(lambda: kernel_format(model)),
            model_fingerprint=lambda: model_fingerprint(model),
            settings=settings,
            proposers=Proposers(_FIRST, {**others, **_LAST}),
            plug_ins=tuple(others),
            progress=progress,
        )


def _proposers_of_plug_ins() -> Mapping[str, ProposerFactory]:
    """Proposer factories of other packages. Raises ``PlugInError`` for one that is no callable."""
    found = plug_ins(PLUG_INS, taken=(*_FIRST, *_LAST))
    return {name: cast(ProposerFactory, one.load()) for name, one in found.items()}


def _composing(entries: Sequence[Entry], sources: Sources) -> list[Entry]:
    """What kernels may be composed with: templates alone do without rewrites."""
    plain = sources is Sources.TEMPLATES
    return [entry for entry in entries if not (plain and entry.kind is EntryKind.REWRITE)]


def _composer(entries: Sequence[Entry], target: Target, progress: Progress) -> Composer:
    """A composer of the entries; those whose expressions do not parse are left out, and named."""

    parsed: list[Composer] = []
    for entry in entries:
        try:
            parsed.append(Composer.for_target([entry], target))
        except HawkError as error:
            progress(f"entry {entry.name} is left out: {error}")
    return Composer(
        tuple(rule for one in parsed for rule in one.rules),
        tuple(instruction for one in parsed for instruction in one.instructions),
        Composer.for_target((), target).supports,
    )


def _once(make: Callable[[], _Made]) -> Callable[[], _Made]:
    made: list[_Made] = []

    def get() -> _Made:
        if not made:
            made.append(make())
        return made[0]

    return get
