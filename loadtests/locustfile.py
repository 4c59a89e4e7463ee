"""locust -f loadtests/locustfile.py --host http://127.0.0.1:8115 --people people.json

Operators, shelter staff, social workers and a coordinator with their boards open, in the numbers of a profile (profiles.py).
Exits 1 where a budget of limits.py is broken. `./run load` starts a service of its own and this beside it.
"""

import sys
from pathlib import Path
from time import time

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import gevent
import msgspec
from locust import LoadTestShape, events, task
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment

from loadtests import cast, limits
from loadtests.chairs import Chair, Tape
from loadtests.coordinator import CoordinatorUser
from loadtests.operators import OperatorUser
from loadtests.profiles import PROFILES
from loadtests.staff import StaffUser
from loadtests.workers import WorkerUser
from siao import figures

__all__ = ["CoordinatorUser", "Evening", "OperatorUser", "StaffUser", "WorkerUser", "task"]
SPAWN_RATE = 40.0
SAY_SECONDS = 5.0
OPEN_SECONDS, SETTLE_SECONDS = 60.0, 2.0
TAPE = Tape()
Chair.tape = TAPE


@events.init_command_line_parser.add_listener
def _options(parser: LocustArgumentParser) -> None:
    parser.add_argument("--people", help="JSON of the accounts that take part (loadtests/cast.py)", default="")
    parser.add_argument("--evening", choices=list(PROFILES), default="small", help="how many sit where (loadtests/profiles.py)")
    parser.add_argument("--plan-path", default="/api/allocation?seconds=10", help="what a coordinator asks a plan of; empty: nobody does")
    parser.add_argument("--counted-seconds", type=float, default=0, help="ends so long after everybody sits; 0: as Locust's own -t says")
    parser.add_argument("--quick", action="store_true", help="judged in rounds, as few seconds allow (loadtests/limits.py)")
    parser.add_argument("--tape", default="", help="file for everything that was measured")


class Evening(LoadTestShape):
    """Everybody sits down, and stays until the run time is over."""

    use_common_options = True

    def tick(self) -> tuple[int, float] | None:
        seconds = self.runner.environment.parsed_options.counted_seconds
        over = seconds and TAPE.judged_from + seconds < time()
        return None if over else (sum(kind.fixed_count for kind in KINDS), SPAWN_RATE)


KINDS: tuple[type[Chair], ...] = (OperatorUser, StaffUser, WorkerUser, CoordinatorUser)


@events.init.add_listener
def _seat(environment: Environment, **_: object) -> None:
    """As many as the profile says, each at an account that was given."""
    options = environment.parsed_options
    if options is None or not options.people:
        sys.exit("siao: --people FILE says which accounts take part (loadtests/cast.py)")
    Chair.cast, Chair.profile = cast.read(Path(options.people)), PROFILES[options.evening]
    CoordinatorUser.path = options.plan_path
    TAPE.fire = environment.events.request.fire
    profile = Chair.profile
    OperatorUser.every_seconds, StaffUser.every_seconds = profile.call_every_seconds, profile.tell_every_seconds
    WorkerUser.every_seconds = profile.look_every_seconds
    wanted = (profile.operators.acting, profile.staff.acting, profile.workers.acting, int(bool(options.plan_path)))
    for kind, count in zip(KINDS, wanted):
        kind.fixed_count = count if Chair.cast.acting(kind.role) else 0
        if count and not kind.fixed_count:
            figures.progress(f"nobody in {options.people} is a {kind.role}: none take part")
    gevent.spawn(TAPE.lag)
    gevent.spawn(_say)


@events.spawning_complete.add_listener
def _all_sit(user_count: int, **_: object) -> None:
    if TAPE.judged_from == float("inf"):
        gevent.spawn(_count_from_when_all_see, user_count)


def _count_from_when_all_see(people: int) -> None:
    """Everybody sits and has the board open, or as many as can."""
    deadline = time() + OPEN_SECONDS
    while time() < deadline and not all(board.opened for board in TAPE.boards):
        gevent.sleep(0.1)
    gevent.sleep(SETTLE_SECONDS)
    TAPE.judged_from = time()
    figures.progress(f"{people} people sit at their boards; from here on it counts")


def _say() -> None:
    while True:
        gevent.sleep(SAY_SECONDS)
        clicks = [s.ms for s in TAPE.samples if s.click and s.name != limits.PLAN and s.start > time() - SAY_SECONDS]
        wrong = sum(s.error is not None for s in TAPE.samples)
        open_now = sum(board.opened for board in TAPE.boards)
        figures.progress(f"{open_now} boards · {len(clicks) / SAY_SECONDS:.1f} clicks/s · p99 {limits.p99(clicks):.0f} ms · {wrong} errors")


@events.test_stopping.add_listener
def _over(**_: object) -> None:
    TAPE.end(time())


@events.quitting.add_listener
def _judge(environment: Environment, **_: object) -> None:
    options, operators = environment.parsed_options, sum(b.opened for b in TAPE.boards if b.person.role == OperatorUser.role)
    quick, grey = bool(options and options.quick), TAPE.greyed()
    found = [*limits.judged(TAPE.samples, operators, quick=quick), *limits.echo_judged(TAPE.echo.ms, grey, quick=quick)]
    if options is not None and options.tape:
        _save(Path(options.tape), operators)
        environment.process_exit_code = 0
        return
    for what, count in limits.errors(TAPE.samples).items():
        figures.progress(f"{count} × {what}")
    environment.process_exit_code = figures.tell(found, as_json=False)


def _save(path: Path, operators: int) -> None:
    TAPE.arrivals.save(path.with_suffix(".arrivals"))
    path.write_bytes(
        msgspec.msgpack.encode(
            {
                "samples": TAPE.samples,
                "echo_ms": TAPE.echo.ms.tobytes(),
                "lag_ms": TAPE.lag_ms,
                "judged_from": TAPE.judged_from,
                "operators": operators,
                "grey": TAPE.greyed(),
                "again": TAPE.again,
                "plan_refused": CoordinatorUser.absent,
            }
        )
    )
