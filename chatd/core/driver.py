"""The driver: runs an action that must wait, without any framework's help.

A log may answer at once or later. An action that needs the answer is a coroutine, and awaits a
:class:`Later`; :func:`drive` runs it as far as it goes without waiting, and goes on when it is
told.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Later(Generic[T]):
    """What a function will tell its last argument: ``there: bool = await Later(log.load, 1, 20)``.

    The function is called at once, with ``arguments`` and a callback. What it tells can be awaited
    once, before or after it is told.
    """

    __slots__ = ("_go_on", "_is_told", "_value")

    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self._value: T
        self._is_told = False
        self._go_on: Callable[[], None] | None = None
        function(*arguments, self._on_told)

    def _on_told(self, value: Any = None) -> None:
        self._value = value
        self._is_told = True
        if self._go_on is not None:
            self._go_on()

    def when_told(self, go_on: Callable[[], None]) -> None:
        """Call ``go_on`` when there is something to go on with."""
        self._go_on = go_on

    def __await__(self) -> Generator[Later[Any], None, T]:
        if not self._is_told:
            yield self
        return self._value


def drive(coroutine: Coroutine[Later[Any], None, T], on_end: Callable[[T | Exception], object]) -> None:
    """Run ``coroutine`` to its end, and tell ``on_end`` what it returned or the exception that
    ended it."""
    try:
        awaited = coroutine.send(None)
    except StopIteration as end:
        on_end(end.value)
    except Exception as error:
        on_end(error)
    else:
        awaited.when_told(lambda: drive(coroutine, on_end))
