"""The wheel, built once and installed elsewhere: without this checkout, and without any registry."""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from launched import MYSELF, Who, runs_as_nobody
from siao.carried import HERE
from siao.embedded.process import NOBODY, as_root
from siao.embedded.stack import passing


@pytest.fixture(scope="session")
def elsewhere() -> Iterator[Path]:
    """A folder that every user may read."""
    with passing("elsewhere") as made:
        yield made


@pytest.fixture(scope="session")
def wheel(elsewhere: Path) -> Path:
    """What ./run build makes."""
    built = subprocess.run(
        [sys.executable, "-m", "siao", "build", "-d", str(elsewhere)], cwd=HERE.parent, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return next(elsewhere.glob("siao-*.whl"))


def uv(*arguments: str) -> int:
    command = [str(Path(sys.executable).with_name("uv")), *arguments]
    return subprocess.run(command, env={**os.environ, "UV_SYSTEM_CERTS": "1"}, check=False).returncode


def environment(python: str, at: Path, wheel: Path) -> Path:
    """An environment with the wheel in it and nothing else."""
    subprocess.run([python, "-m", "venv", "--without-pip", str(at)], check=True)
    made = at / "bin" / "python"
    assert uv("pip", "install", "--quiet", "--offline", "--no-deps", "--python", str(made), str(wheel)) == 0
    return made


def see(at: Path, libraries: Path) -> None:
    """Lets an environment of the same Python see libraries that are installed elsewhere."""
    (next(at.glob("lib/python3*/site-packages")) / "libraries.pth").write_text(f"{libraries}\n")


LIBRARIES = Path(sysconfig.get_paths()["purelib"])
VERSION = "import sys; sys.exit(sys.version != sys.argv[1])"
LIST = "import os, sys; os.listdir(sys.argv[1])"


@pytest.fixture(scope="session")
def installed(wheel: Path, elsewhere: Path) -> Who:
    """Myself, with the installed wheel instead of the checkout."""
    python = environment(sys.executable, elsewhere / "mine", wheel)
    see(elsewhere / "mine", LIBRARIES)
    return Who("installed", str(python), None, None)


@pytest.fixture(scope="session")
def ordinary(wheel: Path, elsewhere: Path) -> Who:
    """An ordinary user of this machine, with the installed wheel; the checkout may be out of its reach."""
    if not as_root():
        pytest.skip("not root: these tests are an ordinary user's already")
    python = next(
        (p for p in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3") if runs_as_nobody(p, "-c", "import venv")), None
    )
    if python is None:
        pytest.skip("no Python here that an ordinary user can run")
    made = environment(python, elsewhere / "theirs", wheel)
    if runs_as_nobody(str(made), "-c", VERSION, sys.version) and runs_as_nobody(str(made), "-c", LIST, str(LIBRARIES)):
        see(elsewhere / "theirs", LIBRARIES)
    elif uv("pip", "install", "--quiet", "--require-hashes", "--python", str(made), "-r", str(HERE.parent / "requirements.lock")):
        pytest.skip("another Python than ours, and its packages cannot be had")
    return Who("ordinary", str(made), None, NOBODY)


@pytest.fixture(params=["myself", "ordinary"])
def who(request: pytest.FixtureRequest) -> Who:
    return MYSELF if request.param == "myself" else request.getfixturevalue("ordinary")
