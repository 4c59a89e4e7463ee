"""Social workers: a request for a household, then its status by code, and what happened to it."""

from typing import Any

import gevent
from locust import task

from loadtests import households
from loadtests.chairs import Chair
from siao.core.people import Role


class WorkerUser(Chair):
    role = Role.WORKER

    def on_start(self) -> None:
        self.followed: dict[str, str] = {}
        super().on_start()
        self.communes = [commune["name"] for commune in self.read("communes", "/api/communes") or ()]
        gevent.sleep(self.dice.uniform(0, self.every_seconds))

    def told(self, frame: dict[str, Any]) -> None:
        self.followed.update({row["code"]: row["id"] for row in frame["rows"].get("requests", ())})

    @task(1)
    def ask(self) -> None:
        who = households.household(self.dice, self.communes)
        status, asked = self.click("ask", "/api/requests", {**who, "service": self.person.service})
        if status == 201:
            self.followed[asked["code"]] = asked["id"]

    @task(3)
    def look(self) -> None:
        """The status by the code that the household has, then its steps."""
        if not self.followed:
            return self.ask()
        code = self.dice.choice(list(self.followed))
        self.read("status by code", "/api/requests", code=code)
        gevent.sleep(self.dice.uniform(1, 3))
        self.read("what happened", f"/api/requests/{self.followed[code]}/timeline")
        return None
