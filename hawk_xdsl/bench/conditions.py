"""The conditions that operators are measured under: who is asked, and what the model is shown."""

from dataclasses import dataclass

from hawk_xdsl.errors import HawkError
from hawk_xdsl.knowledge_store import RetrievalMode
from hawk_xdsl.propose.settings import Sources

SYNTHESIS = "+synthesis"
MEASURED = (Sources.MODEL, Sources.TEMPLATES, Sources.COMPOSITION, Sources.ALL)

DEFAULT_CONDITIONS = (
    "templates",
    "composition",
    "all",
    "all+synthesis",
    "model",
    "model/semantic",
    "model/syntactic",
    "model/none",
)


@dataclass(frozen=True)
class Condition:
    """One condition; ``synthesis``: with the entries that were learned from the seen operators."""

    name: str
    sources: Sources
    retrieval: RetrievalMode
    synthesis: bool


def parse_condition(text: str) -> Condition:
    """The condition that ``SOURCES[/RETRIEVAL][+synthesis]`` names, such as ``model/syntactic``.

    Retrieval is fused unless it is said. Raises ``HawkError`` for anything else.
    """
    plain = text.removesuffix(SYNTHESIS)
    sources, slash, retrieval = plain.partition("/")
    known = [str(each) for each in MEASURED]
    modes = [str(each) for each in RetrievalMode]
    if sources not in known or (slash and retrieval not in modes):
        raise HawkError(
            f"condition {text}: expected one of {', '.join(known)}, then perhaps / and one of "
            f"{', '.join(modes)}, then perhaps {SYNTHESIS}"
        )
    mode = RetrievalMode(retrieval) if slash else RetrievalMode.FUSED
    return Condition(text, Sources(sources), mode, text.endswith(SYNTHESIS))
