"""The driver: a coroutine resumes when the result arrives that it waits for, and not before."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chatd.core.driver import Later, drive


class Clerk:
    """Calls back when the test calls :meth:`answer`."""

    def __init__(self) -> None:
        self.pending: list[tuple[str, Callable[[str], object]]] = []

    def ask(self, question: str, on_answer: Callable[[str], object]) -> None:
        self.pending.append((question, on_answer))

    def answer(self) -> None:
        question, on_answer = self.pending.pop(0)
        on_answer(f"{question}!")


def at_once(question: str, on_answer: Callable[[str], object]) -> None:
    on_answer(f"{question}!")


@pytest.mark.parametrize("questions", [0, 1, 1000])
def test_immediate_results_are_not_waited_for(questions: int) -> None:
    async def action() -> list[str]:
        return [await Later(at_once, str(number)) for number in range(questions)]

    ended: list[object] = []
    drive(action(), ended.append)
    assert ended == [[f"{number}!" for number in range(questions)]]


def test_a_coroutine_resumes_when_the_result_arrives() -> None:
    clerk, steps, ended = Clerk(), list[str](), list[object]()

    async def action() -> str:
        steps.append("begun")
        steps.append(await Later(clerk.ask, "one"))
        return await Later(clerk.ask, "two")

    drive(action(), ended.append)
    assert (steps, len(clerk.pending)) == (["begun"], 1)
    clerk.answer()
    assert (steps, ended) == (["begun", "one!"], [])
    clerk.answer()
    assert ended == ["two!"]


def test_several_functions_can_be_called_before_awaiting() -> None:
    clerk, ended = Clerk(), list[object]()

    async def action() -> list[str]:
        results: list[Later[str]] = [Later(clerk.ask, name) for name in ("one", "two")]
        return [await result for result in results]

    drive(action(), ended.append)
    clerk.pending.reverse()
    clerk.answer()
    assert ended == []
    clerk.answer()
    assert ended == [["one!", "two!"]]


def test_a_callback_may_have_no_argument() -> None:
    async def action() -> str:
        await Later(lambda then: then())
        return "done"

    ended: list[object] = []
    drive(action(), ended.append)
    assert ended == ["done"]


@pytest.mark.parametrize("late", [False, True])
def test_an_exception_is_passed_to_on_end(late: bool) -> None:
    clerk, ended = Clerk(), list[object]()

    async def action() -> None:
        await Later(clerk.ask if late else at_once, "one")
        raise ZeroDivisionError

    drive(action(), ended.append)
    if late:
        clerk.answer()
    assert [type(end) for end in ended] == [ZeroDivisionError]
