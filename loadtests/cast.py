"""Who takes part: accounts that exist on the host, each with where it sits. Written by `./run load`, or by hand.

{"hosts": ["http://127.0.0.1:8115"], "people": [{"role": "operator", "territory": "38", "login": "…", "password": "…"}, …]}
"""

from collections.abc import Iterable
from pathlib import Path

import msgspec
from msgspec import Struct

from siao.core.people import Role

VIEWS = {Role.OPERATOR: "operator", Role.COORDINATOR: "operator", Role.SHELTER: "shelter", Role.WORKER: "worker"}


class Person(Struct, frozen=True):
    """`token`: a session that is open already, else password opens one. `acts` false: a screen that only listens."""

    role: Role
    territory: str
    login: str
    password: str | None = None
    token: str | None = None
    shelter: str | None = None
    service: str | None = None
    acts: bool = True

    @property
    def only(self) -> str:
        """The one shelter or service that this person's board tells of; empty: the whole territory."""
        return self.shelter or self.service or ""

    @property
    def query(self) -> dict[str, str]:
        """What the person's board is asked for with."""
        more = {"shelter": self.shelter, "service": self.service}
        return {"view": VIEWS[self.role], "territory": self.territory, **{name: id for name, id in more.items() if id}}


class Cast(Struct, frozen=True):
    """`hosts`: the processes of one service, shared out among the screens; empty where Locust's own --host says it."""

    people: tuple[Person, ...]
    hosts: tuple[str, ...] = ()
    cookie: str = "siao"

    def acting(self, role: Role) -> list[Person]:
        return [person for person in self.people if person.role is role and person.acts]

    def listening(self) -> list[Person]:
        return [person for person in self.people if not person.acts]

    def host(self, person: Person, otherwise: str | None = None) -> str | None:
        """The same process for the same person, each process its share."""
        own = [p for p in self.people if p.role is person.role]
        return self.hosts[own.index(person) % len(self.hosts)] if self.hosts else otherwise


def read(path: Path) -> Cast:
    return msgspec.json.decode(path.read_bytes(), type=Cast)


def write(path: Path, people: Iterable[Person], hosts: Iterable[str], cookie: str) -> None:
    path.write_bytes(msgspec.json.encode(Cast(tuple(people), tuple(hosts), cookie)))
