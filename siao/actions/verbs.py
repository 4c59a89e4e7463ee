"""Which core function decides each command, and what must be loaded for it."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from siao.core import asking, closing, openings, placements, promises, reports, requests, rules, stays, structures
from siao.core.people import By
from siao.core.world import Change, World
from siao.store.world import Wanted

Rule = Callable[[World, Any, By, datetime], Iterator[Change]]

RULES: dict[type[Any], Rule] = {
    requests.Ask: asking.ask,
    requests.Renew: asking.renew,
    requests.Revise: asking.revise,
    requests.Resume: asking.resume,
    requests.CloseUnmet: asking.close_unmet,
    requests.Withdraw: promises.withdraw,
    placements.Hold: promises.hold,
    placements.HoldPlanned: promises.hold,
    placements.Offer: promises.offer,
    placements.Accept: promises.accept,
    placements.Release: promises.release,
    placements.RefuseShelter: promises.refuse_shelter,
    placements.RefuseHousehold: promises.refuse_household,
    placements.Lapse: promises.lapse,
    stays.Arrive: stays.arrive,
    stays.NoShow: stays.no_show,
    stays.Extend: stays.extend,
    stays.Move: stays.move,
    stays.Shrink: stays.shrink,
    stays.Depart: stays.depart,
    reports.Report: reports.report,
    reports.Count: reports.count,
    reports.Confirm: reports.confirm,
    openings.OpenUnit: openings.open_unit,
    openings.CloseUnit: openings.close_unit,
    openings.OpenPlan: openings.open_plan,
    openings.ClosePlan: openings.close_plan,
    closing.CloseNight: closing.close_night,
    rules.SetRules: rules.set_rules,
    structures.AddShelter: structures.add_shelter,
    structures.ChangeShelter: structures.change_shelter,
    structures.AddUnit: structures.add_unit,
    structures.ChangeUnit: structures.change_unit,
    structures.AddService: structures.add_service,
    structures.ChangeService: structures.change_service,
}


class Command(Struct, frozen=True):
    """One verb somebody wants done. `key`: made in the browser and saved there before sending."""

    key: UUID
    territory: str
    by: By
    what: Any


def wanted(commands: Iterable[Command]) -> Wanted:
    """What these commands name, together; what hangs on it is loaded along (store.world.load)."""
    found: defaultdict[str, list[Any]] = defaultdict(list)
    for command in commands:
        for field, ids in _names(command):
            found[field] += (id for id in ids if id is not None)
    return Wanted(**found)


def _names(command: Command) -> Iterator[tuple[str, Iterable[Any]]]:
    what = command.what
    held_back = getattr(what, "held_back", None)
    holds = isinstance(what, placements.Hold)
    yield "places" if holds else "units", getattr(what, "units", ())
    yield "units", (getattr(what, "unit", None), *(held_back.units if held_back else ()))
    yield "placements", (getattr(what, "placement", None), what.id if holds else None)
    yield "requests", (getattr(what, "request", None), what.id if isinstance(what, requests.Ask) else None)
    yield "shelters", (getattr(what, "shelter", None),)
    yield "plans", (getattr(what, "plan", None),)
    if holds:
        yield "agents", (command.by.agent,)
        yield "beds", what.beds
    if holds or isinstance(what, rules.SetRules):
        yield "rules", (command.territory,)
    if isinstance(what, stays.Arrive):
        yield "late", (what.placement,)
    if asked := getattr(what, "asked", None):
        yield "communes", (asked.zone,)
    if isinstance(what, closing.CloseNight):
        yield "night", (what.territory,)
    yield from _administered(what)


def _administered(what: Any) -> Iterator[tuple[str, Iterable[Any]]]:
    """What is to be added may be there already, made by the same key."""
    match what:
        case structures.AddShelter(id=id):
            yield "shelters", (id,)
        case structures.AddUnit(id=id):
            yield "units", (id,)
            yield "plans", (what.form.plan,)
        case structures.ChangeUnit():
            yield "plans", (what.form.plan,)
        case structures.AddService(id=id) | structures.ChangeService(service=id):
            yield "services", (id,)
        case _:
            pass
