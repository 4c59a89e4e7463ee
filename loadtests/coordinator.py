"""A coordinator who asks for a plan for all who wait, every five minutes."""

import time
from typing import ClassVar

import gevent
from locust import task

from loadtests.chairs import Chair
from loadtests.limits import PLAN
from siao.core.people import Role
from siao.figures import progress

FIRST_SECONDS = 3.0
ABSENT = (404, 405)


class CoordinatorUser(Chair):
    """Says so and sits still where the host has no such plans."""

    role = Role.COORDINATOR
    path: ClassVar[str] = ""
    absent: ClassVar[bool] = False
    network_timeout = 90.0

    def on_start(self) -> None:
        super().on_start()
        while self.tape.judged_from > time.time():
            gevent.sleep(0.2)
        gevent.sleep(FIRST_SECONDS)

    def wait_time(self) -> float:
        return self.profile.plan_every_seconds

    @task
    def plan(self) -> None:
        if self.absent:
            return
        url = f"{self.path}{'&' if '?' in self.path else '?'}territory={self.person.territory}"
        status, _ = self._exchange("POST", PLAN, url, {}, self.headers, lambda status: status in (200, 201, *ABSENT))
        if status in ABSENT:
            type(self).absent = True
            progress(f"the host has no plans of allocation ({status} at {self.path}): none are asked for")
