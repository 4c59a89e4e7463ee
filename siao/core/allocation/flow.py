"""Engine F: the cheapest flow in the strict order of the stages, and the potentials that prove it.

Two functions know the solver: `cheapest` (OR-tools) and nothing else; `potentials` is ours. Whatever the solver answers is
believed only once potentials exist for it: a flow with a negative cycle has none.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from msgspec import Struct
from ortools.graph.python import min_cost_flow

from siao.core.allocation.classes import Ints
from siao.core.allocation.network import Graph


class CannotSolve(Exception):
    """The solver refused the instance, or gave a flow that is not the cheapest."""


class Optimum(Struct, frozen=True):
    """`flow[a]`; `potentials[s, v]`, one row a stage that was solved."""

    flow: Ints
    potentials: Ints


def cheapest(graph: Graph, arcs: Ints, capacity: Ints, cost: Ints, supply: Ints) -> Ints:
    """The flow on these arcs that costs least."""
    solver: Any = min_cost_flow.SimpleMinCostFlow()
    made = solver.add_arcs_with_capacity_and_unit_cost(graph.tail[arcs], graph.head[arcs], capacity[arcs], cost[arcs])
    solver.set_nodes_supplies(np.arange(graph.nodes), supply)
    status = solver.solve()
    if status != solver.OPTIMAL:
        raise CannotSolve(str(status))
    return np.asarray(solver.flows(made), np.int64)


def potentials(graph: Graph, arcs: Ints, capacity: Ints, cost: Ints, flow: Ints) -> Ints:
    """π with cost + π[tail] − π[head] ≥ 0 where more could flow and ≤ 0 where less could: Bellman–Ford on the residual graph."""
    more, less = arcs[flow[arcs] < capacity[arcs]], arcs[flow[arcs] > 0]
    start = np.concatenate([graph.tail[more], graph.head[less]])
    end = np.concatenate([graph.head[more], graph.tail[less]])
    length = np.concatenate([cost[more], -cost[less]])
    order = np.argsort(end, kind="stable")
    start, end, length = start[order], end[order], length[order]
    first = np.flatnonzero(np.diff(end, prepend=-1))
    ends = end[first]
    far = np.zeros(graph.nodes, np.int64)
    for _ in range(graph.nodes + 1):
        nearer = np.minimum.reduceat(far[start] + length, first) if len(first) else far[ends]
        if not (nearer < far[ends]).any():
            return far
        far[ends] = np.minimum(far[ends], nearer)
    raise CannotSolve("a negative cycle: this flow is not the cheapest")


def lexicographic(graph: Graph, capacity: Ints, costs: Ints, stop: Callable[[Ints, Ints], bool] | None = None) -> Optimum:
    """The flow that is cheapest at the first stage, among those at the second, and so on; `stop(potentials, flow)` may end it early.

    An arc with reduced cost > 0 is empty and one < 0 is full in every optimum of a stage: they are frozen there, and the next
    stage runs on the rest.
    """
    arcs = np.flatnonzero(capacity > 0)
    flow = np.zeros(len(capacity), np.int64)
    supply = graph.supply.copy()
    found: list[Ints] = []
    for cost in costs:
        flow[arcs] = cheapest(graph, arcs, capacity, cost, supply)
        pi = potentials(graph, arcs, capacity, cost, flow)
        found.append(pi)
        if stop is not None and stop(np.stack(found), flow):
            break
        reduced = cost[arcs] + pi[graph.tail[arcs]] - pi[graph.head[arcs]]
        full = arcs[reduced < 0]
        np.subtract.at(supply, graph.tail[full], capacity[full])
        np.add.at(supply, graph.head[full], capacity[full])
        arcs = arcs[reduced == 0]
    return Optimum(flow, np.stack(found))
