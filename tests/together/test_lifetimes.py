"""The demo's lives: opened by anybody, ended in every way, and nothing left running."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from launched import MYSELF, Demo, Who, family, folder, left, running
from siao import demo as command
from siao.carried import samples_folder
from siao.embedded.process import free_port, is_free

TORONTO = samples_folder() / "toronto-2024-01.csv"


def deaf() -> None:
    """As a script's background job is started."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda how: how.name)
def test_however_it_ends_nothing_is_left_running(who: Who, how: signal.Signals) -> None:
    with folder(who) as here, running(here / "data", who=who, preexec_fn=deaf) as demo:
        assert demo.ready() == {"database": True, "board": True, "feed": True, "loops": True, "territories": True, "redis": True}
        everyone, ports = family(demo.process.pid), demo.ports()
        assert len(everyone) >= 4, "the launcher, PostgreSQL with its workers, Valkey"
        assert demo.end(how) == (-how if how is signal.SIGKILL else 0)
        assert left(everyone) == set()
        assert [port for port in ports if not is_free(port)] == []
        if how is signal.SIGINT:
            assert demo.said().endswith("siao: stopped\n") and "Traceback" not in demo.said()


def test_killed_while_it_starts_nothing_is_left_running() -> None:
    with folder() as here, running(here / "data") as demo:
        while not (here / "data" / "kept.json").exists():
            time.sleep(0.01)
        everyone = family(demo.process.pid)
        demo.end(signal.SIGKILL)
        assert left(everyone) == set()
    with folder() as here, running(here / "data") as demo:
        while not (here / "data" / "kept.json").exists():
            time.sleep(0.01)
        everyone = family(demo.process.pid)
        assert demo.end(signal.SIGINT) == 0
        assert left(everyone) == set()


def waiting(demo: Demo) -> set[str]:
    with demo.chair("ecoutant") as chair:
        rows = chair.get("/api/board", params={"view": "operator"}).json()["rows"]
    return {row["code"] for row in rows.get("requests", ())}


def ask(demo: Demo) -> str:
    with demo.chair("ecoutant") as chair:
        answer = chair.post("/api/requests", json={"men": 1}, headers={"Idempotency-Key": str(uuid4())})
    assert answer.status_code == 201, answer.text
    return answer.json()["code"]


def test_two_at_once_and_what_happened_outlives_a_stop() -> None:
    with folder() as one, folder() as two:
        with running(one / "data", "--quiet-evening") as first, running(two / "data", "--quiet-evening") as second:
            assert first.ready() and second.ready()
            code = ask(first)
            assert not set(first.ports()) & set(second.ports())
            assert (code in waiting(first), code in waiting(second)) == (True, False)
            assert first.end() == 0
            with running(one / "data", "--quiet-evening") as again:
                assert again.ready()
                assert waiting(again) == {code}, "kept, kill or no kill of its neighbour"
                again.end(signal.SIGKILL)
            with running(one / "data", "--quiet-evening") as recovered:
                assert recovered.ready()
                assert waiting(recovered) == {code}
            assert second.ready(), "the neighbour noticed nothing"
        with running(one / "data", "--quiet-evening", "--fresh") as anew:
            assert anew.ready()
            assert waiting(anew) == set()


def test_a_folder_of_the_same_name_begins_anew_and_keeps_what_is_not_ours() -> None:
    """Whoever deletes a checkout and clones it again: as root the data lies elsewhere, and its password went with the folder."""
    with folder() as here:
        for _ in range(2):
            with running(here / "data", "--quiet-evening") as demo:
                assert demo.ready()
                assert waiting(demo) == set()
                ask(demo)
            shutil.rmtree(here / "data")
        (here / "data").mkdir()
        (here / "data" / "letter").write_text("mine")
        with running(here / "data", "--quiet-evening", "--fresh") as demo:
            assert demo.ready()
        assert (here / "data" / "letter").read_text() == "mine"


