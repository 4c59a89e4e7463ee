"""From classes back to households: the longest wait first, then the id; the closest place in its class first, then the id."""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from siao.core.allocation.classes import Ints
from siao.core.allocation.compatible import Place
from siao.core.allocation.model import Given, Waiting
from siao.core.allocation.network import Network
from siao.core.units import Kind


def given(net: Network, flow: Ints) -> tuple[Given, ...]:
    """The plan that a flow says, in the order of waiting."""
    made = [one for place, users in _users(net, flow).items() for one in _beds(net.classes.places[place], users)]
    order = {one.request: i for i, one in enumerate(sorted(net.classes.instance.waiting, key=_wait))}
    return tuple(sorted(made, key=lambda one: order[one.request]))


def _wait(one: Waiting) -> tuple[object, int]:
    return one.household.waiting_since, one.request.int


def _users(net: Network, flow: Ints) -> dict[int, list[Waiting]]:
    """Who goes to each class of places. Within a class of households the longest wait gets the best of its places."""
    taken = np.flatnonzero(flow[net.take])
    who, where, count = net.who[taken], net.where[taken], flow[net.take[taken]]
    made = net.classes
    best = np.lexsort((where, made.tenths[who, where], ~made.same_shelter[who, where], made.waste[who, where], who))
    next_in = defaultdict(int)
    users: defaultdict[int, list[Waiting]] = defaultdict(list)
    for i, j, n in zip(who[best].tolist(), where[best].tolist(), count[best].tolist()):
        users[j] += made.households[i][next_in[i] : next_in[i] + n]
        next_in[i] += n
    return users


def _beds(places: list[Place], users: list[Waiting]) -> Iterator[Given]:
    """One room each; in dormitories households of two first, which is possible as long as they are no more than Σ⌊b/2⌋."""
    ordered = sorted(users, key=_wait)
    if places[0].kind is Kind.ROOM:
        yield from (Given(one.request, place.units) for one, place in zip(ordered, places))
        return
    free = [place.capacity for place in places]
    for one in sorted(ordered, key=lambda one: -one.household.persons):
        here = next(i for i, beds in enumerate(free) if beds >= one.household.persons)
        free[here] -= one.household.persons
        yield Given(one.request, places[here].units)
