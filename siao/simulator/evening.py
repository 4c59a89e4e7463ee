"""The simulated people that keep the demo's board alive, through the same HTTP API as everybody: real sessions, real keys.

They touch their own placements alone; offers made by a person are answered for the shelters after a while, but never at the
shelter whose account is lent to whoever looks at the demo.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import uuid4

import httpx
from msgspec import Struct

log = logging.getLogger("siao.simulator")
TICK_SECONDS = 1.0
WAITING_MANY, WAITING_MAX = 24, 34
FREE_MIN, FREE_MAX = 40, 80
SILENT_HOURS, STALE_HOURS = 2, 4
"""Who had said nothing for so long says nothing all evening; after the second, somebody rings there."""
PATIENCE_TICKS, WAY_TICKS = 40, 60
RUSH_TICKS = 60
"""The lines have just opened: many ring at once, some of them wait."""
COMPOSITIONS = (
    ({"men": 1}, 44), ({"women": 1}, 16), ({"men": 1, "women": 1}, 7), ({"women": 1, "children": 1}, 8), ({"women": 1, "infants": 1}, 4),
    ({"women": 1, "children": 2}, 6), ({"men": 1, "women": 1, "children": 2}, 5), ({"men": 1, "women": 1, "children": 1, "infants": 1}, 4),
    ({"men": 2}, 3), ({"women": 1, "children": 2, "infants": 1}, 2), ({"men": 1, "children": 1}, 1),
)  # fmt: skip
NEEDS = (("step_free", 0.06), ("animals", 0.07), ("private_room", 0.05))
SHELTER_SAYS = ("too_late", "no_staff", "other", "does_not_fit_unit")
HOUSEHOLD_SAYS = ("too_far", "not_this_kind", "says_no_reason", "found_another")


class Chairs(Struct, frozen=True):
    """Logins of the simulated people, all with one password. `left_alone`: the shelter lent to whoever looks."""

    operator: str
    shelters: str
    worker: str
    password: str
    left_alone: str


def household(dice: Random, communes: Sequence[str]) -> dict[str, Any]:
    """What somebody asks for; most want to stay near where they are."""
    who = dice.choices([c for c, _ in COMPOSITIONS], [w for _, w in COMPOSITIONS])[0]
    needs = [need for need, chance in NEEDS if dice.random() < chance]
    if "infants" in who and dice.random() < 0.6:
        needs.append("cots")
    family = "children" in who or "infants" in who
    level = dice.choices((1, 2, 3, 4), (4, 4, 2, 1) if family else (1, 2, 3, 6))[0]
    near = {"zone": dice.choice(communes[:12]), "max_km": dice.choice((15, 30, 50))} if communes and dice.random() < 0.7 else {}
    return {**who, "needs": needs, "level": level, "nights": dice.choice((1, 1, 1, 2, 3)), **near}


class Evening:
    def __init__(self, base: str, chairs: Chairs, territory: str, seed: int) -> None:
        self.dice = Random(seed)
        self.chairs, self.territory = chairs, territory
        self.clients = {login: httpx.AsyncClient(base_url=base, timeout=10) for login in (chairs.operator, chairs.shelters, chairs.worker)}
        self.mine: dict[str, int] = {}
        self.seen: dict[str, int] = {}
        self.communes: list[str] = []
        self.silent: set[str] = {chairs.left_alone}
        self.tick = 0

    async def run(self, speed: float, stop: asyncio.Event) -> None:
        """One thing after another until told to stop; a server that is away is waited for."""
        while not stop.is_set():
            try:
                await self._turn()
            except (httpx.HTTPError, KeyError, ValueError):
                await asyncio.sleep(1)
            await asyncio.sleep(TICK_SECONDS / speed * self.dice.uniform(0.5, 1.5))
        for client in self.clients.values():
            await client.aclose()

    async def _turn(self) -> None:
        self.tick += 1
        for login, client in self.clients.items():
            if "Cookie" not in client.headers:
                await self._sign_in(login, client)
        if not self.communes:
            self.communes = [c["name"] for c in (await self._get("/api/communes")).json()]
        board = (await self._get("/api/board", view="operator")).json()["rows"]
        if self.tick == 1:
            self.silent |= self._old(board, SILENT_HOURS).keys()
        for act in self._acts(board):
            await act()

    async def _sign_in(self, login: str, client: httpx.AsyncClient) -> None:
        """Carries the cookie by hand: one that is Secure would not be sent to a service behind its own proxy."""
        answer = await client.post("/api/session", json={"login": login, "password": self.chairs.password})
        answer.raise_for_status()
        client.headers["Cookie"] = answer.headers["set-cookie"].partition(";")[0]
        client.cookies.clear()

    def _acts(self, board: dict[str, Any]) -> list[Callable[[], Awaitable[Any]]]:
        """What happens in this turn: some calls, every due answer, a report or two."""
        waiting = [r for r in board.get("requests", ()) if r["state"] == "open"]
        placements = board.get("placements", ())
        free = sum(unit["beds"].count("l") for unit in board["units"] if unit["open"])
        acts: list[Callable[[], Awaitable[Any]]] = []
        if len(waiting) < WAITING_MAX and self.dice.random() < (0.4 if self.tick < RUSH_TICKS else 0.12):
            acts.append(self._call)
        if waiting and self.dice.random() < (0.05 if len(waiting) < WAITING_MANY else 0.08):
            acts.append(lambda: self._place(self.dice.choice(waiting)["id"]))
        acts += [act for p in placements if (act := self._answer(p))]
        if self.dice.random() < 0.2:
            acts.append(lambda: self._report(board, self.dice.random() < (0.95 if free < FREE_MIN else 0.15 if free > FREE_MAX else 0.45)))
        if self.dice.random() < 0.05:
            acts.append(lambda: self._confirm(board))
        if self.dice.random() < 0.003:
            acts.append(lambda: self._ring(board))
        return acts

    async def _get(self, path: str, login: str | None = None, **query: Any) -> httpx.Response:
        return await self.clients[login or self.chairs.operator].get(path, params={"territory": self.territory, **query})

    async def _post(self, path: str, body: Any, login: str | None = None, **query: Any) -> httpx.Response:
        headers = {"Idempotency-Key": str(uuid4())}
        query = {"territory": self.territory, **query}
        answer = await self.clients[login or self.chairs.operator].post(path, json=body, params=query, headers=headers)
        if answer.status_code == 401:
            self.clients[login or self.chairs.operator].headers.pop("Cookie", None)
        return answer

    async def _call(self) -> None:
        """Somebody rings the 115, or a social worker writes; most get an answer at once where there is a place."""
        by_worker = self.dice.random() < 0.3
        answer = await self._post("/api/requests", household(self.dice, self.communes), self.chairs.worker if by_worker else None)
        if answer.status_code == 201 and not by_worker and self.dice.random() < 0.6:
            await self._place(answer.json()["id"])

    async def _place(self, request: str) -> None:
        found = (await self._get(f"/api/requests/{request}/places")).json()
        if found.get("places"):
            await self._place_of(request, found["places"])

    async def _place_of(self, request: str, places: list[dict[str, Any]]) -> None:
        """The first; where somebody was quicker, or another place comes first by now, the first of what is free now."""
        held = await self._hold(request, places[0])
        if held.status_code == 409 and (now := (held.json().get("places") or {}).get("places")):
            held = await self._hold(request, now[0])
        if held.status_code == 201:
            self.mine[held.json()["id"]] = self.tick

    async def _hold(self, request: str, place: dict[str, Any]) -> httpx.Response:
        return await self._post(f"/api/requests/{request}/placement", {"units": place["units"]})

    def _answer(self, p: dict[str, Any]) -> Callable[[], Awaitable[Any]] | None:
        """The next step of one placement, when it is due."""
        since = self.tick - self.seen.setdefault(f"{p['id']}/{p['state']}", self.tick)
        mine, path = p["id"] in self.mine, f"/api/placements/{p['id']}"
        if p["contested"] and mine and since > 8 and p["state"] != "present":
            return lambda: self._post(f"{path}/release", {})
        if p["state"] == "held" and mine and since > self.dice.randint(3, 9):
            return lambda: self._post(f"{path}/offer", {})
        if p["shelter"] == self.chairs.left_alone:
            return None
        due = since > (self.dice.randint(5, 30) if mine else PATIENCE_TICKS)
        if p["state"] == "offered" and due:
            return lambda: self._shelter_answers(path, p["shelter"])
        if p["state"] == "expected" and mine and since > WAY_TICKS and self.dice.random() < 0.006:
            return lambda: self._at_the_door(path, p["shelter"])
        if p["state"] == "present" and mine and since > 1200 and self.dice.random() < 0.001:
            return lambda: self._post(f"{path}/departure", {"reason": "own_choice"}, self.chairs.shelters, shelter=p["shelter"])
        return None

    async def _shelter_answers(self, path: str, shelter: str) -> None:
        if self.dice.random() < 0.87:
            await self._post(f"{path}/acceptance", {}, self.chairs.shelters, shelter=shelter)
        else:
            await self._post(f"{path}/refusal", {"reason": self.dice.choice(SHELTER_SAYS)}, self.chairs.shelters, shelter=shelter)

    async def _at_the_door(self, path: str, shelter: str) -> None:
        chance = self.dice.random()
        if chance < 0.86:
            await self._post(f"{path}/arrival", {}, self.chairs.shelters, shelter=shelter)
        elif chance < 0.94:
            await self._post(f"{path}/no-show", {}, self.chairs.shelters, shelter=shelter)
        else:
            await self._post(f"{path}/household-refusal", {"reason": self.dice.choice(HOUSEHOLD_SAYS)})

    async def _report(self, board: dict[str, Any], frees: bool) -> None:
        """A bed is freed, or taken by somebody who walked in."""
        letter = "o" if frees else "l"
        units = [u for u in board["units"] if u["open"] and letter in u["beds"] and u["shelter"] not in self.silent]
        if not units:
            return
        unit = self.dice.choice(units)
        rows = (await self._get("/api/board", self.chairs.shelters, view="shelter", shelter=unit["shelter"])).json()["rows"]
        beds = next(u["bed_list"] for u in rows["units"] if u["id"] == unit["id"])
        wanted = [b for b in beds if b["physical"] == ("occupied" if frees else "vacant") and b["claim"] is None]
        chosen = wanted if unit["kind"] == "room" else wanted[: self.dice.choice((1, 1, 2))]
        if chosen:
            told = [{"bed": b["id"], "physical": "vacant" if frees else "occupied", "version": b["version"]} for b in chosen]
            rule = {"rule": self.dice.choice(("men", "women"))} if unit["rule"] == "switchable" and unit["rule_tonight"] is None else {}
            await self._post(f"/api/units/{unit['id']}/report", {"beds": told, **rule}, self.chairs.shelters, shelter=unit["shelter"])

    async def _confirm(self, board: dict[str, Any]) -> None:
        """ "Tout est exact", by a shelter or, where it only answers the telephone, by an operator for it."""
        await self._tell_unchanged(board, self.dice.choice([s for s in board["shelters"] if s["id"] not in self.silent]))

    async def _ring(self, board: dict[str, Any]) -> None:
        """The 115 rings whoever has said nothing for four hours, the longest first."""
        old = self._old(board, STALE_HOURS)
        old.pop(self.chairs.left_alone, None)
        if old:
            first = min(old, key=lambda id: old[id])
            await self._tell_unchanged(board, {"id": first, "by_phone": True})

    def _old(self, board: dict[str, Any], hours: int) -> dict[str, str]:
        """Shelters that said nothing for so long, each with when it did."""
        before = (datetime.now(UTC) - timedelta(hours=hours)).isoformat()
        told: dict[str, str] = {}
        for unit in board["units"]:
            if unit["open"]:
                told[unit["shelter"]] = min(unit["confirmed_at"] or "", told.get(unit["shelter"], "9"))
        return {shelter: at for shelter, at in told.items() if at < before}

    async def _tell_unchanged(self, board: dict[str, Any], shelter: dict[str, Any]) -> None:
        versions = {u["id"]: u["version"] for u in board["units"] if u["shelter"] == shelter["id"]}
        login = self.chairs.operator if shelter["by_phone"] else self.chairs.shelters
        query = {} if shelter["by_phone"] else {"shelter": shelter["id"]}
        await self._post(f"/api/shelters/{shelter['id']}/confirmation", {"units": versions}, login, **query)
