"""Operators with a headset: who rings is typed, places are proposed meanwhile, one is held, offered, and followed on the telephone."""

from typing import Any, ClassVar

import gevent
import msgspec
from locust import task
from msgspec import Struct

from loadtests import households
from loadtests.chairs import LOST_RACE, Chair
from siao.core.people import Role

TYPING_SECONDS = (0.15, 0.9)
ASKS, GIVES_UP, TELEPHONES = 0.75, 0.05, (6.0, 20.0)
DOOR_SECONDS = (20.0, 90.0)


class Asked(Struct, frozen=True):
    id: str
    state: str


class Asking(Struct, frozen=True):
    requests: tuple[Asked, ...] = ()


class Gone(Struct, frozen=True):
    requests: tuple[str, ...] = ()


class Queue(Struct, frozen=True):
    """Of a frame, who waits; the rest of an operator's board is for eyes."""

    rows: Asking
    gone: Gone


class OperatorUser(Chair):
    """Calls come one after the other; now and then a household that waits is served from the queue."""

    role = Role.OPERATOR
    decode = msgspec.json.Decoder(Queue).decode
    communes: ClassVar[dict[str, list[str]]] = {}
    waiting: ClassVar[dict[str, dict[str, None]]] = {}
    answered_on_screen: ClassVar[set[str]] = set()

    def on_start(self) -> None:
        super().on_start()
        if not self.answered_on_screen:
            self.answered_on_screen.update(person.shelter for person in self.cast.acting(Role.SHELTER) if person.shelter)
        if self.person.territory not in self.communes:
            found = self.read("communes", "/api/communes")
            self.communes[self.person.territory] = [commune["name"] for commune in found or ()]
        gevent.sleep(self.dice.uniform(0, self.every_seconds))

    def told(self, frame: Queue) -> None:
        """The queue, as every operator's board tells it."""
        here = self.waiting.setdefault(self.person.territory, {})
        for asked in frame.rows.requests:
            here.pop(asked.id, None)
            if asked.state == "open":
                here[asked.id] = None
        for id in frame.gone.requests:
            here.pop(id, None)

    @task(5)
    def call(self) -> None:
        """Somebody rings: typed, asked for, and where there is a place, held and offered."""
        who, found = households.household(self.dice, self.communes[self.person.territory]), None
        for typed in households.typing(who):
            found = self.read("places", "/api/places", **typed)
            gevent.sleep(self.dice.uniform(*TYPING_SECONDS))
        if found is None or self.dice.random() > ASKS:
            return
        status, asked = self.click("ask", "/api/requests", who)
        if status == 201 and found["places"]:
            self._place(asked["id"], found["places"])

    @task(1)
    def from_the_queue(self) -> None:
        """A household that waits, and the places there are for it now."""
        here = self.waiting.get(self.person.territory)
        if not here:
            return
        request = self.dice.choice(list(here))
        here.pop(request, None)
        found = self.read("places for a request", f"/api/requests/{request}/places")
        if found and found["places"]:
            gevent.sleep(self.dice.uniform(1, 3))
            self._place(request, found["places"])

    def _place(self, request: str, places: list[dict[str, Any]]) -> None:
        """Holds the first proposed; who lost the race, or meanwhile passed a better place over, takes the first of what is free now."""
        status, held = self.click("hold", f"/api/requests/{request}/placement", {"units": places[0]["units"]})
        if status == LOST_RACE and (left := ((held or {}).get("places") or {}).get("places")):
            places = left
            status, held = self.click("hold", f"/api/requests/{request}/placement", {"units": left[0]["units"]})
        if status != 201:
            return
        gevent.sleep(self.dice.uniform(1, 6))
        if self.dice.random() < GIVES_UP:
            self.click("household refuses", f"/api/placements/{held['id']}/household-refusal", {"reason": "too_far"})
            return
        status, _ = self.click("offer", f"/api/placements/{held['id']}/offer")
        if status == 200 and places[0]["shelter"] not in self.answered_on_screen:
            direct = places[0]["mode"] == "direct"
            self.soon(self.dice.uniform(*TELEPHONES), self._telephone, held["id"], direct)

    def _telephone(self, placement: str, direct: bool) -> None:
        """A shelter that does not look at a screen answers the operator; later it says who came."""
        if not direct:
            status, _ = self.click("accept by telephone", f"/api/placements/{placement}/acceptance")
            if status != 200:
                return
        gevent.sleep(self.dice.uniform(*DOOR_SECONDS))
        self.click("arrival by telephone", f"/api/placements/{placement}/arrival")
