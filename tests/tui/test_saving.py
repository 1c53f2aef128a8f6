"""What is saved for the next run."""

from __future__ import annotations

from chatd.client.saved_state import SavedState
from chatd.core import answers, commands
from chatd.tui.saving import SAVE_SECONDS
from tests.tui.person import LONG, Case, end


def test_the_last_event_shown_is_saved() -> None:
    case = Case(before=LONG[:3])
    case.server.bob_says("four")
    case.server.later(SAVE_SECONDS + 1)
    cursors = len(case.server.log)
    assert case.saved == [(SavedState("log-1", ("lobby",), "lobby", {"lobby": cursors}), set())]
    case.server.later(10 * SAVE_SECONDS)
    assert len(case.saved) == 1
    case.server.bob_says("five")
    case.settle()
    end(case)
    assert case.saved[-1][0].cursors == {"lobby": cursors + 1}


def test_a_room_that_was_left_is_saved_as_left() -> None:
    case = Case()
    case.keys("/join ops\r")
    case.tell(answers.Exited("lobby", "ops"))
    end(case)
    assert case.saved[-1] == (SavedState("log-1", ("ops",), "ops", {"ops": 1}), {"lobby"})


def test_a_room_that_was_left_and_entered_again_is_not_left() -> None:
    case = Case()
    case.tell(answers.Exited("lobby", ""))
    case.keys("/join lobby\r")
    end(case)
    assert case.saved[-1][1] == set()


def test_nothing_is_saved_if_the_server_was_not_reached() -> None:
    assert Case(refuse=True).saved == []


def test_a_failure_to_save_is_reported_once(case: Case) -> None:
    case.no_place = True
    for _ in range(3):
        case.server.bob_says("hi")
        case.server.later(SAVE_SECONDS + 1)
    notes = [line for line in case.glass.history if "!! The state cannot be saved for the next time" in line]
    assert len(notes) == 1
    assert case.shows("No space left on device.")


def read(case: Case) -> list[commands.Read]:
    """What the server was told that the user has read."""
    return [
        command for connection in case.server.connections for command in connection.received if isinstance(command, commands.Read)
    ]


def test_the_server_is_told_what_the_owner_of_an_account_has_read() -> None:
    case = Case(before=LONG[:3])
    case.server.bob_says("four")
    case.server.later(SAVE_SECONDS + 1)
    assert read(case) == []
    case.tell(answers.Done("login", "ada"))
    case.server.bob_says("five")
    case.server.later(SAVE_SECONDS + 1)
    case.server.bob_says("six")
    case.server.later(SAVE_SECONDS + 1)
    assert [(command.room, command.seq) for command in read(case)] == [
        ("lobby", len(case.server.log) - 1),
        ("lobby", len(case.server.log)),
    ]
    end(case)
