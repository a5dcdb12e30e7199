"""One kernel under attack: its attacked texts, through a judge, and past it to exact evaluation."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.gate.gate import signature_of
from hawk_xdsl.npu_target import Target as NpuTarget
from hawk_xdsl.semantics.specification import Specification, specify
from mutation.attack import Attack, Kind, Target
from mutation.attack_functions import products_lowered, wrong_function
from mutation.attack_judge import AttackJudge
from mutation.attack_structure import fewer_terms, last_left_out, own_output, tie_left_out
from mutation.attack_values import (
    infinity_path,
    nan_path,
    precision_lowered,
    range_clipped,
    rare_constant,
    width_lowered,
)
from mutation.attack_wiring import branch_left_out, reworded, wrong_operand
from mutation.corpus import CorpusKernel
from mutation.ruling import Judge, MakeJudge, Ruling

KINDS: tuple[Kind, ...] = (
    range_clipped,
    rare_constant,
    nan_path,
    infinity_path,
    precision_lowered,
    width_lowered,
    last_left_out,
    fewer_terms,
    tie_left_out,
    wrong_function,
    own_output,
    products_lowered,
    wrong_operand,
    branch_left_out,
)
"""What the gate is attacked with."""

ALL_KINDS = (*KINDS, reworded)
"""What a judge is attacked with that the damage of kernels does not go through."""


@dataclass(frozen=True)
class Row:
    """What became of one attack. ``difference``: where it is wrong, if it is."""

    key: str
    subject: str
    family: str
    kind: str
    harmless: bool
    what: str
    text: str
    ruling: str
    why: str = ""
    difference: str | None = None

    @property
    def killed(self) -> bool:
        """A mutant that the judge does not accept."""
        return not self.harmless and self.ruling != Ruling.ACCEPTED

    @property
    def wrong(self) -> bool:
        """A mutant that the judge accepts, and that is wrong; also a control that is."""
        return self.ruling == Ruling.ACCEPTED and self.difference is not None

    @property
    def equivalent(self) -> bool:
        """A mutant that the judge accepts, and that no input shows to be wrong."""
        return not self.harmless and self.ruling == Ruling.ACCEPTED and self.difference is None

    @property
    def passed(self) -> bool:
        """A control that the judge accepts, as it must."""
        return self.harmless and self.ruling == Ruling.ACCEPTED and self.difference is None


class AttackBench:
    """One kernel of the corpus with its attacks."""

    def __init__(
        self,
        kernel: CorpusKernel,
        target: NpuTarget,
        seed: int,
        make_judge: MakeJudge,
        kinds: tuple[Kind, ...] = KINDS,
    ) -> None:
        self.kernel = kernel
        self._kinds = kinds
        self._target = target
        self._seed = seed
        self._make_judge = make_judge

    def fresh(self) -> "AttackBench":
        """The same without what was evaluated: a gate keeps the arrays of its trials."""
        return AttackBench(self.kernel, self._target, self._seed, self._make_judge, self._kinds)

    @cached_property
    def _op(self) -> UndecidedOp:
        return self.kernel.op()

    @cached_property
    def _specification(self) -> Specification:
        return specify(self._op)

    @cached_property
    def _judge(self) -> Judge:
        return self._make_judge(self._op, self._specification, self._target, self._seed)

    @cached_property
    def _exactly(self) -> AttackJudge:
        return AttackJudge(self._op, self._specification, self._target, self.kernel.text)

    def attacks(self) -> Iterator[Attack]:
        """Every attack that there is, each text once, kind by kind."""
        signature = signature_of(self._specification, "k", self._target.name)
        target = Target.of(self.kernel.text, self._specification, signature)
        seen = {self.kernel.text}
        for kind in self._kinds:
            for attack in kind(target):
                if attack.text not in seen:
                    seen.add(attack.text)
                    yield attack

    def key(self, attack: Attack) -> str:
        """A name of the attack, by what is attacked and how."""
        found = zlib.crc32(f"{self.kernel.module}\n{self.kernel.text}\n{attack.text}".encode())
        return f"{self.kernel.name}:{attack.kind}:{found:08x}"

    def difference(self, attack: Attack) -> str | None:
        """Where an attacked kernel is wrong, whatever the judge says of it; ``None`` if nowhere."""
        return self._exactly.difference(attack)

    def row(self, attack: Attack) -> Row:
        """The attack through the judge, and past it to exact evaluation."""
        said = self._judge(self._op, self._specification, attack.text)
        difference = None
        if said.ruling is Ruling.ACCEPTED:
            difference = self.difference(attack)
        return Row(
            self.key(attack), self.kernel.name, self.kernel.family, attack.kind,
            attack.harmless, attack.what, attack.text, str(said.ruling), said.why, difference,
        )  # fmt: skip
