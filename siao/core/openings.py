"""Units and surge plans open and close. Same shape as `promises`."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from siao.core.beds import OutReason
from siao.core.journal import Verb
from siao.core.people import By
from siao.core.refused import Refusal, Refused
from siao.core.units import Plan, Unit
from siao.core.world import Change, World


class OpenUnit(Struct, frozen=True):
    unit: UUID


class CloseUnit(Struct, frozen=True):
    unit: UUID
    reason: OutReason


class OpenPlan(Struct, frozen=True):
    plan: UUID


class ClosePlan(Struct, frozen=True):
    plan: UUID


def open_unit(world: World, c: OpenUnit, by: By, now: datetime) -> Iterator[Change]:
    unit = world.get(Unit, c.unit)
    if unit.open:
        raise Refused(Refusal.NOT_NOW, "unit", (unit.id,))
    if unit.plan is not None and not world.get(Plan, unit.plan).open:
        raise Refused(Refusal.CLOSED, "plan", (unit.plan,))
    rows = (replace(unit, open=True, closed_reason=None, version=unit.version + 1),)
    yield Change(Verb.OPEN_UNIT, rows, shelter=unit.shelter, units=(unit.id,))


def close_unit(world: World, c: CloseUnit, by: By, now: datetime) -> Iterator[Change]:
    """Refused with the list of the live placements, if any: a person moves or ends them first."""
    unit = world.get(Unit, c.unit)
    if not unit.open:
        raise Refused(Refusal.NOT_NOW, "unit", (unit.id,))
    _nobody_there(world, (unit,))
    rows = (replace(unit, open=False, closed_reason=c.reason, version=unit.version + 1),)
    yield Change(Verb.CLOSE_UNIT, rows, c.reason, shelter=unit.shelter, units=(unit.id,))


def open_plan(world: World, c: OpenPlan, by: By, now: datetime) -> Iterator[Change]:
    yield _turn(world, world.get(Plan, c.plan), Verb.OPEN_PLAN, to=True)


def close_plan(world: World, c: ClosePlan, by: By, now: datetime) -> Iterator[Change]:
    plan = world.get(Plan, c.plan)
    _nobody_there(world, units(world, plan))
    yield _turn(world, plan, Verb.CLOSE_PLAN, to=False)


def units(world: World, plan: Plan) -> tuple[Unit, ...]:
    return tuple(unit for unit in world.all(Unit) if unit.plan == plan.id)


def _turn(world: World, plan: Plan, verb: Verb, *, to: bool) -> Change:
    """Every unit of the plan opens or closes with it, but those closed for a reason of their own."""
    if plan.open is to:
        raise Refused(Refusal.NOT_NOW, "plan", (plan.id,))
    turned = tuple(replace(u, open=to, version=u.version + 1) for u in units(world, plan) if u.closed_reason is None and u.open is not to)
    return Change(verb, (replace(plan, open=to), *turned), units=tuple(unit.id for unit in turned), plan=plan.id)


def _nobody_there(world: World, units: tuple[Unit, ...]) -> None:
    claims = (claim for unit in units for claim in world.claims_in(unit.id))
    if live := tuple(dict.fromkeys(claim.placement for claim in claims)):
        raise Refused(Refusal.LIVE_PLACEMENTS, "units", live)
