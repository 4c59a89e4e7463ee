"""What every person at a chair has in Locust: a session, a board, clicks with keys of their own, and reads."""

import time
from collections.abc import Callable
from random import Random
from typing import Any, ClassVar
from urllib.parse import urlencode
from uuid import uuid4

import gevent
import msgspec
from gevent.lock import BoundedSemaphore
from locust import FastHttpUser

from loadtests.arrivals import Arrivals
from loadtests.boards import Board, read_all
from loadtests.cast import Cast, Person
from loadtests.echo import Click, Echo
from loadtests.limits import Sample
from loadtests.profiles import Profile
from siao.core.people import Role

LOST_RACE = 409
HANGS_SECONDS = 3.0
TRIES = 3


class Tape:
    """What this process measured. `judged_from`: everybody sits, from here on it counts."""

    def __init__(self) -> None:
        self.samples: list[Sample] = []
        self.arrivals = Arrivals()
        self.echo = Echo(self._settled)
        self.boards: list[Board] = []
        self.lag_ms: list[float] = []
        self.judged_from = float("inf")
        self.tokens: dict[str, str] = {}
        self.door = BoundedSemaphore()
        self.waiting: dict[int, tuple[str, float]] = {}
        self.over, self.again = False, 0
        self.fire: Any = None

    def note(self, sample: Sample) -> None:
        """What began before everybody sat counts only where it went wrong; what the end of the run cut off does not."""
        if (sample.start >= self.judged_from or sample.error is not None) and not (self.over and sample.status == 0):
            self.samples.append(sample)

    def end(self, now: float) -> None:
        """From here on exchanges are cut off; those that waited long already are told."""
        for name, sent in self.waiting.values():
            if now - sent > HANGS_SECONDS:
                self.note(Sample(name, False, sent, (now - sent) * 1000, 0, f"no answer for {now - sent:.0f} s as the run ended"))
        self.over = True

    def fault(self, what: str) -> None:
        self.note(Sample("board", False, time.time(), 0.0, 0, what))
        self.fire(request_type="WS", name="board", response_time=0, response_length=0, exception=RuntimeError(what), context={})

    def _settled(self, click: Click) -> None:
        if click.screens:
            self.fire(
                request_type="WS", name="click → last of the others' screens", response_time=click.slowest, response_length=0,
                exception=None, context={},
            )  # fmt: skip

    def greyed(self) -> int:
        """How many boards were found grey since it counts; while all open at once, some are."""
        return sum(board.grey_at >= self.judged_from for board in self.boards)

    def lag(self) -> None:
        """How late this process itself is: what it measures is at most so much too long."""
        while True:
            began = time.perf_counter()
            gevent.sleep(0.1)
            self.lag_ms.append(max(0.0, (time.perf_counter() - began - 0.1) * 1000))


