"""The driver: runs actions that have to wait, without an event loop of its own.

A log may call back immediately or later. An action that needs the result is a coroutine that awaits
a :class:`Later`. :func:`drive` runs the coroutine until it has to wait, and resumes it when the
result arrives.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Later(Generic[T]):
    """Makes a function that takes a callback awaitable: ``is_loaded: bool = await Later(log.load,
    1, 20)``.

    The function is called immediately, with ``arguments`` and a callback as the last argument.
    Await the result once, before or after it arrives.
    """

    __slots__ = ("_has_value", "_resume", "_value")

    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self._value: T
        self._has_value = False
        self._resume: Callable[[], None] | None = None
        function(*arguments, self._on_result)

    def _on_result(self, value: Any = None) -> None:
        self._value = value
        self._has_value = True
        if self._resume is not None:
            self._resume()

    def on_done(self, resume: Callable[[], None]) -> None:
        """Call ``resume`` when the result arrives."""
        self._resume = resume

    def __await__(self) -> Generator[Later[Any], None, T]:
        if not self._has_value:
            yield self
        return self._value


def drive(coroutine: Coroutine[Later[Any], None, T], on_end: Callable[[T | Exception], object]) -> None:
    """Run ``coroutine`` to its end, then call ``on_end`` with what it returned or raised."""
    try:
        awaited = coroutine.send(None)
    except StopIteration as end:
        on_end(end.value)
    except Exception as error:
        on_end(error)
    else:
        awaited.on_done(lambda: drive(coroutine, on_end))
