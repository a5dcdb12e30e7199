"""How long the stages of a compile take."""

import time
from dataclasses import dataclass, field


@dataclass
class StageClock:
    """Seconds of the wall clock by stage, in order; a stage ends where the next begins."""

    seconds: dict[str, float] = field(default_factory=dict[str, float])
    _stage: str | None = None
    _begun: float = 0.0

    def begin(self, stage: str) -> None:
        """The stage begins, and the one before it has ended."""
        self.end()
        self._stage, self._begun = stage, time.monotonic()

    def end(self) -> None:
        """The stage has ended; times of the same one add up."""
        if self._stage is not None:
            took = time.monotonic() - self._begun
            self.seconds[self._stage] = round(self.seconds.get(self._stage, 0.0) + took, 3)
        self._stage = None

    @property
    def so_far(self) -> dict[str, float]:
        """The same with the stage that goes on."""
        if self._stage is None:
            return self.seconds
        return {**self.seconds, self._stage: self.running(self._stage)}

    def running(self, stage: str) -> float:
        """Seconds of a stage until now."""
        took = self.seconds.get(stage, 0.0)
        return took + (time.monotonic() - self._begun if stage == self._stage else 0.0)
