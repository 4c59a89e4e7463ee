"""./run load: a service of its own, its people in Locust, its listening screens beside, and whether it kept the budgets.

Everything it starts it stops; what it writes is one HTML page, and figures on standard output.
"""

import argparse
import asyncio
import os
import resource
import secrets
import signal
import subprocess
import sys
import time
from array import array
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path

import asyncpg
import httpx
import msgspec

from loadtests import arrivals, cast, furnish, limits, report
from loadtests.arrivals import Committed
from loadtests.limits import Sample
from loadtests.profiles import PROFILES, Profile
from loadtests.screens import OPENED
from loadtests.watch import Look, Watch
from siao import figures
from siao.embedded.process import CannotStart, free_port
from siao.embedded.stack import Stack, passing, stack
from siao.figures import Figure, exact
from siao.mortal import mortal
from siao.store import db as database

HERE = Path(__file__).parent
ROOT = HERE.parent
COOKIE = "siao"
SERVER = "server"
QUICK_MINUTES = 0.3
OPEN_SECONDS = 30.0
SCREENS_OPEN_SECONDS = 120.0
STOP_SECONDS = 20.0
SPARE_FILES = 200
CONCERNS = "SELECT j.seq, j.at, j.shelter, r.service FROM journal j LEFT JOIN request r ON r.id = j.request WHERE j.territory = $1"
LOG_SHOWN = 3_000


class Measured(msgspec.Struct):
    """What Locust wrote down (locustfile.py)."""

    samples: list[Sample]
    echo_ms: bytes
    lag_ms: list[float]
    judged_from: float
    operators: int
    grey: int
    again: int
    plan_refused: bool


class Listened(msgspec.Struct):
    """What the listening screens wrote down (screens.py)."""

    screens: int
    open: int
    grey_at: list[float]
    frames: int
    faults: dict[str, int]
    lag_ms: list[float]


def main(argv: list[str]) -> int:
    options = _options(argv)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        return _run(options)
    except CannotStart as no:
        figures.progress(str(no))
        return 1
    except KeyboardInterrupt:
        figures.progress("stopped")
        return 1


def _options(argv: list[str]) -> argparse.Namespace:
    parser = figures.parser("./run load", "People at their boards, in the numbers of a profile, on a service of its own.")
    parser.add_argument("--profile", choices=list(PROFILES), default="small")
    parser.add_argument("--minutes", type=float, help="how long it counts once everybody sits; 3 by default, --quick 0.3")
    parser.add_argument("--workers", type=int, default=1, choices=range(1, 9), metavar="N", help="server processes at one door")
    parser.add_argument("--plan-path", default="/api/allocation?seconds=10", help="what the coordinator asks; empty: nothing")
    parser.add_argument("--report", type=Path, help="where the HTML page goes; var/load/ by default")
    options = parser.parse_args(argv)
    options.minutes = options.minutes or (QUICK_MINUTES if options.quick else 3.0)
    options.report = options.report or ROOT / "var" / "load" / f"{options.profile}-{report.stamp()}.html"
    return options


def _run(options: argparse.Namespace) -> int:
    profile = PROFILES[options.profile]
    _allow_files(profile)
    with ExitStack() as house:
        folder = house.enter_context(passing("load"))
        figures.progress("starting PostgreSQL 18 and Valkey")
        servers = house.enter_context(stack(folder, durable=True))
        secret = secrets.token_hex(16)
        people = asyncio.run(furnish.furnish(servers, profile, secret.encode()))
        watch = Watch({"PostgreSQL": servers.postgres.pid, "Valkey": servers.valkey.pid})
        port = free_port()
        host = f"http://127.0.0.1:{port}"
        watch.pids[SERVER] = house.enter_context(_serving(servers, secret, port, options.workers, folder / "server.log"))
        cast.write(folder / "people.json", people, (host,), COOKIE)
        watch.start()
        measured, listened = _evening(options, profile, folder, host, watch)
        looks = watch.stop()
        committed = asyncio.run(_committed(servers, people))
        came = arrivals.load([folder / "locust.arrivals", folder / "screens.arrivals"])
        _say_log(folder / "server.log")
    return _told(options, measured, listened, looks, committed, came)


