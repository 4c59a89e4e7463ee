"""The same batches solved by others, each in its own process: HiGHS level by level on the raw graph and on the classes, CP-SAT.

Written from the model alone: households and places as they are, the scalar rules, one variable for each pair that fits. Usage:
`python -m benchmarks.rivals highs|classes|cpsat < batches`, msgpack in, one Answer a batch out.
"""

import sys
import time
from collections import defaultdict

import msgspec
import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from siao.core.allocation import model
from siao.core.allocation.compatible import excluded
from siao.core.allocation.model import FIRST, SIDES, Instance
from siao.core.units import Kind

INTEGRAL = 1e-4


class Answer(Struct):
    """`vector` by level, floors first where there are any; None where it was not proven in time. Making the program is not counted."""

    vector: tuple[int, ...] | None
    cpu_seconds: float


class Program(Struct):
    """min cost[l]·x level by level, rows·x ≤ most, 0 ≤ x ≤ upper, whole numbers. Rows as lists of (column, factor)."""

    cost: list[list[int]]
    upper: list[int]
    rows: list[dict[int, int]]
    most: list[int]


def raw(instance: Instance) -> Program:
    """One yes or no for each household, place and rule of the night that fit."""
    columns = [(i, j, rule) for i, one in enumerate(instance.waiting) for j, p in enumerate(instance.places)
               for rule in (SIDES if p.kind is Kind.DORMITORY and p.rule is None else (p.rule,))
               if not excluded(one.household, replace(p, rule=rule), instance.now)]  # fmt: skip
    rows: defaultdict[object, dict[int, int]] = defaultdict(dict)
    most: dict[object, int] = {}
    worth = []
    nights = {(j, rule): len(columns) + n for n, (j, rule) in enumerate(dict.fromkeys((j, rule) for _, j, rule in columns
              if instance.places[j].kind is Kind.DORMITORY and instance.places[j].rule is None))}  # fmt: skip
    for column, (i, j, rule) in enumerate(columns):
        h, p = instance.waiting[i].household, instance.places[j]
        worth.append(model.worth(h, p, instance.rules, instance.now))
        rows["household", i][column] = most["household", i] = 1
        for unit in p.units:
            rows["unit", unit][column] = h.persons if p.kind is Kind.DORMITORY else 1
            most["unit", unit] = p.capacity if p.kind is Kind.DORMITORY else 1
        if (j, rule) in nights:
            rows["night", j, rule][column] = h.persons
            rows["night", j, rule][nights[j, rule]] = -p.capacity
            most["night", j, rule] = 0
            rows["rule", j][nights[j, rule]] = most["rule", j] = 1
    cost = [[vector[level] for vector in worth] + [0] * len(nights) for level in range(len(instance.rules.order))]
    made = Program(cost, [1] * (len(columns) + len(nights)), list(rows.values()), list(most.values()))
    return _floored(made, instance, [i for i, _, _ in columns])


def _floored(made: Program, instance: Instance, who: list[int]) -> Program:
    """Floors as far as can be: one counter a level, at most the floor and at most how many are sheltered."""
    if not any(instance.rules.floors):
        return made
    level = [model.level(one.household, instance.rules, instance.now) for one in instance.waiting]
    first = len(made.upper)
    made.upper += list(instance.rules.floors)
    for k in range(len(instance.rules.floors)):
        made.rows.append({first + k: 1} | {column: -1 for column, i in enumerate(who) if level[i] == k + FIRST})
        made.most.append(0)
    made.cost = [[0] * first + [-1] * 4, *(row + [0] * 4 for row in made.cost)]
    return made


def classes(instance: Instance) -> Program:
    """The class model of a batch that is a network: whole numbers of households by waiting rank, and from class to place."""
    from siao.core.allocation import network

    net = network.build(instance)
    assert not len(net.more)
    rows: defaultdict[int, dict[int, int]] = defaultdict(dict)
    for arc, (tail, head) in enumerate(zip(net.graph.tail.tolist(), net.graph.head.tolist())):
        if tail != network.SOURCE:
            rows[2 * tail][arc] = 1
        if head != network.SINK:
            rows[2 * head][arc] = -1
    both = [row for row in rows.values()]
    return Program(net.cost.tolist(), net.capacity.tolist(), both + [{a: -f for a, f in row.items()} for row in both], [0] * 2 * len(both))


def highs(program: Program, seconds: float = 3600.0) -> tuple[int, ...] | None:
    """Level by level, every variable a whole number, each level's value a row of the next; None after so many seconds."""
    import highspy

    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("mip_rel_gap", 0.0)
    solver.setOptionValue("mip_abs_gap", 0.5)
    n = len(program.upper)
    starts, index, value = _sparse(program.rows)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = n, len(program.rows)
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = np.zeros(n), np.zeros(n), np.array(program.upper, float)
    lp.row_lower_, lp.row_upper_ = np.full(len(program.rows), -highspy.kHighsInf), np.array(program.most, float)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = starts, index, value
    lp.integrality_ = [highspy.HighsVarType.kInteger] * n
    solver.passModel(lp)
    found: list[int] = []
    end = time.monotonic() + seconds
    for row in program.cost:
        solver.setOptionValue("time_limit", max(0.1, end - time.monotonic()) + solver.getRunTime())
        solver.changeColsCost(n, np.arange(n, dtype=np.int32), np.array(row, float))
        solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        value = solver.getInfo().objective_function_value
        assert abs(value - round(value)) < INTEGRAL * max(1.0, abs(value))
        found.append(round(value))
        used = np.flatnonzero(row)
        if len(used):
            solver.addRow(-highspy.kHighsInf, found[-1], len(used), used.astype(np.int32), np.array(row, float)[used])
    return tuple(found)


def _sparse(rows: list[dict[int, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    starts = np.cumsum([0] + [len(row) for row in rows]).astype(np.int32)
    index = np.array([column for row in rows for column in row], np.int32)
    return starts, index, np.array([factor for row in rows for factor in row.values()], float)


def cp_sat(program: Program, seconds: float = 30.0) -> tuple[int, ...] | None:
    """Level by level, one worker, so many seconds a level."""
    from ortools.sat.python import cp_model

    made = cp_model.CpModel()
    x = [made.new_int_var(0, upper, "") for upper in program.upper]
    for row, most in zip(program.rows, program.most):
        made.add(cp_model.LinearExpr.weighted_sum([x[c] for c in row], list(row.values())) <= most)
    found: list[int] = []
    for row in program.cost:
        aim = cp_model.LinearExpr.weighted_sum(x, row)
        made.minimize(aim)
        solver = cp_model.CpSolver()
        solver.parameters.num_workers, solver.parameters.max_time_in_seconds = 1, seconds
        if solver.solve(made) != cp_model.OPTIMAL:
            return None
        found.append(round(solver.objective_value))
        made.add(aim <= found[-1])
        made.clear_hints()
        for one in x:
            made.add_hint(one, solver.value(one))
    return tuple(found)


def main(argv: list[str]) -> int:
    name, seconds = argv[0], float(argv[1]) if len(argv) > 1 else 3600.0
    make = classes if name == "classes" else raw
    solve = cp_sat if name == "cpsat" else highs
    for instance in msgspec.msgpack.decode(sys.stdin.buffer.read(), type=list[Instance]):
        program = make(instance)
        start = time.process_time()
        vector = solve(program, seconds)
        sys.stdout.buffer.write(msgspec.json.encode(Answer(vector, time.process_time() - start)) + b"\n")
        sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
