"""Rewrites that time decides about: kernels are written with and without them, and all prove."""

import numpy as np
import torch
from test_specification_families import groups

from hawk_xdsl.codegen.select_instructions import Composer
from hawk_xdsl.codegen.strategies import candidates
from hawk_xdsl.codegen.strategy import Request
from hawk_xdsl.compiler import open_decider
from hawk_xdsl.gate.gate import Gate, signature_of
from hawk_xdsl.gate.trust import Trust
from hawk_xdsl.knowledge_store import load_seed_entries
from hawk_xdsl.knowledge_store.read_entries import parse_entries
from hawk_xdsl.knowledge_store.write_entry import format_entry
from hawk_xdsl.npu_target import load_target
from hawk_xdsl.propose.settings import Budget, Settings, Sources
from hawk_xdsl.schedule.enumerate import tilings
from hawk_xdsl.semantics.specification import specify

TARGET, ENTRIES = load_target("ascend910b1"), load_seed_entries()
COMPOSER = Composer.for_target(ENTRIES, TARGET)
BY_COMPARISON = "position-of-largest-by-comparison"


def decided(axis: int) -> tuple[str, tuple[str, ...]]:
    """The kernel that is chosen for the position of the largest, and what it was made from."""
    [op] = groups(lambda x: x.argmax(axis), torch.randn(64, 256))
    settings = Settings(Sources.COMPOSITION, Budget(attempts=4, tuning=1))
    with open_decider(TARGET.name, settings, entries=ENTRIES) as decider:
        decision = decider.decide(op, "k")
    assert decision.verdict is not None
    return decision.verdict.text, decision.entries


def test_positions_over_rows_are_found_by_comparison_and_along_a_row_by_the_instruction() -> None:
    text, entries = decided(0)
    assert BY_COMPARISON in entries and "vcmp eq" in text
    text, entries = decided(1)
    assert BY_COMPARISON not in entries and "vreduce argmax" in text


def test_no_composition_is_made_twice_where_no_optional_rewrite_applies() -> None:
    [op] = groups(lambda x: x.amax(0), torch.randn(64, 256))
    assert COMPOSER.with_optional(specify(op)) is None


def test_both_ways_are_proved_in_chunks_too_and_a_wrong_one_is_not() -> None:
    [op] = groups(lambda x: x.argmax(0), torch.randn(24, 16))
    specification = specify(op)
    gate = Gate(
        op, specification, signature_of(specification, "k", TARGET.name), TARGET, 0, COMPOSER.rules
    )
    composition = COMPOSER.with_optional(specification)
    assert composition is not None
    for template in ("whole-tiles", "streamed-tiles"):
        [entry] = [each for each in ENTRIES if each.name == template]
        text = candidates(Request(entry, specification, composition, TARGET))[0].text
        verdict = gate.check(text, composition.entries)
        assert verdict.certificate is not None
        assert verdict.certificate.trust is Trust.PROVED, verdict.certificate.reason
        damaged = text.replace("2147483647", "3")
        assert damaged != text and not gate.check(damaged, composition.entries).accepted


def test_an_optional_entry_is_written_as_it_is_read() -> None:
    [entry] = [each for each in ENTRIES if each.name == BY_COMPARISON]
    assert entry.artifact.optional
    assert parse_entries(format_entry(entry), "again.toml") == (entry,)


def test_few_columns_are_given_to_all_cores_in_blocks() -> None:
    [op] = groups(lambda x: x.argmax(0), torch.from_numpy(np.zeros((2048, 1024), np.float32)))
    columns = {sizes.get("i1") for sizes in tilings(specify(op), TARGET)}
    assert {24, 64} <= columns, "43 tiles of 24 columns beside 16 of 64, for 48 cores"
