"""What is known about writing kernels: entries, verified kernels, outcomes, and retrieval."""

from hawk_xdsl.knowledge_store.database import StorePlace, is_address, name_of
from hawk_xdsl.knowledge_store.entry import Artifact, Entry, EntryKind, TileHole, Trigger
from hawk_xdsl.knowledge_store.features import HardwareFeatures
from hawk_xdsl.knowledge_store.read_entries import load_entries, load_seed_entries, parse_entries
from hawk_xdsl.knowledge_store.records import (
    Action,
    AnswerKey,
    AnswerRecord,
    AttemptVerdict,
    Curation,
    Evidence,
    FailureRecord,
    KernelKey,
    KernelRecord,
    Message,
    Outcome,
    SpecRecord,
)
from hawk_xdsl.knowledge_store.retrieval import Query, Ranks, RetrievalMode, Retrieved, Retriever
from hawk_xdsl.knowledge_store.schema import NAMED
from hawk_xdsl.knowledge_store.sharing import shared_store
from hawk_xdsl.knowledge_store.store import KnowledgeStore
from hawk_xdsl.knowledge_store.store_view import StoreView, default_store
from hawk_xdsl.knowledge_store.write_entry import format_entry

__all__ = [
    "NAMED",
    "Action",
    "AnswerKey",
    "AnswerRecord",
    "Artifact",
    "AttemptVerdict",
    "Curation",
    "Entry",
    "EntryKind",
    "Evidence",
    "FailureRecord",
    "HardwareFeatures",
    "KernelKey",
    "KernelRecord",
    "KnowledgeStore",
    "Message",
    "Outcome",
    "Query",
    "Ranks",
    "RetrievalMode",
    "Retrieved",
    "Retriever",
    "SpecRecord",
    "StorePlace",
    "StoreView",
    "TileHole",
    "Trigger",
    "default_store",
    "format_entry",
    "is_address",
    "load_entries",
    "load_seed_entries",
    "name_of",
    "parse_entries",
    "shared_store",
]
