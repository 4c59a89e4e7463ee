"""Whole boards over HTTP beside nginx's gzip_static, which sends the same compressed bytes from a file; turn by turn.

Both are asked by the same askers, one after the other; nginx has one worker process, as siao has.
"""

import asyncio
import contextlib
import gzip
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Generator
from pathlib import Path

import uvloop

from benchmarks import stage as stages
from benchmarks.stage import Stage, served
from siao import figures
from siao.embedded.process import free_port
from siao.figures import Figure
from siao.mortal import mortal

SHELTERS, ASKERS, CODE = 2_000, 32, "01"
CONF = """
daemon off; pid {home}/pid; error_log {home}/error.log; worker_processes 1;
events {{ worker_connections 1024; }}
http {{
    access_log off; keepalive_requests 1000000000;
    client_body_temp_path {home}/b; proxy_temp_path {home}/p; fastcgi_temp_path {home}/f; uwsgi_temp_path {home}/u; scgi_temp_path {home}/s;
    server {{ listen 127.0.0.1:{port}; root {home}; gzip_static on; default_type application/json; }}
}}
"""


class Asker(asyncio.Protocol):
    """Asks on as soon as it is answered; counts whole answers."""

    def __init__(self, ask: bytes, seen: list[int]) -> None:
        self.ask, self.seen, self.left = ask, seen, 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]
        self.transport.write(self.ask)

    def data_received(self, data: bytes) -> None:
        if self.left == 0:
            head, _, rest = data.partition(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(head.decode())
            low = head.lower()
            self.left = int(low[low.index(b"content-length:") + 15 :].split(b"\r", 1)[0]) - len(rest)
        else:
            self.left -= len(data)
        if self.left == 0:
            self.seen[0] += 1
            self.transport.write(self.ask)


async def rate(port: int, ask: bytes, seconds: float) -> float:
    """Answers a second."""
    loop, seen = asyncio.get_running_loop(), [0]
    lines = [(await loop.create_connection(lambda: Asker(ask, seen), "127.0.0.1", port))[0] for _ in range(ASKERS)]
    await asyncio.sleep(0.5)
    before, began = seen[0], time.perf_counter()
    await asyncio.sleep(seconds)
    found = (seen[0] - before) / (time.perf_counter() - began)
    for line in lines:
        line.abort()
    return found


@contextlib.contextmanager
def nginx(body: bytes) -> Generator[int]:
    """nginx with the board as a file and its gzip beside it."""
    home, port = Path(tempfile.mkdtemp(prefix="siao-nginx-")), free_port()
    home.chmod(0o755)
    (home / "board").write_bytes(body)
    (home / "board.gz").write_bytes(gzip.compress(body, 4))
    (home / "conf").write_text(CONF.format(home=home, port=port))
    serving = subprocess.Popen(["nginx", "-c", str(home / "conf"), "-e", str(home / "error.log")], preexec_fn=mortal(signal.SIGTERM))  # noqa: S603, S607
    try:
        time.sleep(0.5)
        yield port
    finally:
        serving.terminate()
        serving.wait(10)
        shutil.rmtree(home)


def question(path: str, cookie: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\nCookie: siao={cookie}\r\n\r\n".encode()


def rounds(stage: Stage, number: int, seconds: float) -> tuple[list[float], list[float], list[float]]:
    path, cookie = f"/api/board?view=operator&territory={CODE}", stage.sessions[0]
    ours, theirs = list[float](), list[float]()
    with served(stage) as (port, _):
        asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Cookie": f"siao={cookie}"})
        with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310
            body = answer.read()
        with nginx(body) as other:
            for n in range(number):
                ours.append(uvloop.run(rate(port, question(path, cookie), seconds)))
                theirs.append(uvloop.run(rate(other, question("/board", cookie), seconds)))
                figures.progress(f"boards, round {n + 1}: {ours[-1]:.0f}/s, nginx {theirs[-1]:.0f}/s")
    return [a / b for a, b in zip(ours, theirs, strict=True)], ours, theirs


def measure(quick: bool) -> list[Figure]:
    if shutil.which("nginx") is None:
        figures.progress("no nginx here: whole boards are not compared (apt-get install nginx-light)")
        return []
    with stages.stage([stages.park(CODE, SHELTERS, 10)]) as stage:
        ratio, ours, theirs = rounds(stage, 1 if quick else figures.ROUNDS_MIN, 2.0 if quick else 4.0)
    return [
        figures.measured("whole board of 2,000 shelters, × nginx gzip_static", ratio, "×", at_least=0.25, aim=0.4),
        figures.measured("whole boards", ours, "/s"),
        figures.measured("nginx gzip_static", theirs, "/s"),
    ]


def main(argv: list[str]) -> int:
    options = figures.parser("./run bench boards", "Whole boards beside nginx gzip_static.").parse_args(argv)
    return figures.tell(measure(options.quick), options.json)
