"""The batch optimum beside others on the same batches: HiGHS level by level, CP-SAT, greedy, first fit. Vectors, not totals.

CPU seconds in one run: ours with all it takes (classes, network, search, certificate), theirs without the making of the program.
A rival has its time; where it was stopped, the ratio says "at least". Some eight minutes of a quiet machine; `--only` takes parts.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path

import msgspec
from msgspec.structs import replace

from benchmarks.rivals import Answer
from siao import figures
from siao.core.allocation import by_turn, certificate, flow, model, network, optimum
from siao.core.allocation.certificate import Plan
from siao.core.allocation.model import Instance
from siao.figures import Figure
from siao.mortal import mortal
from siao.simulator.instances import DEPARTEMENT, PARIS, SMALL, france, make

ROUNDS = 5
NODES = 5_000
PARIS_NODES = 60
"""What the clock would leave of the search at Paris's size, in nodes."""
RIVAL_SECONDS = 60
"""For one batch, by the clock."""
FLOW_REPEATS = 3


def rival(name: str, those: Sequence[Instance], seconds: int) -> list[Answer]:
    command = [sys.executable, "-m", "benchmarks.rivals", name, str(seconds)]
    done = subprocess.run(  # noqa: S603 - our own module
        command, cwd=Path(__file__).parent.parent, input=msgspec.msgpack.encode(those), capture_output=True, check=True, preexec_fn=mortal()
    )
    return [msgspec.json.decode(line, type=Answer) for line in done.stdout.splitlines()]


def solved(batch: Instance, nodes: int = NODES) -> tuple[Plan, float]:
    start = time.process_time()
    plan = optimum.solve(batch, nodes_max=nodes)
    return plan, time.process_time() - start


def small_and_departements(quick: bool) -> list[Instance]:
    """Seventy-one; the quick ones are eighteen of them."""
    small, large = (12, 6) if quick else (40, 31)
    return [*(make(SMALL, seed) for seed in range(small)), *(make(DEPARTEMENT, seed) for seed in range(large))]


def against_highs(those: list[Instance]) -> Iterator[Figure]:
    """Every fifth batch makes a round, so that a ratio has five in one run."""
    figures.progress(f"{len(those)} batches, small and of a département: the search, and HiGHS on the raw graph")
    ours = [solved(batch) for batch in those]
    theirs = rival("highs", those, RIVAL_SECONDS)
    same = sum(plan.vector == answer.vector for (plan, _), answer in zip(ours, theirs))
    yield figures.exact("vectors equal to HiGHS's, all levels", 100 * same / len(those), "%", at_least=100)
    accepted = sum(certificate.accepts(batch, plan) for batch, (plan, _) in zip(those, ours))
    yield figures.exact("certificates accepted without the solver", 100 * accepted / len(those), "%", at_least=100)
    ratios = [sum(answer.cpu_seconds for answer in theirs[i::ROUNDS]) / sum(cpu for _, cpu in ours[i::ROUNDS]) for i in range(ROUNDS)]
    yield figures.measured(f"full model: HiGHS raw / ours, CPU{at_least(theirs)}", ratios, "×", at_least=10, aim=40)
    yield from by_hand(those, [plan for plan, _ in ours])


def at_least(theirs: Sequence[Answer]) -> str:
    """What a ratio is where a rival was stopped before its end: less than the truth."""
    stopped = sum(answer.vector is None for answer in theirs)
    return f" (at least: {stopped} of {len(theirs)} stopped)" if stopped else ""


def by_hand(those: list[Instance], ours: list[Plan]) -> Iterator[Figure]:
    greedy = [model.vector(batch, by_turn.best_fit(batch)) for batch in those]
    first = [model.vector(batch, by_turn.first_fit(batch)) for batch in those]
    figures.progress("one département, level by level: " + "; ".join(
        f"{name} {list(vector)}" for name, vector in (("optimum", ours[-1].vector), ("greedy", greedy[-1]), ("first fit", first[-1]))
    ))  # fmt: skip
    for name, vectors in (("greedy", greedy), ("first fit", first)):
        same = sum(vector == plan.vector for vector, plan in zip(vectors, ours))
        yield Figure(f"{name}: vectors that are the optimum", 100 * same / len(those), "%")
        level1 = sum(vector[0] for vector in vectors) / sum(plan.vector[0] for plan in ours)
        yield Figure(f"{name}: level 1 sheltered, of the optimum", 100 * level1, "%")