def test_what_is_another_s_is_left_and_what_runs_is_not_cleared(ordinary: Who) -> None:
    with folder(ordinary) as theirs:
        other = theirs / "data" / "postgres"
        other.mkdir(parents=True)
        (other / "letter").write_text("mine")
        os.chown(theirs / "data", ordinary.user or 0, ordinary.user or 0)
        for options in ((), ("--fresh",)):
            process = ordinary.popen("demo", "--data", str(theirs / "data"), *options, log=theirs / "said")
            assert process.wait(60) == 1
            assert "postgres is not the demo's; give --data another folder" in (theirs / "said").read_text()
        assert (other / "letter").read_text() == "mine"
    with folder() as here, running(here / "data", "--quiet-evening") as demo:
        assert demo.ready()
        shutil.rmtree(here / "data")
        process = MYSELF.popen("demo", "--data", str(here / "data"), log=here / "said")
        assert process.wait(60) == 1
        assert "is in use by another siao" in (here / "said").read_text()
        ask(demo)


def test_the_simulated_people_keep_the_board_alive() -> None:
    with folder() as here, running(here / "data", "--speed", "50") as demo:
        demo.ready()
        with demo.chair("ecoutant") as chair:
            verbs: set[str] = set()
            deadline = time.monotonic() + 40
            while not verbs >= {"ask", "hold", "offer", "accept", "report", "confirm"} and time.monotonic() < deadline:
                verbs |= {line["verb"] for line in chair.get("/api/board", params={"view": "operator"}).json()["news"]}
                time.sleep(0.3)
        assert verbs >= {"ask", "hold", "offer", "accept", "report", "confirm"}


@pytest.fixture
def typed(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., tuple[int, str]]]:
    """What ./run demo with these options ends with and says; in this process, since it is to begin nothing."""
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}

    def type_it(*options: str) -> tuple[int, str]:
        try:
            status = command.main([*options])
        except SystemExit as no:
            status = int(str(no.code))
        said = capsys.readouterr()
        return status, said.out + said.err

    yield type_it
    for one, handler in before.items():
        signal.signal(one, handler)


def test_what_is_refused_changes_nothing(tmp_path: Path, typed: Callable[..., tuple[int, str]]) -> None:
    with folder() as here, running(here / "data", "--quiet-evening") as demo:
        demo.ready()
        code, data = ask(demo), str(here / "data")
        (tmp_path / "other.csv").write_text("a,b\n1,2\n")
        attempts = (
            (("--fresh", "--port", str(demo.port)), 1, f"port {demo.port} is taken"),
            (("--fresh", "--port", str(free_port())), 1, "is in use by another siao"),
            (("--port", str(free_port())), 1, "is in use by another siao"),
            (("--fresh", "--park", str(tmp_path / "none.csv")), 1, "--park: "),
            (("--fresh", "--park", str(tmp_path)), 1, "is not a file"),
            (("--fresh", "--park", str(tmp_path / "other.csv")), 1, "line 1, column 1: expected _id, found 'a'"),
            (("--fresh", "--park", str(TORONTO), "--night", "2025-01-01"), 1, "no night 2025-01-01; it has 2024-01-02 to 2024-01-15"),
            (("--fresh", "--night", "2024-01-15"), 2, "--night: goes with --park FILE"),
            (("--fresh", "--park", str(TORONTO), "--night", "tonight"), 2, "'tonight' is not a date"),
            (("--fresh", "--speed", "51"), 2, "--speed: 0.1 to 50"),
            (("--fresh", "--speed", "0"), 2, "--speed: 0.1 to 50"),
            (("--fresh", "--speed", "nan"), 2, "--speed: 0.1 to 50"),
            (("--fresh", "--port", "70000"), 2, "--port: 1 to 65535"),
        )
        for options, status, words in attempts:
            ended, said = typed("--data", data, *options)
            assert (ended, words in said) == (status, True), (options, ended, said)
        assert waiting(demo) == {code}
        demo.end()
        with running(here / "data", "--quiet-evening") as again:
            again.ready()
            assert waiting(again) == {code}


def test_a_file_that_may_not_be_read_is_said(ordinary: Who) -> None:
    with folder() as mine, folder(ordinary) as theirs:
        secret = mine / "park.csv"
        secret.write_text("x")
        secret.chmod(0o600)
        for options, name in ((("--park", str(secret)), "park.csv"), (("--quiet-evening",), "data")):
            process = ordinary.popen("demo", "--data", str(mine / "data"), *options, log=theirs / "said")
            ended, said = process.wait(60), (theirs / "said").read_text()
            assert (ended, "Permission denied" in said, name in said, "Traceback" in said) == (1, True, True, False), said
        assert not (mine / "data").exists()


