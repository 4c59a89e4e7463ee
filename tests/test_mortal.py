"""Children that die with their parent, and the signals that come while they are born."""

import subprocess
import sys

import pytest

FORKED = """
import os, signal, subprocess, sys
from siao.mortal import mortal, ran, undisturbed
name = getattr(signal, sys.argv[1])
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever is started in the background has it ignored
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
os.register_at_fork(after_in_parent=lambda: os.kill(os.getpid(), name))
try:
    if sys.argv[2] == "ran":
        ran(["/bin/sleep", "60"])
    else:
        with undisturbed():
            child = subprocess.Popen(["/bin/sleep", "60"], preexec_fn=mortal())
except (KeyboardInterrupt, SystemExit):
    print("heard")
"""


@pytest.mark.parametrize("how", ["ran", "born"])
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_that_comes_while_a_child_is_forked_is_heard_after_it(name: str, how: str) -> None:
    done = subprocess.run([sys.executable, "-c", FORKED, name, how], capture_output=True, text=True, timeout=50)
    assert (done.stdout, done.stderr) == ("heard\n", "")
