"""Engine L: HiGHS, level by level, for batches that the search leaves open; a second engine beside F and B.

Each level: the linear program; where what is hard comes out fractional, the same with those columns whole. What costs more
than the gap between the two is fixed, and the next level runs on the rest. HiGHS and OR-tools cannot be loaded into one process
(google/or-tools issue 5246), so `ask` starts this module as a process of its own, which imports no OR-tools.
"""

import ctypes
import signal
import subprocess
import sys
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct

from siao.core.allocation import choices, network, share
from siao.core.allocation.classes import RULES, Floats, Ints
from siao.core.allocation.model import Given, Instance
from siao.core.allocation.network import Network

WHOLE = 1e-6
"""How far a number may be from a whole one."""
INFINITE = float("inf")
PR_SET_PDEATHSIG = 1


class Task(Struct, frozen=True):
    """`kept`: one byte an arc of the network, 0 where no plan worth looking for uses it; empty: all may be used."""

    instance: Instance
    kept: bytes = b""


class Answer(Struct, frozen=True):
    """The best plan, with floors first in `values` where there are any."""

    given: tuple[Given, ...]
    values: tuple[int, ...]


class CannotAnswer(Exception):
    """HiGHS gave no proven whole plan."""


def ask(instance: Instance, kept: Ints | None = None, seconds: float | None = None) -> Answer:
    """The answer of a process of its own, which is ended after so many seconds."""
    task = msgspec.msgpack.encode(Task(instance, b"" if kept is None else kept.astype(np.uint8).tobytes()))
    command = [sys.executable, "-m", "siao.core.allocation.levels"]
    try:
        done = subprocess.run(command, input=task, capture_output=True, check=True, timeout=seconds)  # noqa: S603 - this very module
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as no:
        raise CannotAnswer(str(no)) from no
    return msgspec.msgpack.decode(done.stdout, type=Answer)


def solve(task: Task) -> Answer:
    net = network.build(task.instance)
    kept = np.frombuffer(task.kept, np.uint8).astype(np.int64) if task.kept else np.ones(len(net.capacity), np.int64)
    program = _Program(net, kept)
    values = tuple(program.level(row) for row in net.cost)
    flow = program.flow()
    if tuple((net.cost @ flow).tolist()) != values or (choices.used(net, flow) > net.have.units).any():
        raise CannotAnswer("the levels do not add up")
    return Answer(share.given(net, flow), values)


