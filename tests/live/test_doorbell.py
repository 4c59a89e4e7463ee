"""Where the bell hangs: one server, a real cluster of three, a master that falls and whom the sentinel names then."""

import asyncio
import shutil
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg
import pytest
from redis.asyncio import Redis

from siao.embedded import valkey
from siao.embedded.process import Server, as_root, free_port, nobody
from siao.embedded.stack import passing
from siao.live.address import Address, Malformed, parse
from siao.live.doorbell import Doorbell


@pytest.mark.parametrize(
    "url, means",
    [
        ("redis://h", Address("single", (("h", 6379),))),
        ("redis://h:7000/3", Address("single", (("h", 7000),), db=3)),
        ("rediss://u:p%40ss@h:7000", Address("single", (("h", 7000),), username="u", password="p@ss", tls=True)),
        ("redis://[::1]:7000", Address("single", (("::1", 7000),))),
        ("redis+cluster://a:1,b:2,c", Address("cluster", (("a", 1), ("b", 2), ("c", 6379)))),
        ("redis+sentinel://:s@a,b:2/mine/1", Address("sentinel", (("a", 26379), ("b", 2)), name="mine", db=1, password="s")),
    ],
)
def test_an_address_is_read(url: str, means: Address) -> None:
    assert parse(url) == means


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://h",
        "redis+ring://h",
        "redis://",
        "redis://a,b",
        "redis://h:x",
        "redis://h/x",
        "redis+sentinel://a,b",
        "redis+cluster://a/2",
    ],
)
def test_an_address_that_says_nothing_is_refused_by_name(url: str) -> None:
    with pytest.raises(Malformed, match="SIAO_REDIS_URL"):
        parse(url)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where nobody may enter: pytest's own folders are root's alone."""
    with passing("bell") as made:
        yield made


@contextmanager
def valkeys(folder: Path, number: int, *more: str) -> Iterator[list[tuple[int, Server]]]:
    """Servers of their own, each in a folder where it may write."""
    started: list[tuple[int, Server]] = []
    try:
        for n in range(number):
            port, home = free_port(), folder / str(n)
            _own(home)
            command = [str(valkey.binary()), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(home), *more]
            if "--cluster-enabled" in more:
                command += ["--cluster-port", str(free_port())]
            server = Server(command, home / "log", lambda port=port: valkey.answers(port), signal.SIGTERM)  # type: ignore[misc]
            server.start()
            started.append((port, server))
        yield started
    finally:
        for _, server in started:
            server.stop()


def _own(home: Path) -> None:
    home.mkdir(parents=True, exist_ok=True)
    if as_root():
        shutil.chown(home, nobody()["user"], nobody()["group"])


async def said(port: int, *words: str) -> object:
    client = Redis(host="127.0.0.1", port=port, decode_responses=True)
    try:
        return await client.execute_command(*words)
    finally:
        await client.aclose()


class Ears:
    """A process that rings and hears."""

    def __init__(self, url: str, house: str = "1.5") -> None:
        self.heard: list[tuple[str, int]] = []
        self.missed = 0
        self.bell = Doorbell(url, lambda code, seq: self.heard.append((code, seq)), self._missed, self._house)
        self.name = house

    async def _house(self) -> str:
        return self.name

    def _missed(self) -> None:
        self.missed += 1

    async def hears(self, ring: tuple[str, int], of: "Ears", seconds: float = 10.0) -> None:
        """Until what the other rings is heard here."""
        for _ in range(int(seconds / 0.1)):
            of.bell.ring(*ring)
            await asyncio.sleep(0.1)
            if ring in self.heard:
                return
        raise AssertionError(f"{ring} was not heard")


@asynccontextmanager
async def two(url: str, *houses: str) -> AsyncIterator[tuple[Ears, ...]]:
    """Two processes of one house, or one of each that is named."""
    ears = tuple(Ears(url, house) for house in houses or ("1.5", "1.5"))
    tasks = [asyncio.create_task(loop()) for ear in ears for loop in (ear.bell.listen, ear.bell.publish)]
    try:
        yield ears
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for ear in ears:
            await ear.bell.close()


async def test_many_rings_are_one_message_with_the_last_numbers(folder: Path) -> None:
    with valkeys(folder, 1) as [(port, _)]:
        async with two(f"redis://127.0.0.1:{port}") as (here, there):
            await there.hears(("38", 1), here)
            there.heard.clear()
            for seq in range(2, 50):
                here.bell.ring("38", seq)
                here.bell.ring("69", seq)
            await there.hears(("38", 50), here)
            assert ("69", 49) in there.heard and len(there.heard) <= 5


async def test_two_houses_at_one_redis_do_not_ring_at_each_other(folder: Path) -> None:
    with valkeys(folder, 1) as [(port, _)]:
        async with two(f"redis://127.0.0.1:{port}", "1.5", "1.5", "1.6", "2.5") as (here, there, next_door, abroad):
            await there.hears(("38", 1), here)
            for other in (next_door, abroad):
                await other.hears(("38", 9), other)  # itself: it is there
            await there.hears(("38", 2), here)
            assert ("38", 9) not in here.heard + there.heard
            assert {ring for other in (next_door, abroad) for ring in other.heard} == {("38", 9)}
            assert here.bell.up and abroad.bell.up


async def test_a_bell_hangs_as_soon_as_the_database_says_whose_it_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with valkeys(folder, 1) as [(port, _)]:
        asked: list[Ears] = []

        async def away(self: Ears) -> str:
            asked.append(self)
            if len(asked) < 3:
                raise asyncpg.CannotConnectNowError("starting up")
            return self.name

        monkeypatch.setattr(Ears, "_house", away)
        async with two(f"redis://127.0.0.1:{port}") as (here, there):
            await there.hears(("38", 1), here)
            assert len(asked) == 4, "and is asked no more"


async def test_a_cluster_carries_the_bell_on_the_shard_that_owns_it(folder: Path) -> None:
    with valkeys(folder, 3, "--cluster-enabled", "yes", "--cluster-node-timeout", "2000") as nodes:
        ports = [port for port, _ in nodes]
        for n, (port, server) in enumerate(nodes):
            await said(port, "CLUSTER", "ADDSLOTSRANGE", str(n * 5462), str(min(16383, n * 5462 + 5461)))
            await said(ports[0], "CLUSTER", "MEET", "127.0.0.1", str(port), server.command[-1])
        for _ in range(200):
            states = [str(await said(port, "CLUSTER", "INFO")) for port in ports]
            if all("cluster_state:ok" in state or "'cluster_state': 'ok'" in state for state in states):
                break
            await asyncio.sleep(0.1)
        url = "redis+cluster://" + ",".join(f"127.0.0.1:{port}" for port in ports)
        async with two(url) as (here, there):
            await there.hears(("38", 7), here, 20)
            assert here.bell.node == there.bell.node and here.bell.up


async def test_the_sentinel_s_new_master_is_found(folder: Path) -> None:
    with valkeys(folder / "data", 2, "--repl-diskless-sync-delay", "0") as nodes:
        (first, server), (second, _) = nodes
        await said(second, "REPLICAOF", "127.0.0.1", str(first))
        home = folder / "sentinel"
        _own(home)
        port = free_port()
        conf = home / "sentinel.conf"
        conf.write_text(
            f"port {port}\nbind 127.0.0.1\ndir {home}\nsentinel monitor mine 127.0.0.1 {first} 1\n"
            "sentinel down-after-milliseconds mine 500\nsentinel failover-timeout mine 2000\n"
        )
        conf.chmod(0o666)
        sentinel = Server([str(valkey.binary()), str(conf), "--sentinel"], home / "log", lambda: valkey.answers(port), signal.SIGTERM)
        sentinel.start()
        try:
            async with two(f"redis+sentinel://127.0.0.1:{port}/mine") as (here, there):
                await there.hears(("38", 1), here, 20)
                assert here.bell.node == ("127.0.0.1", first)
                await asyncio.sleep(1.5)  # the sentinel learns of the replica
                server.kill()
                await there.hears(("38", 2), here, 40)
                assert here.bell.node == there.bell.node == ("127.0.0.1", second) and there.missed > 1
        finally:
            sentinel.stop()
