"""An invented département in real communes: every scheme, room kind, rule and feature of the domain, for the demo.

Deterministic for a seed. Structures, counts and telephone numbers are invented (numbers from a range kept for fiction).
"""

import csv
from collections.abc import Iterator, Sequence
from datetime import time
from random import Random

from siao.carried import samples_folder
from siao.core.beds import OutReason
from siao.core.parks import Park, ParkCommune, ParkPlan, ParkShelter, ParkUnit
from siao.core.units import Feature, Kind, Mode, Rule, Scheme

CODE = "38"
SERVICES = ("Accueil de jour des Quais", "Maraude du Drac", "CHU — service social", "Accueil de jour de Voiron", "Permanence de Vienne")
PLANS = (ParkPlan("Grand froid niveau 1", 1, True), ParkPlan("Grand froid niveau 2", 2, False), ParkPlan("Grand froid niveau 3", 3, False))
NAMES = (
    "Les Trois Ponts", "Abri du Drac", "Maison Chamechaude", "La Traverse", "L’Escale Verte", "Hôtel des Glycines", "Résidence Sénevé",
    "Le Grand Noyer", "Halte de la Bastide", "Les Ancolies", "La Clairière", "Le Moulin Neuf", "Hôtel Bel-Aval", "L’Aubépine",
    "Les Noyeraies", "La Passerelle", "Le Relais du Vercors", "Maison des Tilleuls", "L’Îlot", "Le Cairn", "Hôtel du Parc",
    "Résidence Belledonne", "La Source", "Foyer des Alpes", "Le Refuge Sud", "Les Marronniers", "Hôtel de la Gare", "La Halte",
    "Maison Saint-Roch", "Les Platanes", "Le Phare", "La Charmeraie", "Hôtel du Rhône", "Résidence du Lac", "Le Passage",
    "Maison du Pont", "Les Bleuets", "La Grange", "Hôtel Terminus", "Le Tremplin", "Les Cèdres", "La Maisonnée", "Le Sillon",
    "Hôtel des Voyageurs", "Résidence Montfleury", "L’Étape", "Les Peupliers", "La Boussole", "Le Gué", "Maison des Roches",
)  # fmt: skip
PROTECTED = 4
GYMNASIUMS = (("Gymnase Vaucanson", "Grenoble", 0, 22), ("Salle Jean-Jaurès", "Échirolles", 1, 25), ("Salle des Remparts", "Vienne", 1, 20),
              ("Gymnase du Parc", "Bourgoin-Jallieu", 2, 30), ("Gymnase Pierre-Mendès", "Voiron", 2, 30))  # fmt: skip
HOURS = (time(20, 30), time(21), time(21, 30), time(22), time(22, 30), time(23), time(23, 30), time(0, 30), None)
RULES_OF_HOUSES = ("Dîner jusqu’à 20 h 30.", "Départ avant 9 h.", "Casiers à clé à l’entrée.", "Petit déjeuner dès 7 h.", None)


def park(seed: int = 115) -> Park:
    """About 60 structures, 1,400 places, of which some 90 are free as the evening begins."""
    dice = Random(seed)  # noqa: S311 - an invented city, not a secret
    communes = tuple(_communes())
    shelters = (
        *(_shelter(dice, i, name, _somewhere(dice, i, communes)) for i, name in enumerate(NAMES)),
        *(_protected(dice, i, communes[i * 3]) for i in range(PROTECTED)),
        *(_gymnasium(dice, i, communes) for i in range(len(GYMNASIUMS))),
    )
    return Park(CODE, "Isère", "Europe/Paris", "115", shelters, communes, PLANS, SERVICES)


