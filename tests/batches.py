"""Batches on which the allocation is shown: small, of a département, with room for most, under other rules, with odd beds."""

from random import Random
from uuid import UUID

from msgspec.structs import replace

from siao.core.allocation.model import Counted, Instance, Level, Rules
from siao.core.units import Kind, Rule
from siao.simulator.instances import DEPARTEMENT, SMALL, make

ROOMY = replace(SMALL, free=60, requests=30)
OTHER_RULES = (
    Rules(counted=Counted.HOUSEHOLDS, floors=(0, 0, 0, 4), promote_after_hours=24),
    Rules(order=(Level.WAITING, Level.L1, Level.L2, Level.L3, Level.L4, Level.DISTANCE, Level.WASTE, Level.CONTINUITY)),
    Rules(floors=(1, 2, 3, 6), step_free_waste=5, protected_waste=0),
)


def batches() -> list[Instance]:
    """Seventy, small and of a département, some with room for most, some under other rules."""
    return [
        *(make(SMALL, seed) for seed in range(44)),
        *(make(ROOMY, seed) for seed in range(12)),
        *(make(SMALL, seed, rules) for rules in OTHER_RULES for seed in range(4)),
        *(odd(seed) for seed in range(4)),
        *(make(DEPARTEMENT, seed) for seed in range(3)),
    ]


def odd(seed: int) -> Instance:
    """Couples, and alike dormitories with odd numbers of beds: together they have beds for more couples than fit."""
    dice = Random(seed)
    batch = make(SMALL, seed)
    waiting = [replace(one, household=replace(one.household, men=1, women=dice.randint(0, 1), children=0, infants=0, needs=()))
               for one in batch.waiting[:8]]  # fmt: skip
    like = replace(batch.places[0], kind=Kind.DORMITORY, rule=Rule.MIXED, suite=None, nights_max=None, arrive_before=None)
    beds = [dice.choice((1, 1, 3)) for _ in range(3)]
    dormitories = [replace(like, units=(UUID(int=dice.getrandbits(128)),), capacity=b) for b in beds]
    return replace(batch, waiting=tuple(waiting), places=tuple(dormitories))
