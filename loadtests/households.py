"""Who rings: a household as it is typed on the telephone, letter by letter."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

from siao.simulator.evening import COMPOSITIONS, NEEDS

COUNTS = ("men", "women", "children", "infants")


def household(dice: Random, communes: Sequence[str]) -> dict[str, Any]:
    """The body of a request; composition and needs in the proportions of the simulated evening."""
    who = dice.choices([c for c, _ in COMPOSITIONS], [weight for _, weight in COMPOSITIONS])[0]
    family = "children" in who or "infants" in who
    near = {"zone": dice.choice(communes), "max_km": dice.choice((15, 30, 50))} if communes and dice.random() < 0.7 else {}
    return {
        **who,
        "needs": [need for need, chance in NEEDS if dice.random() < chance],
        "level": dice.choices((1, 2, 3, 4), (4, 4, 2, 1) if family else (1, 2, 3, 6))[0],
        "nights": dice.choice((1, 1, 1, 2, 3)),
        **near,
    }


def typing(asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What the screen has asked for the places with by each pause of the typing: the counts one by one, then the rest."""
    typed: dict[str, Any] = {}
    for name in COUNTS:
        if name in asked:
            typed = {**typed, name: asked[name]}
            yield typed
    rest = {name: asked[name] for name in ("level", "zone", "max_km", "nights") if name in asked}
    yield {**typed, **rest, **({"needs": ",".join(asked["needs"])} if asked["needs"] else {})}
