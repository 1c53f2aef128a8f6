"""A membership: a role, and a seq when the joining is stored."""

from __future__ import annotations

from chatd.core.membership import Membership, Role


def test_a_new_member_has_no_seq_yet() -> None:
    membership = Membership()
    assert (membership.role, membership.seq) == (Role.MEMBER, None)


def test_roles_are_ordered() -> None:
    assert list(Role) == sorted(Role)
    assert Role.GUEST < Role.MEMBER
