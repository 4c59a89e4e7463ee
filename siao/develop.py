"""What those who change siao run: every test, every check, the build. Needs the development packages and a checkout."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from siao.embedded import screens
from siao.embedded.process import CannotStart

HERE = Path(__file__).parent.parent
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str | None:
    """The browser that the tests of the screens drive, where there is one."""
    return next((path for name in CHROMIUM if (path := shutil.which(name))), None)


def test(argv: list[str]) -> int:
    """The screens' own tests, then pytest with whatever is given. The first failure decides."""
    if chromium() is None:
        say("no Chromium here: the browser tests are skipped (apt-get install chromium)")
    return _all(
        ("screens, their own tests", _screens_test),
        ("pytest", lambda: _call([sys.executable, "-m", "pytest", *argv])),
    )


def check(argv: list[str]) -> int:
    """Style, types, layers, of both languages."""
    tool = Path(sys.executable).parent
    return _all(
        ("ruff", lambda: _call([str(tool / "ruff"), "check"])),
        ("ruff format", lambda: _call([str(tool / "ruff"), "format", "--check"])),
        ("pyright", lambda: _call([str(tool / "pyright"), "--pythonpath", sys.executable])),
        ("layers", lambda: _call([str(tool / "lint-imports")])),
        (
            "svelte-check",
            lambda: _node("node_modules/svelte-check/bin/svelte-check", "--tsconfig", "./tsconfig.json", "--fail-on-warnings"),
        ),
        ("tsc", lambda: _node("node_modules/typescript/bin/tsc", "-p", "tsconfig.shell.json")),
    )


def bench(argv: list[str]) -> int:
    """The measuring command of that name: benchmarks/NAME.py, which takes --quick and --json."""
    folder = HERE / "benchmarks"
    names = sorted(path.stem for path in folder.glob("*.py") if "def main(" in path.read_text("utf-8"))
    if not argv or argv[0] not in names:
        say(f"bench NAME, one of: {', '.join(names)}" if names else "bench needs a checkout")
        return 2
    sys.path.insert(0, str(HERE))
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))  # its servers are stopped, its folders go
    return import_module(f"benchmarks.{argv[0]}").main(argv[1:])


def build(argv: list[str]) -> int:
    """The screens, and the wheel that carries them, into dist/."""
    screens.build()
    return _call([sys.executable, "-m", "hatchling", "build", "-t", "wheel", *argv])


def _screens_test() -> int:
    screens.build()
    return _node("--test", "--test-reporter=dot", "src/**/*.test.ts")


def _node(*arguments: str) -> int:
    screens.installed()
    return _call([*screens.node(), *arguments], screens.WEB)


def _call(command: Sequence[str], where: Path = HERE) -> int:
    return subprocess.run(command, cwd=where, check=False).returncode  # noqa: S603 - our own tools


def _all(*steps: tuple[str, Callable[[], int]]) -> int:
    for name, step in steps:
        say(name)
        try:
            code = step()
        except CannotStart as no:
            say(str(no))
            code = 1
        if code:
            say(f"{name}: failed")
            return code
    return 0


def say(text: str) -> None:
    sys.stderr.write(f"siao: {text}\n")
    sys.stderr.flush()