class Chair(FastHttpUser):
    """One person. Subclasses say what they do with their evening."""

    abstract = True
    role: ClassVar[Role]
    cast: ClassVar[Cast]
    profile: ClassVar[Profile]
    tape: ClassVar[Tape]
    seated: ClassVar[int] = 0
    decode: ClassVar[Callable[[bytes], Any]] = read_all
    """How much of a frame this role reads."""
    every_seconds: ClassVar[float] = 60.0
    """The mean time between two acts."""
    network_timeout = 15.0
    connection_timeout = 10.0

    def __init__(self, environment: Any) -> None:
        own = self.cast.acting(self.role)
        self.number = type(self).seated
        type(self).seated += 1
        self.person: Person = own[self.number % len(own)]
        self.host = self.cast.host(self.person, environment.host)
        self.dice = Random(f"{self.person.login}/{self.number}")
        self.later: list[gevent.Greenlet] = []
        super().__init__(environment)

    def on_start(self) -> None:
        self.headers = {"Cookie": f"{self.cast.cookie}={self._token()}", "Origin": self.host}
        self.board = Board(
            self.host, self.person, self.headers["Cookie"], self._whole, self.told, self.tape.fault, self.tape.echo.came,
            self.tape.arrivals, type(self).decode,
        )  # fmt: skip
        self.tape.boards.append(self.board)

    def on_stop(self) -> None:
        gevent.killall(self.later, block=False)
        self.board.close()

    def wait_time(self) -> float:
        """People act when they act, not in step."""
        return min(self.dice.expovariate(1 / self.every_seconds), 4 * self.every_seconds)

    def told(self, frame: Any) -> None:
        """A frame with rows came; those who act on it say how."""

    def soon(self, seconds: float, do: Any, *what: Any) -> None:
        """The person does it after a while."""
        self.later = [one for one in self.later if not one.dead]
        self.later.append(gevent.spawn_later(seconds, do, *what))

    def read(self, name: str, path: str, **query: Any) -> Any:
        """What a GET answers, None where it failed."""
        return self._send("GET", name, path, None, query)[1]

    def click(self, name: str, path: str, body: Any = None, **query: Any) -> tuple[int, Any]:
        """Status and answer of a command; a lost race is an answer too."""
        return self._send("POST", name, path, {} if body is None else body, query)

    def _send(self, method: str, name: str, path: str, body: Any, query: dict[str, Any]) -> tuple[int, Any]:
        sent, click = time.time(), method == "POST"
        headers = self.headers | ({"Idempotency-Key": str(uuid4())} if click else {})
        url = f"{path}?{urlencode({'territory': self.person.territory, **query})}"
        status, raw = self._exchange(
            method, name, url, body, headers, lambda status: 200 <= status < 300 or (click and status == LOST_RACE)
        )
        found = msgspec.json.decode(raw) if raw and status in (200, 201, LOST_RACE) else None
        if click and status in (200, 201):
            self.tape.echo.answered(Click(self.person.territory, found["seq"], sent, self.board), time.time())
        return status, found

    def _exchange(
        self, method: str, name: str, url: str, body: Any, headers: dict[str, str], well: Callable[[int], bool]
    ) -> tuple[int, bytes]:
        """One request, noted; `well` says which statuses are no error. As a browser does, it is sent again under the same key where
        the connection broke before an answer; the person's time runs from the first sending.
        """
        sent = time.time()
        self.tape.waiting[id(headers)] = name, sent
        for left in range(TRIES - 1, -1, -1):
            with self.client.request(method, url, name=name, json=body, headers=headers, catch_response=True) as answer:
                status, raw = answer.status_code or 0, answer.content or b""
                broken = status == 0 and left > 0 and not isinstance(answer.error, TimeoutError)
                wrong = None if well(status) else f"{status} {_why(raw) if status else type(answer.error).__name__}".strip()
                answer.failure(wrong) if wrong and not broken else answer.success()
            if not broken:
                break
            self.tape.again += 1
        self.tape.waiting.pop(id(headers), None)
        self.tape.note(Sample(name, method == "POST", sent, (time.time() - sent) * 1000, status, wrong))
        return status, raw

    def _whole(self) -> bytes | None:
        status, raw = self._exchange(
            "GET", "board", f"/api/board?{urlencode(self.person.query)}", None, self.headers, lambda status: status == 200
        )
        return raw if status == 200 else None

    def _token(self) -> str:
        """The person's session: given, or opened once and shared by all the screens of the account."""
        if self.person.token:
            return self.person.token
        with self.tape.door:
            if self.person.login not in self.tape.tokens:
                body = {"login": self.person.login, "password": self.person.password}
                answer = self.client.post("/api/session", name="sign in", json=body, headers={"Origin": self.host})
                cookies = "; ".join(answer.headers.getlist("Set-Cookie") if answer.headers else [])
                self.tape.tokens[self.person.login] = cookies.partition(f"{self.cast.cookie}=")[2].partition(";")[0]
        return self.tape.tokens[self.person.login]


def _why(raw: bytes) -> str:
    """The code of a problem, never its text."""
    try:
        return str(msgspec.json.decode(raw)["code"])
    except (msgspec.DecodeError, KeyError, TypeError):
        return ""