def _communes() -> Iterator[ParkCommune]:
    with (samples_folder() / "isere-communes.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield ParkCommune(row["name"], row["zone"], float(row["latitude"]), float(row["longitude"]))


def _somewhere(dice: Random, i: int, communes: Sequence[ParkCommune]) -> ParkCommune:
    """Half in and around Grenoble, the rest over the département."""
    return communes[0] if i % 5 == 0 else dice.choice(communes[:12] if i % 2 else communes)


def _shelter(dice: Random, i: int, name: str, commune: ParkCommune) -> ParkShelter:
    scheme = _scheme(i, name)
    features = tuple(f for f, chance in ((Feature.STEP_FREE, 0.45), (Feature.ANIMALS, 0.3), (Feature.COTS, 0.4)) if dice.random() < chance)
    return ParkShelter(
        name=name,
        scheme=scheme,
        commune=commune.name,
        zone=commune.zone,
        units=tuple(_units(dice, scheme, features, i)),
        latitude=round(commune.latitude + dice.uniform(-0.012, 0.012), 5),
        longitude=round(commune.longitude + dice.uniform(-0.012, 0.012), 5),
        address=f"{dice.randint(1, 80)} rue {dice.choice(('des Alpes', 'du Pont', 'de la Paix', 'des Lilas', 'Neuve'))}, {commune.name}",
        telephone=f"04 65 71 {10 + i:02d} {dice.randint(10, 99)}",
        house_rules=dice.choice(RULES_OF_HOUSES),
        arrive_before=None if scheme is Scheme.HOTEL else dice.choice(HOURS),
        by_phone=i % 9 == 4,
        told_minutes_ago=dice.choice((1, 3, 8, 12, 20, 26, 41, 55, 70, 95, 130, 200, 290)),
    )


def _scheme(i: int, name: str) -> Scheme:
    if name.startswith("Hôtel"):
        return Scheme.HOTEL
    if name.startswith("Résidence"):
        return Scheme.RHVS
    if name.startswith("Halte") or name == "La Halte":
        return Scheme.NIGHT_STOP
    return (Scheme.CHU, Scheme.NIGHT_SHELTER, Scheme.CHRS, Scheme.CHU, Scheme.CHRS, Scheme.LHSS, Scheme.WINTER)[i % 7]


def _units(dice: Random, scheme: Scheme, features: tuple[Feature, ...], i: int) -> Iterator[ParkUnit]:
    if scheme in (Scheme.CHU, Scheme.NIGHT_SHELTER, Scheme.NIGHT_STOP, Scheme.WINTER):
        yield _dormitory(dice, (Rule.MEN, Rule.WOMEN, Rule.MIXED, Rule.SWITCHABLE)[i % 4], features, 8 + i % 9)
    if scheme in (Scheme.NIGHT_SHELTER, Scheme.NIGHT_STOP):
        yield _dormitory(dice, Rule.MEN if i % 4 else Rule.SWITCHABLE, features, 8 + i % 5, "Dortoir B")
        return
    count = {Scheme.HOTEL: 12, Scheme.RHVS: 11, Scheme.CHRS: 8, Scheme.LHSS: 6}.get(scheme, 3)
    for number in range(1, count + 1):
        yield _room(dice, scheme, features, number)


def _dormitory(dice: Random, rule: Rule, features: tuple[Feature, ...], beds: int, name: str | None = None) -> ParkUnit:
    words = {Rule.MEN: "Dortoir hommes", Rule.WOMEN: "Dortoir femmes", Rule.MIXED: "Dortoir mixte", Rule.SWITCHABLE: "Dortoir A"}
    vacant = beds if rule is Rule.SWITCHABLE and dice.random() < 0.3 else min(beds, dice.choice((0, 0, 1, 1, 2, 3, 4)))
    out = min(beds - vacant, dice.choice((0, 0, 0, 1, 2)))
    occupied = beds - vacant - out
    tonight = dice.choice((Rule.MEN, Rule.WOMEN)) if rule is Rule.SWITCHABLE and occupied else None
    reason = dice.choice(tuple(OutReason))
    return ParkUnit(name or words[rule], Kind.DORMITORY, rule, beds, vacant, occupied, out, reason, features, rule_tonight=tonight)


def _room(dice: Random, scheme: Scheme, features: tuple[Feature, ...], number: int) -> ParkUnit:
    """Rooms one to six; those numbered in pairs adjoin, a few are out of service, about one in twelve is free."""
    beds = dice.choice((1, 1) if scheme is Scheme.LHSS else (2, 2, 3, 3, 4, 4, 5, 6))
    fate = dice.random()
    vacant, out = (beds, 0) if fate < 0.055 else (0, beds) if fate > 0.975 else (0, 0)
    return ParkUnit(
        name=f"Chambre {number}",
        kind=Kind.ROOM,
        rule=Rule.MIXED,
        nominal=beds,
        vacant=vacant,
        occupied=beds - vacant - out,
        out=out,
        out_reason=dice.choice(tuple(OutReason)),
        features=features,
        mode=Mode.DIRECT if scheme is Scheme.HOTEL else Mode.ON_ACCEPTANCE,
        suite=f"{(number + 1) // 2}" if number <= 4 and scheme is not Scheme.LHSS else None,
        nights_max=dice.choice((None, None, None, 7, 3)),
    )


def _protected(dice: Random, i: int, commune: ParkCommune) -> ParkShelter:
    """For victims of violence: women only, a confidential address, reached through the coordinators."""
    features = (Feature.PROTECTED, Feature.COTS)
    sizes = [dice.choice((2, 3, 4)) for _ in range(6)]
    rooms = tuple(
        ParkUnit(f"Chambre {n}", Kind.ROOM, Rule.WOMEN, beds, beds * (n == 1), beds * (n > 1), features=features)
        for n, beds in enumerate(sizes, 1)
    )
    return ParkShelter(
        name=f"Structure protégée P-{i + 1:02d}",
        scheme=Scheme.CHRS,
        commune=commune.name,
        zone=commune.zone,
        units=rooms,
        latitude=commune.latitude,
        longitude=commune.longitude,
        address=f"{dice.randint(1, 60)} allée des Iris, {commune.name}",
        telephone=f"04 65 71 80 {i:02d}",
        confidential=True,
    )


def _gymnasium(dice: Random, i: int, communes: Sequence[ParkCommune]) -> ParkShelter:
    name, where, plan, beds = GYMNASIUMS[i]
    commune = next(c for c in communes if c.name == where)
    occupied = 12 if PLANS[plan].open else 0
    unit = ParkUnit(
        "Grande salle", Kind.DORMITORY, Rule.MEN if plan == 0 else Rule.SWITCHABLE, beds, beds - occupied - 2, occupied, 2,
        OutReason.UNDER_OCCUPATION, (Feature.STEP_FREE,), Mode.DIRECT, plan=PLANS[plan].name,
    )  # fmt: skip
    return ParkShelter(
        name, Scheme.GYMNASIUM, commune.name, commune.zone, (unit,), commune.latitude, commune.longitude,
        f"Place du Gymnase, {where}", f"04 65 71 90 {i:02d}", None, time(22),
    )  # fmt: skip
