"""The best plan for all who wait at once, exact in the strict order of the levels, with the proof that it is.

Pure and the same every time: its budget is nodes, not seconds; whoever calls it in a child process stops that by the clock and
keeps the last plan that `on_better` gave.
"""

from collections.abc import Callable
from contextlib import suppress

from msgspec.structs import replace

from siao.core.allocation import certificate, model, network, packing, share
from siao.core.allocation.branch import Best, Search
from siao.core.allocation.certificate import Certificate, Engine, Plan
from siao.core.allocation.classes import Ints
from siao.core.allocation.levels import Answer, CannotAnswer
from siao.core.allocation.model import Instance
from siao.core.allocation.network import Network, Value

NODES_MAX = 400


def solve(
    instance: Instance,
    *,
    nodes_max: int = NODES_MAX,
    on_better: Callable[[Plan], None] | None = None,
    second: Callable[[Instance, Ints], Answer] | None = None,
) -> Plan:
    """The plan. Floors come before all levels: as few households below them as can be.

    `second` is asked where the nodes ran out, with the arcs that may still matter: `levels.ask`, in a process of its own. What
    it proves it proves by HiGHS's word, without a certificate.
    """
    net = network.build(instance)

    def better(best: Best, bound: Value) -> None:
        if on_better is not None:
            on_better(_plan(net, best, bound, search, None))

    search = Search(net, nodes_max, better)
    tree = search.run()
    assert search.best is not None, "nobody sheltered is a plan"
    plan = _plan(net, search.best, search.bound, search, None)
    if second is not None and not plan.proven:
        with suppress(CannotAnswer):
            answer = second(instance, search.kept)
            vector = model.vector(instance, answer.given)
            return Plan(answer.given, vector, vector, True, Engine.LEVELS, search.nodes, None)
    return replace(plan, certificate=certificate.write(instance, plan.given, tree))


def _plan(net: Network, best: Best, bound: Value, search: Search, proof: Certificate | None) -> Plan:
    given = share.given(net, best.flow)
    levels = len(net.classes.instance.rules.order)
    return Plan(
        given,
        model.vector(net.classes.instance, given),
        packing.unpack(net.stages, bound)[-levels:],
        bound >= best.value,
        Engine.FLOW if search.nodes == 1 else Engine.BRANCH,
        search.nodes,
        proof,
    )
