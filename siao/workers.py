"""Several processes at one door: they share the listening socket, so that one may go while another takes every new connection.

A roll starts the new worker, waits until it is open, and only then asks the old one to finish: commands in flight are answered,
each answer closes its connection, sockets hear 1012. Nothing that reached a listening socket is lost.
"""

import asyncio
import gc
import logging
import multiprocessing
import os
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import Callable
from multiprocessing.connection import Connection
from types import FrameType

import uvicorn
import uvloop

from siao import app, logs
from siao.api import pages
from siao.api.clicks import Clicks
from siao.live.socket import INBOUND_MAX, FrameProtocol
from siao.mortal import mortally
from siao.settings import Settings

log = logging.getLogger("siao.workers")
OPEN_SECONDS = 60.0
FINISH_SECONDS = 5
LAST_ANSWERS_SECONDS = 0.5
"""How long a worker that goes still answers on its open connections, each answer saying that it was the last there."""
STOP_SECONDS = FINISH_SECONDS + 5.0
RESTARTS_MAX = 20
"""Workers that die by themselves are started again, this often a minute at most."""
TEND_SECONDS = 0.2
BACKLOG = 4_096
GARBAGE = 20_000, 20, 50
"""How many new objects that could stand in a circle before the collector looks, and how many such looks before it looks further."""
SPAWN = multiprocessing.get_context("spawn")


def config(settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        Clicks(app.build(settings), app.BODY_BYTES_MAX),
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        ws=FrameProtocol,
        ws_max_size=INBOUND_MAX,
        ws_per_message_deflate=False,
        log_config=None,
        log_level="warning",
        access_log=False,
        lifespan="on",
        backlog=BACKLOG,
        timeout_graceful_shutdown=FINISH_SECONDS,
        server_header=False,
        proxy_headers=False,
        headers=list(pages.HEADERS.items()),
    )


class Opening(uvicorn.Server):
    """A server that says when it takes connections, and that ends connections by an answer, not under a question."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.opened = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.opened.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        if self.server_state.connections:
            self.server_state.default_headers = [*self.server_state.default_headers, (b"connection", b"close")]
            await asyncio.sleep(LAST_ANSWERS_SECONDS)
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Whoever runs this server goes on after it: the signal is not raised again, and a second one tears nothing."""
        self.should_exit = True


def listening(host: str, port: int) -> socket.socket:
    """The socket that all workers share."""
    door = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=BACKLOG)
    door.setblocking(False)
    return door


def work(settings: Settings, door: socket.socket, says: Connection, parent: int) -> None:
    """One worker, until it is told to stop or its parent dies."""
    logs.begin()
    mortally(signal.SIGTERM)
    if os.getppid() != parent:
        return
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    gc.set_threshold(*GARBAGE)  # rows stand in no circle; at Python's own pace the collector took a fifth of every click
    uvloop.run(_serve(Opening(config(settings)), door, says))


async def _serve(server: Opening, door: socket.socket, says: Connection) -> None:
    async def say() -> None:
        await server.opened.wait()
        gc.freeze()
        says.send("open")

    telling = asyncio.create_task(say())
    await server.serve([door])
    telling.cancel()


class Worker:
    def __init__(self, settings: Settings, door: socket.socket) -> None:
        self.hears, says = SPAWN.Pipe(duplex=False)
        self.process = SPAWN.Process(target=work, args=(settings, door, says, os.getpid()))
        self.process.start()
        says.close()

    def opens(self, stopping: Callable[[], bool]) -> bool:
        """Waits until it takes connections; False where it died first, took too long, or is not to be waited for any more."""
        deadline = time.monotonic() + OPEN_SECONDS
        try:
            while not self.hears.poll(TEND_SECONDS):
                if stopping() or time.monotonic() > deadline:
                    return False
            return self.hears.recv() == "open"
        except EOFError:
            return False

    def stop(self) -> None:
        """Asks it to finish; kills it where it does not."""
        if self.process.is_alive():
            self.process.terminate()
        self.process.join(STOP_SECONDS)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


class Crew:
    """`number` workers at one door. `tend` is to be called every TEND_SECONDS. `stopping`: nothing that is begun is waited for."""

    def __init__(self, settings: Settings, number: int, stopping: Callable[[], bool]) -> None:
        self.settings, self.number, self.stopping = settings, number, stopping
        self.door = listening(settings.host, settings.port)
        self.workers: list[Worker] = []
        self.deaths: deque[float] = deque(maxlen=RESTARTS_MAX)

    def start(self) -> bool:
        """Whether all of them opened."""
        self.workers = [Worker(self.settings, self.door) for _ in range(self.number)]
        return all(worker.opens(self.stopping) for worker in self.workers)

    def tend(self) -> bool:
        """Starts again whoever died; False where they die too often."""
        for i, worker in enumerate(self.workers):
            if worker.process.is_alive():
                continue
            log.warning("worker %s died and is started again", worker.process.pid)
            self.deaths.append(time.monotonic())
            self.workers[i] = Worker(self.settings, self.door)
        return len(self.deaths) < RESTARTS_MAX or self.deaths[0] < time.monotonic() - 60

    def roll(self) -> bool:
        """Every worker replaced, one after the other; stops at the first new one that does not open, and keeps the old."""
        for i, old in enumerate(self.workers):
            new = Worker(self.settings, self.door)
            if self.stopping() or not new.opens(self.stopping):
                new.stop()
                return False
            self.workers[i] = new
            old.stop()
        return True

    def stop(self) -> None:
        self.door.close()
        for worker in self.workers:
            if worker.process.is_alive():
                worker.process.terminate()
        for worker in self.workers:
            worker.stop()


def serve(settings: Settings, number: int) -> int:
    """Serves until SIGTERM or SIGINT; SIGHUP replaces the workers one by one. 1 where they do not open, or keep dying."""
    logs.begin()
    told: list[int] = []

    def heard(number: int, frame: FrameType | None) -> None:
        told.append(number)

    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(name, heard)
    crew = Crew(settings, number, lambda: bool({signal.SIGTERM, signal.SIGINT} & set(told)))
    try:
        return _kept_open(crew, told)
    finally:
        crew.stop()


def _kept_open(crew: Crew, told: list[int]) -> int:
    if crew.start():
        sys.stderr.write(f"siao: {crew.number} at the door, port {crew.settings.port}\n")
    elif not crew.stopping():
        log.error("not all workers opened")
        return 1
    while not crew.stopping():
        time.sleep(TEND_SECONDS)
        if signal.SIGHUP in told:
            told.remove(signal.SIGHUP)
            if not crew.roll() and not crew.stopping():
                log.error("the new worker did not open; the old ones stay")
        if not crew.stopping() and not crew.tend():
            log.error("the workers keep dying")
            return 1
    return 0
