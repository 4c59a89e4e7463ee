"""A small city for the tests: every kind of place once, and the shortest way to act in it without a database."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from msgspec import Struct

from siao.actions.verbs import RULES
from siao.core import codes, rights, world
from siao.core.beds import Source
from siao.core.journal import Entry
from siao.core.parks import Park, ParkCommune, ParkPlan, ParkShelter, ParkUnit, identity, rows
from siao.core.people import By, Role
from siao.core.requests import Ask, Asked
from siao.core.units import Feature, Kind, Mode, Rule, Scheme
from siao.core.world import Change, World

CODE = "38"
ZONE = "Europe/Paris"
EVENING = datetime(2026, 1, 20, 18, tzinfo=UTC)
"""19:00 in Grenoble."""
GRENOBLE = ParkCommune("Grenoble", "Grenoble", 45.1885, 5.7245)
VOIRON = ParkCommune("Voiron", "Voironnais", 45.3667, 5.5833)
SERVICE = "Accueil de jour"

TILLEULS = ParkShelter(
    "Les Tilleuls",
    Scheme.CHU,
    "Grenoble",
    "Grenoble",
    (
        ParkUnit("Dortoir hommes", Kind.DORMITORY, Rule.MEN, 4, 3, 1),
        ParkUnit("Dortoir du soir", Kind.DORMITORY, Rule.SWITCHABLE, 3, 3, 0),
        ParkUnit("Chambre 4", Kind.ROOM, Rule.MIXED, 4, 4, 0, features=(Feature.COTS, Feature.STEP_FREE)),
        ParkUnit("Chambre 5", Kind.ROOM, Rule.MIXED, 3, 3, 0, suite="5-6"),
        ParkUnit("Chambre 6", Kind.ROOM, Rule.MIXED, 2, 2, 0, suite="5-6"),
        ParkUnit("Renfort", Kind.DORMITORY, Rule.MIXED, 5, 5, 0, plan="Grand froid"),
    ),
    latitude=45.19,
    longitude=5.73,
    telephone="04 76 00 00 01",
)
REFUGE = ParkShelter(
    "Le Refuge",
    Scheme.CHRS,
    "Voiron",
    "Voironnais",
    (
        ParkUnit("Chambre 1", Kind.ROOM, Rule.WOMEN, 3, 3, 0, features=(Feature.PROTECTED,), mode=Mode.DIRECT),
        ParkUnit("Chambre 2", Kind.ROOM, Rule.WOMEN, 2, 0, 2, mode=Mode.DIRECT),
    ),
    latitude=45.37,
    longitude=5.58,
    telephone="04 76 00 00 02",
    address="3 rue cachée",
    house_rules="Sonner deux fois au portail vert.",
    confidential=True,
    by_phone=True,
)
PARK = Park(
    CODE, "Isère", ZONE, "04 76 00 01 15", (TILLEULS, REFUGE), (GRENOBLE, VOIRON), (ParkPlan("Grand froid", 1, open=False),), (SERVICE,)
)


def shelter(name: str = "Les Tilleuls") -> UUID:
    return identity(CODE, name)


def unit(name: str, of: str = "Les Tilleuls") -> UUID:
    return identity(CODE, of, name)


def bed(name: str, number: int, of: str = "Les Tilleuls") -> UUID:
    return identity(CODE, of, name, number)


PLAN = identity(CODE, "plan", "Grand froid")
DAY_CENTRE = identity(CODE, "service", SERVICE)
AGENT = UUID(int=115)
OPERATOR = By(AGENT, Role.OPERATOR)
COORDINATOR = By(UUID(int=116), Role.COORDINATOR)
STAFF = By(UUID(int=117), Role.SHELTER, shelter=shelter())
WORKER = By(UUID(int=118), Role.WORKER, service=DAY_CENTRE)


def city(now: datetime = EVENING) -> World:
    return World(rows(PARK, now, Source.IMPORT))


class Told(Struct, frozen=True):
    """What one command came to."""

    entries: list[Entry]
    changes: list[Change]


def do(here: World, what: Any, by: By = OPERATOR, now: datetime = EVENING) -> Told:
    """One command on this world, as the desk decides it; a refusal leaves no trace."""
    trial, told = here.fork(), Told([], [])
    rights.allow(trial, what, by)
    for change in RULES[type(what)](trial, what, by, now):
        told.entries.append(world.absorb(trial, CODE, change, by, now, secrets.token_bytes(16)))
        told.changes.append(change)
    here.merge(trial)
    return told


def code() -> str:
    """A new reference code."""
    return next(found for _ in iter(int, 1) if (found := codes.code(secrets.randbits(codes.BITS))))


def asks(men: int = 1, **more: Any) -> Ask:
    """A new request, of one man where nothing else is said."""
    extra = {name: more.pop(name) for name in ("call_back", "service") if name in more}
    return Ask(uuid4(), CODE, code(), Asked(men=men, **more), **extra)


def later(**delta: float) -> datetime:
    return EVENING + timedelta(**delta)
