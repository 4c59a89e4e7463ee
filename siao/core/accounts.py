"""What becomes of an account, as the journal tells it: its id, and its rights by their codes; never a login, never a secret."""

from collections.abc import Collection, Iterable, Iterator
from uuid import UUID

from siao.core.journal import Verb
from siao.core.people import Right
from siao.core.world import Change


def added(account: UUID, rights: Iterable[Right]) -> Iterator[Change]:
    """A new account, then each of its rights."""
    yield Change(Verb.ADD_ACCOUNT, (), account=account)
    for right in rights:
        yield _of_right(Verb.GRANT, account, right)


def changed(account: UUID, *, opened: bool | None, password: bool, before: Collection[Right], after: Collection[Right]) -> Iterator[Change]:
    """One entry for each thing that is not as it was. `opened`: None where it stayed as it was.

    Where nothing is, its sessions ended all the same, and that is told.
    """
    told = list(_changed(account, opened, password, before, after))
    yield from told or [Change(Verb.END_SESSIONS, (), account=account)]


def _changed(account: UUID, opened: bool | None, password: bool, before: Collection[Right], after: Collection[Right]) -> Iterator[Change]:
    if opened is not None:
        yield Change(Verb.OPEN_ACCOUNT if opened else Verb.CLOSE_ACCOUNT, (), account=account)
    if password:
        yield Change(Verb.SET_PASSWORD, (), account=account)
    for right in before:
        if right not in after:
            yield _of_right(Verb.REVOKE, account, right)
    for right in after:
        if right not in before:
            yield _of_right(Verb.GRANT, account, right)


def _of_right(verb: Verb, account: UUID, right: Right) -> Change:
    return Change(verb, (), right.role, shelter=right.shelter, account=account, service=right.service)