def _say_log(log: Path) -> None:
    """What a server complained of, its end."""
    if text := log.read_text(errors="replace").strip():
        figures.progress(f"{log.name} says:\n{text[-LOG_SHOWN:]}")


def _allow_files(profile: Profile) -> None:
    """A screen is a file at both ends."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * profile.screens + SPARE_FILES
    if most != resource.RLIM_INFINITY and most < wanted:
        raise CannotStart(f"{profile.name} wants {wanted} open files a process, this machine allows {most}: raise ulimit -n")
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@contextmanager
def _child(command: Sequence[str], env: dict[str, str], log: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is told to stop with the block; its words go to `log`, else to our standard error."""
    with log.open("wb") if log else nullcontext(sys.stderr) as out:
        process = subprocess.Popen(
            command, env=env, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
            preexec_fn=mortal(signal.SIGTERM),
        )  # fmt: skip
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def _serving(servers: Stack, secret: str, port: int, workers: int, log: Path) -> Iterator[int]:
    """The service with so many workers at one door, when it answers; gives the id of their parent."""
    env = os.environ | {
        "SIAO_DATABASE_URL": servers.app_url(furnish.DATABASE),
        "SIAO_REDIS_URL": servers.redis_url,
        "SIAO_SECRET": secret,
        "SIAO_ORIGINS": f"http://127.0.0.1:{port}",
        "SIAO_PORT": str(port),
        "SIAO_SECURE_COOKIES": "0",
    }
    with _child([sys.executable, "-m", "siao", "serve", "--workers", str(workers)], env, log) as process:
        deadline = time.monotonic() + OPEN_SECONDS
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise CannotStart(f"the server did not open:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.1)
        yield process.pid


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def _evening(options: argparse.Namespace, profile: Profile, folder: Path, host: str, watch: Watch) -> tuple[Measured, Listened | None]:
    """Screens first, then the people; what both wrote down when it is over."""
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    people, tape, heard = folder / "people.json", folder / "locust.tape", folder / "screens.tape"
    listening = profile.screens - profile.operators.acting - profile.staff.acting - profile.workers.acting - 1
    with ExitStack() as beside:
        if listening:
            screens = beside.enter_context(_child([sys.executable, "-m", "loadtests.screens", str(people), str(heard)], env))
            watch.pids["listening screens"] = screens.pid
            _until_open(heard.with_suffix(OPENED), screens)
        seconds = options.minutes * 60
        command = [
            sys.executable, "-m", "locust", "-f", str(HERE / "locustfile.py"), "--headless", "--host", host, "--people", str(people),
            "--evening", profile.name, "--plan-path", options.plan_path, "--tape", str(tape), "--counted-seconds", f"{seconds:.0f}",
            "--only-summary", "--loglevel", "WARNING", "--stop-timeout", "10",
        ]  # fmt: skip
        locust = beside.enter_context(_child(command, env, None))
        watch.pids["Locust"] = locust.pid
        locust.wait()
    if not tape.exists():
        raise CannotStart(f"Locust ended with {locust.returncode} and left nothing")
    measured = msgspec.msgpack.decode(tape.read_bytes(), type=Measured)
    return measured, msgspec.msgpack.decode(heard.read_bytes(), type=Listened) if heard.exists() else None


def _until_open(sign: Path, screens: subprocess.Popen[bytes]) -> None:
    """Waits for the screens; where not all open in time the run goes on, and its figures say how many there were."""
    deadline = time.monotonic() + SCREENS_OPEN_SECONDS
    while not sign.exists() and screens.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)


async def _committed(servers: Stack, people: Sequence[cast.Person]) -> dict[tuple[str, int], Committed]:
    """The instant of every journal entry, as the database's clock said after the lock and before the commit, and whom it concerns."""
    db = await asyncpg.connect(servers.owner_url(furnish.DATABASE))
    found: dict[tuple[str, int], Committed] = {}
    for code in sorted({person.territory for person in people}):
        async with db.transaction():
            await database.here(db, [code])
            rows = await db.fetch(CONCERNS, code)
        found |= {(code, seq): Committed(at.timestamp(), frozenset(str(id) for id in ids if id)) for seq, at, *ids in rows}
    await db.close()
    return found