def test_the_evening_runs_on_a_city_s_night_and_its_totals_are_the_file_s() -> None:
    options = ("--park", str(TORONTO), "--night", "2024-01-15", "--quiet-evening")
    with folder() as here, running(here / "data", *options) as demo:
        demo.ready()
        assert "assumed places per room: 4 for families, 2 otherwise" in demo.said()
        with demo.chair("ecoutant") as chair:
            units = chair.get("/api/board", params={"view": "operator"}).json()["rows"]["units"]
        free, serving = counted(units, "dormitory", str), counted(units, "room", lambda beds: beds[:1])
        assert free == file_s("BED", "BEDS")
        assert serving == file_s("ROOM", "ROOMS")


def counted(units: list[dict[str, Any]], kind: str, each: Callable[[str], str]) -> tuple[int, int, int]:
    """In service, occupied, free: beds of dormitories, or whole rooms."""
    letters = "".join(each(unit["beds"]) for unit in units if unit["kind"] == kind)
    return len(letters) - letters.count("x"), letters.count("o"), letters.count("l")


def file_s(one: str, many: str) -> tuple[int, int, int]:
    import csv

    with TORONTO.open(encoding="utf-8-sig") as file:
        lines = [line for line in csv.DictReader(file) if line["OCCUPANCY_DATE"].startswith("2024-01-15")]
    columns = (f"CAPACITY_ACTUAL_{one}", f"OCCUPIED_{many}", f"UNOCCUPIED_{many}")
    serving, occupied, free = (sum(int(line[column] or 0) for line in lines) for column in columns)
    return serving, occupied, free


FAKE = """#!/bin/sh
case "$*" in
    *"import venv, ensurepip"*) exit 1 ;;
    *"import sys"*) exit 0 ;;
esac
echo "asked: $*"
"""


def test_a_checkout_runs_its_own_code_wherever_it_is_called_from(tmp_path: Path) -> None:
    """Another checkout's folder is where many stand when they try a second one."""
    (tmp_path / "siao").mkdir()
    (tmp_path / "siao" / "__main__.py").write_text("raise SystemExit('not this one')")
    said = subprocess.run([MYSELF_ROOT / "run", "bench"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (said.returncode, "bench NAME, one of: allocation, " in said.stderr) == (2, True), said.stderr


def test_a_python_without_venv_is_told_the_one_package(tmp_path: Path) -> None:
    """On a machine as Debian leaves it: python3 without python3-venv."""
    said = _asked(tmp_path, system=FAKE)
    assert said.returncode == 2
    assert said.stderr == "This Python cannot make environments. Install one package: apt-get install python3-venv\n"
    assert not (tmp_path / "checkout" / ".venv").exists()


def test_the_system_s_python_is_taken_before_another(tmp_path: Path) -> None:
    said = _asked(tmp_path, system='#!/bin/sh\ncase "$*" in -m*) echo "asked here: $*" ;; esac\n')
    assert said.stdout.startswith("asked here: -m venv")


def _asked(at: Path, system: str) -> subprocess.CompletedProcess[str]:
    """What `./run demo` says in a new checkout, where this is the system's Python, and the one in the path cannot make environments."""
    fakes = {at / "bin" / "python3": FAKE, at / "usr" / "python3": system}
    for fake, text in fakes.items():
        fake.parent.mkdir()
        fake.write_text(text)
        fake.chmod(0o755)
    checkout = at / "checkout"
    checkout.mkdir()
    (checkout / "requirements.lock").write_bytes((MYSELF_ROOT / "requirements.lock").read_bytes())
    text = (MYSELF_ROOT / "run").read_text(encoding="utf-8")
    assert "/usr/bin/python3" in text
    (checkout / "run").write_text(text.replace("/usr/bin/python3", str(at / "usr" / "python3")))
    command, path = ["/bin/sh", str(checkout / "run"), "demo"], f"{at / 'bin'}:/usr/bin:/bin"
    return subprocess.run(command, env={"PATH": path}, capture_output=True, text=True, check=False)


MYSELF_ROOT = samples_folder().parent.parent
