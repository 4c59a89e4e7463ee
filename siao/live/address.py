"""Where Redis is: one server, a cluster's shard, or whom the sentinels call master. Found anew at each connection.

redis://[user:password@]host[:6379][/0]                      rediss:// with TLS, also below
redis+cluster://[user:password@]host:port,host:port,…        sharded pub/sub on the node that owns the bell's slot
redis+sentinel://[user:password@]host[:26379],…/name[/0]     the master of that name; credentials are the master's
"""

from typing import Any
from urllib.parse import unquote, urlsplit

from msgspec import Struct
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.crc import key_slot
from redis.exceptions import ConnectionError, RedisError

PORT, SENTINEL_PORT = 6379, 26379
WAIT_SECONDS = 1.0
SCHEMES = {"": "single", "+cluster": "cluster", "+sentinel": "sentinel"}


class Malformed(ValueError):
    """An address that says nothing; the message says what is wrong with it."""


class Address(Struct, frozen=True):
    """`kind`: single, cluster or sentinel. `nodes`: to be asked in turn. `name`: of the master, for sentinels."""

    kind: str
    nodes: tuple[tuple[str, int], ...]
    name: str = ""
    db: int = 0
    username: str | None = None
    password: str | None = None
    tls: bool = False


def parse(url: str) -> Address:
    """The address a URL says; refuses what it cannot mean."""
    parts = urlsplit(url)
    base, plus, kind = parts.scheme.partition("+")
    if base not in ("redis", "rediss") or plus + kind not in SCHEMES:
        raise Malformed(f"SIAO_REDIS_URL: {parts.scheme or 'no'} scheme; redis, redis+cluster or redis+sentinel (rediss with TLS)")
    credentials, _, hosts = parts.netloc.rpartition("@")
    name, db = _path(kind, parts.path.strip("/"))
    username, _, password = credentials.partition(":")
    nodes = tuple(_node(host, SENTINEL_PORT if kind == "sentinel" else PORT) for host in hosts.split(","))
    if not kind and len(nodes) > 1:
        raise Malformed("SIAO_REDIS_URL: several hosts want redis+cluster or redis+sentinel")
    return Address(SCHEMES[plus + kind], nodes, name, db, unquote(username) or None, unquote(password) or None, base == "rediss")


def _node(text: str, port: int) -> tuple[str, int]:
    host, colon, number = text.rpartition(":") if not text.endswith("]") else (text, "", "")
    if colon and not number.isdigit():
        raise Malformed(f"SIAO_REDIS_URL: no port: {number!r}")
    host = (host if colon else text).strip("[]")
    if not host:
        raise Malformed("SIAO_REDIS_URL: a host is missing")
    return host, int(number) if colon else port


def _path(kind: str, path: str) -> tuple[str, int]:
    name, _, db = path.partition("/") if kind == "sentinel" else ("", "", path)
    if kind == "sentinel" and not name:
        raise Malformed("SIAO_REDIS_URL: redis+sentinel://…/NAME wants the master's name")
    if db and (not db.isdigit() or (kind == "cluster" and db != "0")):
        raise Malformed(f"SIAO_REDIS_URL: no database: {db!r}")
    return name, int(db or 0)


def connect(address: Address, node: tuple[str, int]) -> Redis:
    """No retries of its own: whoever rings must not wait, whoever listens comes back by itself."""
    host, port = node
    return Redis(
        host=host, port=port, db=address.db, username=address.username, password=address.password, ssl=address.tls,
        retry=Retry(NoBackoff(), 0), socket_connect_timeout=WAIT_SECONDS, decode_responses=True,
    )  # fmt: skip


async def find(address: Address, channel: str) -> tuple[str, int]:
    """Host and port of the server where the bell hangs now."""
    if address.kind == "sentinel":
        options: Any = {"socket_connect_timeout": WAIT_SECONDS, "socket_timeout": WAIT_SECONDS, "retry": Retry(NoBackoff(), 0)}
        sentinels = Sentinel(address.nodes, sentinel_kwargs=options)
        try:
            return await sentinels.discover_master(address.name)
        finally:
            for sentinel in sentinels.sentinels:
                await sentinel.aclose()
    return await _owner(address, channel) if address.kind == "cluster" else address.nodes[0]


async def _owner(address: Address, channel: str) -> tuple[str, int]:
    slot = key_slot(channel.encode())
    for node in address.nodes:
        client = connect(address, node)
        try:
            asked: Any = client.execute_command("CLUSTER SLOTS")
            for first, last, owner, *_ in await asked:
                if first <= slot <= last:
                    return str(owner[0] or node[0]), int(owner[1])
        except (RedisError, OSError):
            continue
        finally:
            await client.aclose()
    raise ConnectionError("no node of the cluster says who owns the bell's slot")
