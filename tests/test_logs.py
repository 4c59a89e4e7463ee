"""What a log line begins with, and what none holds."""

import asyncio
import logging
import os
import re
import subprocess
import sys
from typing import Any

import pytest

from siao.carried import HERE
from siao.embedded.process import free_port
from siao.logs import Reserved

BEGINS = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (WARNING|ERROR) \d+ [\w.]+: ")
CANARY = "3 women, step_free"


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is written while the test runs, by whomever."""
    found: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(self.format(record))

    handler = Kept()
    handler.setFormatter(Reserved())
    monkeypatch.setattr(logging.getLogger(), "handlers", [handler])
    return found


def test_our_own_words_stand_as_they_are_with_time_and_level(lines: list[str]) -> None:
    logging.getLogger("siao.hub").error("loop %s died: %s", "sweep", "KeyError")
    assert BEGINS.match(lines[0]) and lines[0].endswith(" siao.hub: loop sweep died: KeyError")


def test_what_an_exception_says_is_not_written(lines: list[str]) -> None:
    try:
        raise ValueError(CANARY)
    except ValueError as no:
        logging.getLogger("uvicorn.error").error("Exception in ASGI application\n", exc_info=no)
        logging.getLogger("library").error("could not store %s", no)
        logging.getLogger("library").error(
            "it failed\nTraceback (most recent call last):\n  there\nasyncpg.exceptions.DataError: " + CANARY
        )
    assert "in ASGI application\n" in lines[0] and lines[0].endswith("ValueError") and "test_logs.py" in lines[0]
    assert lines[1].endswith("could not store %s") and lines[2].endswith("it failed: asyncpg.exceptions.DataError")
    assert all(BEGINS.match(line) and not re.search(r"\n\S", line) for line in lines) and CANARY not in "".join(lines)


async def test_a_task_that_nobody_asked_for_says_its_kind_alone(lines: list[str]) -> None:
    async def fails() -> None:
        raise ValueError(CANARY)

    failed = asyncio.create_task(fails())
    await asyncio.sleep(0)
    del failed
    await asyncio.sleep(0)
    said = "".join(lines)
    assert "never retrieved" in said and "ValueError" in said and CANARY not in said


def test_a_service_that_does_not_open_says_so_with_time_and_level() -> None:
    gone = free_port()
    env: dict[str, Any] = {
        **os.environ, "SIAO_DATABASE_URL": f"postgresql://siao_app:{'hush' * 4}@127.0.0.1:{gone}/siao", "SIAO_SECRET": "s" * 32,
        "SIAO_REDIS_URL": f"redis://127.0.0.1:{gone}", "SIAO_ORIGINS": "http://127.0.0.1", "SIAO_PORT": str(free_port()),
    }  # fmt: skip
    command = [sys.executable, "-m", "siao", "serve", "--workers", "1"]
    ran = subprocess.run(command, cwd=HERE.parent, env=env, capture_output=True, text=True, timeout=60, check=False)
    said = [line for line in ran.stderr.splitlines() if not line.startswith("  ")]
    assert ran.returncode == 1 and said and all(map(BEGINS.match, said)), ran.stderr
    assert "not all workers opened" in said[-1] and "ConnectionRefusedError" in ran.stderr and "hush" not in ran.stderr