def against_cp_sat(those: list[Instance]) -> Iterator[Figure]:
    figures.progress(f"{len(those)} of them: CP-SAT on the raw graph")
    ours = [solved(batch) for batch in those]
    theirs = rival("cpsat", those, 20)
    proven = [(plan, answer) for (plan, _), answer in zip(ours, theirs) if answer.vector is not None]
    same = sum(plan.vector == answer.vector for plan, answer in proven)
    yield figures.exact(f"vectors equal to CP-SAT's, of {len(proven)} that it proves", 100 * same / len(proven), "%", at_least=100)
    yield Figure(
        f"full model: CP-SAT raw / ours, CPU{at_least(theirs)}", sum(a.cpu_seconds for a in theirs) / sum(cpu for _, cpu in ours), "×"
    )


def flow_core(seeds: range) -> Iterator[Figure]:
    figures.progress(
        f"Paris-like, the network alone, {len(seeds)} times: the flow, and HiGHS on the same classes (at most {RIVAL_SECONDS} s each)"
    )
    batches = [make(replace(PARIS, full=False), seed) for seed in seeds]
    nets = [network.build(batch) for batch in batches]
    cpu, vectors = [], []
    for net in nets:
        start = time.process_time()
        for _ in range(FLOW_REPEATS):
            found = flow.lexicographic(net.graph, net.capacity, net.stage_costs())
        cpu.append((time.process_time() - start) / FLOW_REPEATS)
        vectors.append(tuple((net.cost @ found.flow).tolist()))
    theirs = rival("classes", batches, RIVAL_SECONDS)
    same = [answer.vector in (None, vector) for vector, answer in zip(vectors, theirs)]
    yield figures.exact("Paris-like network: vectors equal to HiGHS's where it ends", 100 * sum(same) / len(same), "%", at_least=100)
    yield Figure("Paris-like network: HiGHS ended", 100 * sum(a.vector is not None for a in theirs) / len(theirs), "%")
    yield figures.measured("Paris-like network: the flow, CPU", cpu, "s")
    ratios = [answer.cpu_seconds / mine for answer, mine in zip(theirs, cpu)]
    yield figures.measured(f"flow core: HiGHS MIP on the classes / ours, CPU{at_least(theirs)}", ratios, "×", at_least=100, aim=400)


def paris(seeds: range) -> Iterator[Figure]:
    figures.progress(f"Paris-like, the full model, {len(seeds)} times")
    spent, proven, valid = [], 0, 0
    for seed in seeds:
        batch = make(PARIS, seed)
        plan, cpu = solved(batch, PARIS_NODES)
        spent.append(cpu)
        proven += plan.proven
        valid += certificate.accepts(batch, plan) and not any(model.faults(batch, plan.given))
        figures.progress(f"seed {seed}: {list(plan.vector)}, no plan is better than {list(plan.bound)}")
    yield figures.measured("Paris-like full: plan and bound, CPU", spent, "s", at_most=10)
    yield figures.exact("Paris-like full: possible, bound proven by certificate", 100 * valid / len(seeds), "%", at_least=100)
    yield Figure("Paris-like full: closed", 100 * proven / len(seeds), "%")


def all_france(rounds: int) -> Iterator[Figure]:
    figures.progress(f"France, 101 départements, the network, {rounds} times")
    batches = list(france(1))
    spent = []
    for _ in range(rounds):
        start = time.process_time()
        plans = []
        for batch in batches:
            net = network.build(batch)
            plans.append(flow.lexicographic(net.graph, net.capacity, net.stage_costs()))
        spent.append(time.process_time() - start)
    yield figures.measured("France: 101 départements, with build, CPU", spent, "s", at_most=2)


PARTS: dict[str, Callable[[bool], Iterator[Figure]]] = {
    "full": lambda quick: against_highs(small_and_departements(quick)),
    "cpsat": lambda quick: against_cp_sat(small_and_departements(quick)[: 12 if quick else 40]),
    "france": lambda quick: all_france(2 if quick else ROUNDS),
    "paris": lambda quick: paris(range(1 if quick else ROUNDS)),
    "flow": lambda quick: flow_core(range(1 if quick else ROUNDS)),
}


def main(argv: list[str]) -> int:
    parser = figures.parser("bench allocation", __doc__ or "")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=list(PARTS), help="these parts alone")
    asked = parser.parse_args(argv)
    found: list[Figure] = []
    for figure in chain.from_iterable(PARTS[part](bool(asked.quick)) for part in asked.only):
        figures.progress(f"{figure.name}: {figure.value:.4g} {figure.unit}")
        found.append(figure)
    return figures.tell(found, bool(asked.json))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
