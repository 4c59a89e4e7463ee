"""Shelter staff at the desk: what is offered is answered, who comes is welcomed, beds are told."""

from typing import Any

import gevent
from locust import task

from loadtests.chairs import Chair
from siao.core.people import Role

ANSWER_SECONDS, DOOR_SECONDS = (2.0, 12.0), (15.0, 60.0)
ACCEPTS, COMES, STAYS_AWAY = 0.87, 0.86, 0.94
SAYS_NO = ("too_late", "no_staff", "other", "does_not_fit_unit")


class StaffUser(Chair):
    """Acts on what the own board shows, and on nothing else."""

    role = Role.SHELTER

    def on_start(self) -> None:
        self.units: dict[str, dict[str, Any]] = {}
        self.placements: dict[str, str] = {}
        super().on_start()
        gevent.sleep(self.dice.uniform(0, self.every_seconds))

    def told(self, frame: dict[str, Any]) -> None:
        for row in frame["rows"].get("units", ()):
            self.units[row["id"]] = row
        for row in frame["rows"].get("placements", ()):
            self._placement(row["id"], row["state"])
        for id in frame["gone"].get("placements", ()):
            self.placements.pop(id, None)

    def _placement(self, id: str, state: str) -> None:
        if self.placements.get(id) == state:
            return
        self.placements[id] = state
        if state == "offered":
            self.soon(self.dice.uniform(*ANSWER_SECONDS), self._answer, id)
        elif state == "expected":
            self.soon(self.dice.uniform(*DOOR_SECONDS), self._door, id)

    def _answer(self, id: str) -> None:
        if self.placements.get(id) != "offered":
            return
        if self.dice.random() < ACCEPTS:
            self.click("accept", f"/api/placements/{id}/acceptance")
        else:
            self.click("refuse", f"/api/placements/{id}/refusal", {"reason": self.dice.choice(SAYS_NO)})

    def _door(self, id: str) -> None:
        if self.placements.get(id) != "expected":
            return
        chance = self.dice.random()
        if chance < COMES:
            self.click("arrival", f"/api/placements/{id}/arrival", {})
        elif chance < STAYS_AWAY:
            self.click("no-show", f"/api/placements/{id}/no-show")

    @task(3)
    def confirm(self) -> None:
        """ "Tout est exact": every open unit with the version on screen."""
        versions = {id: unit["version"] for id, unit in self.units.items() if unit["open"]}
        if versions:
            self.click("confirm", f"/api/shelters/{self.person.shelter}/confirmation", {"units": versions})

    @task(2)
    def report(self) -> None:
        """A bed is freed, or taken by somebody who walked in; a room whole."""
        frees = self.dice.random() < 0.55
        seen, tells = ("occupied", "vacant") if frees else ("vacant", "occupied")
        units = [unit for unit in self.units.values() if unit["open"] and _loose(unit, seen)]
        if not units:
            return
        unit = self.dice.choice(units)
        beds = _loose(unit, seen)
        chosen = beds if unit["kind"] == "room" else beds[: self.dice.choice((1, 1, 2))]
        body = {"beds": [{"bed": bed["id"], "physical": tells, "version": bed["version"]} for bed in chosen]}
        if unit["rule"] == "switchable" and unit["rule_tonight"] is None:
            body["rule"] = self.dice.choice(("men", "women"))
        self.click("report", f"/api/units/{unit['id']}/report", body)


def _loose(unit: dict[str, Any], physical: str) -> list[dict[str, Any]]:
    return [bed for bed in unit["bed_list"] if bed["physical"] == physical and bed["claim"] is None]
