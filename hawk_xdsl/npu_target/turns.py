"""Programs that run in turns: one at a time, the next where one waits for what others do.

They are threads of which only one runs, so that a program keeps its stack while others go on.
Example: a producer waits until slot 0 is free, and a consumer until it is full. The consumer
begins, waits at once, and hands over; the producer fills the slot, waits for it to be free again,
and hands back. A program that waits for what nobody does is told so, and so are all others.
"""

import contextvars
from collections.abc import Callable, Sequence
from threading import Condition, Thread


class Abandoned(BaseException):
    """Ends a program of which another one has failed."""


class Turns:
    """Some programs and whose turn it is."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._turn = 0
        self._going: list[int] = []
        self._fruitless = 0
        self._error: BaseException | None = None

    def run(self, programs: Sequence[Callable[[], None]]) -> None:
        """Run all programs to their ends. Raises what the first one that failed has raised."""
        if len(programs) == 1:
            programs[0]()
            return
        self._going = list(range(len(programs)))
        self._turn, self._fruitless, self._error = 0, 0, None
        threads = [
            Thread(target=contextvars.copy_context().run, args=(self._program, n, program))
            for n, program in enumerate(programs)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self._error is not None:
            raise self._error

    def wait(self, ready: Callable[[], bool]) -> bool:
        """Let other programs run until a condition holds; false if it never will."""
        me = self._turn
        while not ready():
            self._fruitless += 1
            if len(self._going) < 2 or self._fruitless > len(self._going):
                return False
            self._hand_on()
            self._await_turn(me)
        self._fruitless = 0
        return True

    def _program(self, number: int, program: Callable[[], None]) -> None:
        try:
            self._await_turn(number)
            program()
        except Abandoned:
            pass
        except BaseException as error:  # handed on to whoever called ``run``
            self._error = self._error or error
        with self._changed:
            place = self._going.index(number)
            self._going.remove(number)
            self._fruitless = 0
            if self._going:
                self._turn = self._going[place % len(self._going)]
            self._changed.notify_all()

    def _hand_on(self) -> None:
        with self._changed:
            place = self._going.index(self._turn)
            self._turn = self._going[(place + 1) % len(self._going)]
            self._changed.notify_all()

    def _await_turn(self, number: int) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._turn == number)
            if self._error is not None:
                raise Abandoned
