"""A measurement that is stopped leaves nothing behind: what it started goes with it, whatever ends it."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from siao.embedded.process import free_port

ROOT = Path(__file__).parent.parent
WAIT_SECONDS = 30.0
SERVER = """
import sys, time
from benchmarks import tellers
port = int(sys.argv[1])
with tellers.running([sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"], port) as pid:
    print("child", pid, flush=True)
    time.sleep(600)
"""


def alive(pid: int) -> bool:
    """A zombie that nobody has asked for yet is dead."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_server_that_is_measured_ends_with_who_measures(how: signal.Signals) -> None:
    command = [sys.executable, "-c", SERVER, str(free_port())]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as bench:
        assert bench.stdout is not None
        pid = next(int(line.split()[1]) for line in bench.stdout if line.startswith("child "))
        assert alive(pid)
        bench.send_signal(how)
        bench.wait(WAIT_SECONDS)
    deadline = time.monotonic() + WAIT_SECONDS
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(pid)


def test_every_child_of_a_measurement_is_mortal() -> None:
    """git is asked and answers; everything else that is started may outlive who started it."""
    for path in [*ROOT.glob("benchmarks/*.py"), *ROOT.glob("loadtests/*.py")]:
        for call in re.findall(r"subprocess\.(?:Popen|run)\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)", path.read_text()):
            assert "preexec_fn=mortal(" in call or '"git"' in call, f"{path.name}: {call}"


def test_each_that_is_listed_takes_the_words_behind_its_name() -> None:
    """`./run bench NAME` calls main(argv); what measures nothing by itself is not in its list."""
    listed = {path.stem: path.read_text() for path in (ROOT / "benchmarks").glob("*.py") if "def main(" in path.read_text()}
    assert {name for name, text in listed.items() if "def main(argv: list[str]" not in text} == set() and "prebuilt" not in listed
