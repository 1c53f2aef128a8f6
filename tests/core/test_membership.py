"""A membership: a role, and a number once the joining has one."""

from __future__ import annotations

from chatd.core.membership import Membership, Role


def test_who_comes_in_is_a_member_and_has_no_number_yet() -> None:
    membership = Membership()
    assert (membership.role, membership.seq) == (Role.MEMBER, None)


def test_each_role_is_more_than_those_before() -> None:
    assert list(Role) == sorted(Role)
    assert Role.GUEST < Role.MEMBER
