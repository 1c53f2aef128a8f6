"""A membership and the roles."""

from __future__ import annotations

from chatd.core.membership import Membership, Role


def test_a_new_member_has_no_seq_yet() -> None:
    membership = Membership()
    assert (membership.seq, membership.nick, membership.is_told) == (None, "", False)


def test_roles_are_ordered() -> None:
    assert list(Role) == sorted(Role)
    assert [role.word for role in Role] == ["guest", "member", "voice", "moderator", "owner", "operator"]
