"""Who may do which verb, on what (STATES, Rights). Pure; a command that is not in the table is refused to everybody."""

from typing import Any

from siao.core import requests, structures
from siao.core.closing import CloseNight
from siao.core.openings import ClosePlan, CloseUnit, OpenPlan, OpenUnit
from siao.core.people import OFFICE, By, Role
from siao.core.placements import Accept, Hold, HoldPlanned, Lapse, Offer, Placement, RefuseHousehold, RefuseShelter, Release
from siao.core.refused import Refusal, Refused
from siao.core.reports import Confirm, Count, Report
from siao.core.rules import SetRules
from siao.core.stays import Arrive, Depart, Extend, Move, NoShow, Shrink
from siao.core.units import Unit
from siao.core.world import World

CLOCK = frozenset({Role.CLOCK})
COORDINATOR = frozenset({Role.COORDINATOR})
ADMIN = frozenset({Role.ADMIN})
THERE = OFFICE | {Role.SHELTER}
ASKS = OFFICE | {Role.WORKER}

MAY: dict[type[Any], frozenset[Role]] = {
    requests.Ask: ASKS,
    requests.Renew: ASKS,
    requests.Revise: ASKS,
    requests.Withdraw: ASKS,
    requests.Resume: OFFICE,
    requests.CloseUnmet: OFFICE | CLOCK,
    Hold: OFFICE,
    HoldPlanned: COORDINATOR,
    Offer: OFFICE,
    Release: OFFICE,
    RefuseHousehold: OFFICE,
    Accept: THERE,
    RefuseShelter: THERE,
    Arrive: THERE,
    NoShow: THERE,
    Extend: THERE,
    Move: THERE,
    Shrink: THERE,
    Depart: THERE,
    Lapse: CLOCK,
    Report: THERE,
    Count: THERE,
    Confirm: THERE,
    OpenUnit: THERE | ADMIN,
    CloseUnit: THERE | ADMIN,
    OpenPlan: COORDINATOR,
    ClosePlan: COORDINATOR,
    CloseNight: COORDINATOR | CLOCK,
    SetRules: COORDINATOR | ADMIN,
    structures.AddShelter: ADMIN,
    structures.ChangeShelter: ADMIN,
    structures.AddUnit: ADMIN,
    structures.ChangeUnit: ADMIN,
    structures.AddService: ADMIN,
    structures.ChangeService: ADMIN,
}

FOR_A_SHELTER = frozenset(command for command, roles in MAY.items() if Role.SHELTER in roles)
"""What an operator does on the telephone for a shelter; the journal says so."""


def allow(world: World, command: Any, by: By) -> None:
    """Refuses what this role may not do, a shelter what is another's, a social worker what is another service's."""
    if by.role not in MAY.get(type(command), frozenset()):
        raise Refused(Refusal.FORBIDDEN)
    if by.role is Role.SHELTER and _shelter(world, command) != by.shelter:
        raise Refused(Refusal.FORBIDDEN)
    follows = not isinstance(command, requests.Ask | requests.Renew)
    if by.role is Role.WORKER and follows and world.get(requests.Request, command.request).service != by.service:
        raise Refused(Refusal.FORBIDDEN)


def _shelter(world: World, command: Any) -> Any:
    if isinstance(command, Confirm):
        return command.shelter
    if isinstance(command, Report | Count | OpenUnit | CloseUnit):
        return world.get(Unit, command.unit).shelter
    return world.get(Placement, command.placement).shelter
