"""A free place held back: on its own row, so that every screen of the territory sees it and until when; bounded, whoever asks.

Nothing ties it to a household. It only ever asks a person for a reason; it never makes a place untakable.
"""

from collections.abc import Iterable
from datetime import datetime

from msgspec.structs import replace

from siao.core import places, rules
from siao.core.allocation import model
from siao.core.allocation.compatible import Household
from siao.core.allocation.decision import BOUND, LAST, Decision, Say, ends
from siao.core.placements import Hold
from siao.core.refused import Refusal, Refused
from siao.core.requests import HeldBack
from siao.core.territories import Territory
from siao.core.units import Shelter, Unit
from siao.core.world import World


def kept(world: World, held: HeldBack | None, territory: str, now: datetime) -> tuple[Unit, ...]:
    """The units as they are held back: half an hour at most, never in the last 45 minutes of the evening or of their door.

    Nothing where one of them is no longer free: whoever waits does so all the same.
    """
    if held is None:
        return ()
    units = tuple(world.get(Unit, id, "advice") for id in held.units)
    until = min(held.until, now + BOUND, *(_last(world, unit, world.territory(territory), now) for unit in units))
    if until <= now or not all(places.has_room(world, unit) for unit in units):
        return ()
    return tuple(replace(unit, kept_until=until, kept_level=held.level) for unit in units)


def _last(world: World, unit: Unit, territory: Territory, now: datetime) -> datetime:
    over = ends(places.night(territory, now), territory.time_zone)
    return min(over, places.door(territory, world.get(Shelter, unit.shelter), now) or over) - LAST


def reasoned(world: World, c: Hold, units: Iterable[Unit], h: Household, now: datetime) -> None:
    """Refuses without a reason what was advised against, is held back for a level above, or goes behind another place; not what
    was advised. Who is not recorded is asked for none."""
    if c.override is not None or c.request is None or given(c.advice, c.units):
        return
    units = tuple(units)
    if _advised_against(c.advice) or _for_others(world, units, h, now):
        raise Refused(Refusal.HELD_BACK, "override", c.units)
    if c.standing is not None and c.standing.passed_over:
        raise Refused(Refusal.OVERRIDE_NEEDED, "override", c.units, (str(c.standing.rank),))


def _advised_against(advice: Decision | None) -> bool:
    """An advice to wait names the places that it leaves to others; where none fitted when it was given there is nothing to leave."""
    return advice is not None and advice.say is Say.HOLD_BACK and bool(advice.units)


def _for_others(world: World, units: tuple[Unit, ...], h: Household, now: datetime) -> bool:
    territory = world.territory(units[0].territory)
    force = rules.in_force(rules.editions(world, territory.code), places.night(territory, now))
    level = model.level(h, force, now)
    return any(unit.kept(now) and unit.kept_level is not None and unit.kept_level < level for unit in units)


def given(advice: Decision | None, units: Iterable[object]) -> bool:
    """Whether it was advised to give this very place."""
    return advice is not None and advice.say is Say.GIVE and set(advice.units) == set(units)
