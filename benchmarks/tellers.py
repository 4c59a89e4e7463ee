"""Who tells the screens: siao, nchan, a bare uvloop loop; each a server of its own, with how news get there."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Generator, Sequence
from functools import partial
from pathlib import Path

from msgspec import Struct
from redis import Redis

from benchmarks import stage as stages
from benchmarks.prebuilt import AT_ONCE
from benchmarks.stage import SECRET, Stage
from siao.embedded.process import free_port
from siao.live.doorbell import CHANNEL
from siao.mortal import mortal

CODE = "01"
MODULE = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
CONF = """
load_module {module};
daemon off; pid {home}/pid; error_log {home}/error.log; worker_processes 1; worker_rlimit_nofile 20000;
events {{ worker_connections 16384; }}
http {{
    access_log off; keepalive_requests 1000000000; nchan_max_reserved_memory 256M;
    client_body_temp_path {home}/b; proxy_temp_path {home}/p; fastcgi_temp_path {home}/f; uwsgi_temp_path {home}/u; scgi_temp_path {home}/s;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location /pub {{ nchan_publisher; nchan_channel_id live; nchan_message_buffer_length 2000; nchan_message_timeout 30s; }}
        location /sub {{ nchan_subscriber websocket; nchan_channel_id live; nchan_subscriber_first_message newest; }}
    }}
}}
"""
Publish = Callable[[str, bytes], None]


class Served(Struct, frozen=True):
    """A server to be read from: its processes, where its screens come in, and how news get there."""

    port: int
    pids: list[int]
    path: str
    headers: dict[str, str]
    publish: Publish
    hello: bool = False


def over_redis(url: str) -> Publish:
    redis = Redis.from_url(url)

    def publish(bed: str, text: bytes) -> None:
        redis.publish(CHANNEL, f"{CODE} {bed} ".encode() + text)

    return publish


@contextlib.contextmanager
def siao(stage: Stage, **more: str) -> Generator[Served]:
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    env = os.environ | {
        "SIAO_DATABASE_URL": stage.app_url, "SIAO_SECRET": SECRET, "SIAO_PORT": str(port), "SIAO_SECURE_COOKIES": "0",
        "SIAO_REDIS_URL": stage.servers.redis_url, "SIAO_ORIGINS": origin,
    } | more  # fmt: skip
    with running([sys.executable, "-m", "benchmarks.prebuilt"], port, env) as pid:
        path, headers = seat(stage, port)
        yield Served(port, [pid], path, headers, over_redis(stage.servers.redis_url), hello=True)


def seat(stage: Stage, port: int, cookie: str = "") -> tuple[str, dict[str, str]]:
    """Where an operator's screen comes in, from the board as it is now."""
    stages._until_ready(port)
    headers = {"Cookie": f"siao={cookie or stage.sessions[0]}", "Origin": f"http://127.0.0.1:{port}"}
    asked = urllib.request.Request(f"http://127.0.0.1:{port}/api/board?view=operator&territory={CODE}", headers=headers)
    with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310
        since = answer.headers["ETag"].strip('"')
    return f"/api/live?view=operator&territory={CODE}&since={since}", headers


@contextlib.contextmanager
def bare(stage: Stage) -> Generator[Served]:
    port = free_port()
    with running([sys.executable, "-m", "benchmarks.bare", str(port), stage.servers.redis_url], port) as pid:
        yield Served(port, [pid], "/", {}, over_redis(stage.servers.redis_url))


@contextlib.contextmanager
def nchan(stage: Stage, at_once: bool = True) -> Generator[Served]:
    """As Debian has it, nchan leaves Nagle's algorithm on: a frame waits until the reader has acknowledged the one before, some 40 ms,
    and is then sent in the reader's time. `at_once`: every frame leaves when it is written, as ours do; a connection inherits that from
    the socket it came in by, which nginx takes over from us as from an older nginx."""
    home, door = Path(tempfile.mkdtemp(prefix="siao-nchan-")), socket.create_server(("127.0.0.1", 0), backlog=4096)
    door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, int(at_once))
    door.set_inheritable(True)
    port = door.getsockname()[1]
    home.chmod(0o755)
    (home / "conf").write_text(CONF.format(home=home, port=port, module=MODULE))
    command = ["nginx", "-c", str(home / "conf"), "-e", str(home / "error.log")]
    try:
        with door, running(command, port, os.environ | {"NGINX": f"{door.fileno()};"}, (door.fileno(),)) as pid:
            workers = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
            yield Served(port, workers, "/sub", {}, posting(port))
    finally:
        shutil.rmtree(home)


def posting(port: int) -> Publish:
    """By POST on one connection; answers are read when they come, nobody waits for them."""
    line = socket.create_connection(("127.0.0.1", port))
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def publish(bed: str, text: bytes) -> None:
        head = f"POST /pub HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(text)}\r\n\r\n"
        line.sendall(head.encode() + text)
        with contextlib.suppress(BlockingIOError):
            line.recv(1 << 16, socket.MSG_DONTWAIT)

    return publish


@contextlib.contextmanager
def running(command: list[str], port: int, env: dict[str, str] | None = None, keep: Sequence[int] = ()) -> Generator[int]:
    serving = subprocess.Popen(command, env=env, pass_fds=keep, preexec_fn=mortal(signal.SIGTERM))  # noqa: S603 - ourselves
    try:
        deadline = time.monotonic() + stages.READY_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.1)
        else:
            raise TimeoutError(f"{command[0]} did not open")
        time.sleep(0.3)
        yield serving.pid
    finally:
        serving.terminate()
        serving.wait(30)


SERVERS: dict[str, Callable[[Stage], contextlib.AbstractContextManager[Served]]] = {
    "siao": siao,
    "siao-at-once": partial(siao, **{AT_ONCE: "1"}),
    "nchan": nchan,
    "nchan-waiting": partial(nchan, at_once=False),
    "bare": bare,
}