class _Program:
    """The network's arcs that may be used as columns, then one for each rule of the night of a switchable dormitory."""

    def __init__(self, net: Network, kept: Ints) -> None:
        import highspy

        self.highspy, self.net = highspy, net
        self.arcs = np.flatnonzero((kept > 0) & (net.capacity > 0))
        self.count = len(self.arcs) + len(RULES) * len(net.switchable)
        column = np.full(len(net.capacity), -1, np.int64)
        column[self.arcs] = np.arange(len(self.arcs))
        hard = column[np.concatenate([net.two[net.two >= 0], net.pairs])]
        self.hard = np.concatenate([hard[hard >= 0], np.arange(len(self.arcs), self.count)])
        self.solver: Any = highspy.Highs()
        for option, value in (("output_flag", False), ("threads", 1), ("mip_rel_gap", 0.0), ("mip_abs_gap", 0.5), ("random_seed", 1)):
            self.solver.setOptionValue(option, value)
        self._pass(column)

    def _pass(self, column: Ints) -> None:
        """Flow is kept at every node; no resource is used more than it has; what a rule of the night forbids does not sleep there."""
        net, n = self.net, len(self.arcs)
        rows = [(net.graph.tail[self.arcs], np.arange(n), np.ones(n)), (net.graph.head[self.arcs], np.arange(n), -np.ones(n))]
        low, high = [net.graph.supply], [net.graph.supply]
        first = net.graph.nodes
        for arcs, of in ((net.out, np.arange(len(net.out))), (net.more, net.of)):
            there = column[arcs] >= 0
            rows.append((first + of[there], column[arcs[there]], np.ones(int(there.sum()))))
        low.append(np.full(len(net.out), -INFINITE))
        high.append(net.have.units)
        first += len(net.out)
        for s, resource in enumerate(net.switchable):
            first = self._nights(rows, low, high, first, n + len(RULES) * s, int(resource), column)
        self._load(rows, np.concatenate(low).astype(float), np.concatenate(high).astype(float))

    def _nights(self, rows: list[Any], low: list[Any], high: list[Any], first: int, night: int, resource: int, column: Ints) -> int:
        """Exactly one rule; under it, nobody whom it forbids."""
        net = self.net
        beds = int(net.have.units[resource])
        into = np.flatnonzero((net.have.one[net.where] == resource) & (column[net.take] >= 0))
        for r in range(len(RULES)):
            barred = column[net.take[into[~net.nights[r, into]]]]
            rows.append((np.full(len(barred) + 1, first + r), np.append(barred, night + r), np.append(np.ones(len(barred)), beds)))
        rows.append((np.full(len(RULES), first + len(RULES)), night + np.arange(len(RULES)), np.ones(len(RULES))))
        low.append(np.array([-INFINITE] * len(RULES) + [1]))
        high.append(np.array([beds] * len(RULES) + [1]))
        return first + len(RULES) + 1

    def _load(self, rows: list[Any], low: Floats, high: Floats) -> None:
        row, column, factor = (np.concatenate(part) for part in zip(*rows))
        order = np.lexsort((column, row))
        lp = self.highspy.HighsLp()
        lp.num_col_, lp.num_row_ = self.count, len(low)
        lp.col_cost_, lp.col_lower_ = np.zeros(self.count), np.zeros(self.count)
        lp.col_upper_ = np.concatenate([self.net.capacity[self.arcs], np.ones(self.count - len(self.arcs))]).astype(float)
        lp.row_lower_, lp.row_upper_ = low, high
        lp.a_matrix_.format_ = self.highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.searchsorted(row[order], np.arange(len(low) + 1)).astype(np.int32)
        lp.a_matrix_.index_, lp.a_matrix_.value_ = column[order].astype(np.int32), factor[order]
        self.solver.passModel(lp)
        self.low, self.high, self.row_low, self.row_high = lp.col_lower_, lp.col_upper_, low, high

    def level(self, cost: Ints) -> int:
        """The best value of one level; after it, only what keeps that value is left."""
        price = np.zeros(self.count)
        price[: len(self.arcs)] = cost[self.arcs]
        if not price.any():
            return 0
        self.solver.changeColsCost(self.count, np.arange(self.count, dtype=np.int32), price)
        lowest = self._run()
        solution = self.solver.getSolution()
        duals, rows = np.array(solution.col_dual), np.array(solution.row_dual)
        value = lowest if self._whole(self.hard) else self._whole_run(self.hard)
        if not self._whole(np.arange(len(self.arcs))):
            value = self._whole_run(np.arange(self.count))
        best = round(value)
        if abs(value - best) > WHOLE * max(1, abs(value)):
            raise CannotAnswer("a level that is no whole number")
        self._fix(duals, rows, best - lowest, price, best)
        return best

    def _run(self) -> float:
        self.solver.run()
        if self.solver.getModelStatus() != self.highspy.HighsModelStatus.kOptimal:
            raise CannotAnswer(str(self.solver.getModelStatus()))
        self.values = np.array(self.solver.getSolution().col_value)
        return float(self.solver.getInfo().objective_function_value)

    def _whole_run(self, columns: Ints) -> float:
        kinds = self.highspy.HighsVarType
        self._kind(columns, kinds.kInteger)
        found = self._run()
        self._kind(columns, kinds.kContinuous)
        return found

    def _kind(self, columns: Ints, kind: Any) -> None:
        self.solver.changeColsIntegrality(len(columns), columns.astype(np.int32), np.array([kind] * len(columns)))

    def _whole(self, columns: Ints) -> bool:
        there = self.values[columns]
        return bool((np.abs(there - np.rint(there)) < WHOLE).all())

    def _fix(self, duals: Floats, rows: Floats, gap: float, price: Floats, best: int) -> None:
        """One unit of a column costs its reduced cost: more than the gap, and no best plan of this level has it."""
        self.high = np.where(duals > gap + WHOLE, self.low, self.high)
        self.low = np.where(duals < -gap - WHOLE, self.high, self.low)
        columns = np.arange(self.count, dtype=np.int32)
        self.solver.changeColsBounds(self.count, columns, self.low, self.high)
        if gap > WHOLE:
            used = np.flatnonzero(price).astype(np.int32)
            self.solver.addRow(-INFINITE, float(best), len(used), used, price[used])
            self.row_low, self.row_high = np.append(self.row_low, -INFINITE), np.append(self.row_high, float(best))
            return
        tight = rows[: len(self.row_low)]
        self.row_low = np.where(tight < -WHOLE, self.row_high, self.row_low)
        self.row_high = np.where(tight > WHOLE, self.row_low, self.row_high)
        self.solver.changeRowsBounds(len(self.row_low), np.arange(len(self.row_low), dtype=np.int32), self.row_low, self.row_high)

    def flow(self) -> Ints:
        found = np.zeros(len(self.net.capacity), np.int64)
        found[self.arcs] = np.rint(self.values[: len(self.arcs)]).astype(np.int64)
        return found


def main() -> int:
    """One task on standard input. Dies with whoever asked, whatever kills that."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
    task = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Task)
    sys.stdout.buffer.write(msgspec.msgpack.encode(solve(task)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