def _told(
    options: argparse.Namespace, measured: Measured, listened: Listened | None, looks: list[Look],
    committed: dict[tuple[str, int], Committed], came: dict[arrivals.Key, array],
) -> int:  # fmt: skip
    """The figures on standard output, the page into its file; 1 where a budget is broken."""
    profile = PROFILES[options.profile]
    counted = {key: entry for key, entry in committed.items() if entry.at >= measured.judged_from}
    when, late = arrivals.delays(came, counted)
    wrong = limits.errors(measured.samples) | ({f"listening screen: {what}": n for what, n in listened.faults.items()} if listened else {})
    found = [
        *limits.judged(measured.samples, measured.operators, quick=options.quick),
        *limits.screens_judged(late, measured.grey + _grey(measured, listened), quick=options.quick),
        *_screens_figures(profile, measured, listened, len(when)),
        *_machine_figures(profile, measured, listened, [look for look in looks if look.at >= measured.judged_from], looks[:1]),
    ]
    seconds = max((s.start for s in measured.samples), default=measured.judged_from) - measured.judged_from
    notes = _notes(options, measured, looks)
    run = report.Run(profile, max(seconds, 1.0), options.workers, measured.judged_from, measured.samples, (when, late), looks, notes)
    report.write(options.report, run, found, wrong)
    for line in (*notes, *(f"{count} × {what}" for what, count in wrong.items()), f"the page of this run: {options.report}"):
        figures.progress(line)
    return figures.tell(found, options.json)


def _grey(measured: Measured, listened: Listened | None) -> int:
    return sum(at >= measured.judged_from for at in listened.grey_at) if listened else 0


def _screens_figures(profile: Profile, measured: Measured, listened: Listened | None, frames: int) -> list[Figure]:
    faults = sum(listened.faults.values()) if listened else 0
    return [
        exact(
            "listening screens open at the end", listened.open if listened else 0, "screens", at_least=listened.screens if listened else 0
        ),
        exact("listening screens, errors", faults, "errors", at_most=limits.LIMITS.errors),
        exact("sent again under the same key after a broken connection", measured.again, "exchanges"),
        exact("entries that came to screens", frames, "arrivals"),
        Figure("click → others' screens in Locust, p99", round(limits.p99(array("d", measured.echo_ms)), 1), "ms"),
    ]


def _machine_figures(
    profile: Profile, measured: Measured, listened: Listened | None, looks: Sequence[Look], first: Sequence[Look]
) -> list[Figure]:
    """What it cost; how late the measuring processes were themselves."""
    names = list(looks[-1].cores) if looks else []
    cores = {name: _mean([look.cores.get(name, 0.0) for look in looks]) for name in names}
    mb = {name: max(look.mb.get(name, 0.0) for look in looks) for name in names}
    found = [Figure(f"CPU, {name}", round(cores[name], 3), "cores") for name in names]
    found += [Figure(f"memory, {name}", round(mb[name], 1), "MB") for name in names]
    if SERVER in names:
        waits = _mean([look.waits.get(SERVER, 0.0) for look in looks])
        grown = mb[SERVER] - (first[0].mb.get(SERVER, 0.0) if first else 0.0)
        found.append(Figure("server wanted a core and had none", round(waits, 3), "of the time"))
        found.append(Figure("server memory per territory", round(grown / profile.territories, 2), "MB"))
        found.append(Figure("server CPU per territory", round(1000 * cores[SERVER] / profile.territories, 2), "millicores"))
    found.append(Figure("load of the machine, mean", round(_mean([k.load for k in looks]), 2), "runnable"))
    found.append(Figure("Locust itself late, p99", round(limits.p99(measured.lag_ms), 1), "ms"))
    if listened:
        found.append(Figure("listening screens themselves late, p99", round(limits.p99(listened.lag_ms), 1), "ms"))
    return found


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _notes(options: argparse.Namespace, measured: Measured, looks: Sequence[Look]) -> list[str]:
    """What must be known to read the figures."""
    cores, busiest = os.cpu_count() or 1, max((look.load for look in looks), default=0.0)
    notes = [f"the machine has {cores} cores; its load was up to {busiest:.1f}, clients and others included"]
    if busiest > cores:
        notes.append("more wanted to run than there are cores: latencies contain waiting for a core")
    if measured.plan_refused:
        notes.append(f"no plan was asked for: the service has none at {options.plan_path}")
    return notes
