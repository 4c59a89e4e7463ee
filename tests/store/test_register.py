"""Nothing undeclared is kept: the register beside the live schema, the code's log lines, Redis and the browser."""

import ast
import re
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import redis.asyncio

from hotline import Hotline
from siao import witness
from siao.actions import browsers
from siao.carried import HERE
from siao.core import register
from siao.core.chain import Link
from siao.core.register import BROWSER, CHANNELS, COOKIES, FILES, LOG, TABLES, About
from siao.core.requests import Criteria, Withdraw
from siao.embedded.stack import Stack
from siao.live import doorbell
from siao.settings import Settings

LEVELS = {"debug", "info", "warning", "error", "exception", "critical", "log"}
CRITERIA = {"men", "women", "children", "infants", "needs", "zone", "max_km", "nights", "last_shelter", "level", "explanation"}
"""The one list of STATES.md."""


async def test_every_column_is_declared_and_nothing_else(owner: asyncpg.Connection) -> None:
    rows = await owner.fetch(
        """SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') AND a.attnum > 0 AND NOT a.attisdropped"""
    )
    there = {(row[0], row[1]) for row in rows}
    declared = [(table, name) for table, kept in TABLES.items() for name in kept.names()]
    assert len(declared) == len(set(declared)), "declared twice"
    assert set(declared) == there, (there - set(declared), set(declared) - there)


def test_each_says_why_and_how_long() -> None:
    for name, kept in {**TABLES, **CHANNELS, **FILES, **BROWSER, **COOKIES}.items():
        assert len(kept.purpose) > 10 and kept.until and kept.names(), name


def test_the_needs_are_the_one_list_and_stand_in_one_table() -> None:
    needs = {table: set(kept.what[About.NEEDS].split()) for table, kept in TABLES.items() if About.NEEDS in kept.what}
    assert needs == {"criteria": CRITERIA}
    assert set(Criteria.__struct_fields__) == CRITERIA | {"request", "territory"}
    assert TABLES["criteria"].until == register.CLOSING


def test_every_value_in_a_log_line_is_declared() -> None:
    found: set[str] = set()
    for path in HERE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS):
                continue
            if ast.unparse(node.func.value) not in ("log", "logging", "logger"):
                continue
            assert isinstance(node.args[0], ast.Constant), f"{path}: a log line is a constant with values beside it"
            found |= {ast.unparse(value) for value in node.args[1:]}
            assert node.func.attr != "exception", f"{path}: what an exception says may repeat a row"
            assert not {keyword.arg for keyword in node.keywords} & {"exc_info", "stack_info", "extra"}, path
    assert found == set(LOG)


def test_every_field_of_a_file_beside_the_database_is_declared(tmp_path: Path) -> None:
    witness.add(tmp_path / "seen", datetime(2026, 1, 20, 18, tzinfo=UTC), {}, {"38": Link(4, bytes(32))})
    kept = FILES["siao verify --state"]
    line = (tmp_path / "seen").read_text().split()
    assert dict(zip(kept.names(), line, strict=True)) == {
        "time": "2026-01-20T18:00:00+00:00",
        "territory": "38",
        "seq": "4",
        "head": "0" * 64,
    }


def test_every_place_in_a_browser_is_declared() -> None:
    source = {path: path.read_text(encoding="utf-8") for path in (HERE / "web" / "src").rglob("*") if path.suffix in (".ts", ".svelte")}
    kept = {path: text for path, text in source.items() if re.search(r"(local|session)Storage\.setItem|caches\.open", text)}
    keys = {key for text in kept.values() for key in re.findall(r"'(siao\.[a-z]+)'", text)}
    assert keys == set(BROWSER)
    assert {path.name for path, text in source.items() if "caches" in text or "serviceWorker" in text} == {"shell.ts", "main.ts"}
    assert not any(re.search(r"indexedDB|document\.cookie", text) for text in source.values())


def test_every_cookie_is_declared() -> None:
    set_here = {path.name for path in HERE.rglob("*.py") if "Cookie(" in path.read_text(encoding="utf-8")}
    settings = Settings("", "", b"", (), secure_cookies=False)
    assert set_here == {"people.py"} and {settings.cookie, settings.browser_cookie} == set(COOKIES)
    assert COOKIES["siao-browser"].until == f"{browsers.KEPT_DAYS} days"


async def test_redis_keeps_nothing_and_hears_a_number(servers: Stack, hotline: Hotline) -> None:
    assert {doorbell.CHANNEL} == set(CHANNELS)
    async with redis.asyncio.Redis.from_url(servers.redis_url) as valkey:
        assert await valkey.dbsize() == 0


CANARY = {"men": 7, "women": 6, "children": 5, "infants": 2, "zone": "Voiron", "nights": 29, "max_km": 299, "level": 2}


async def test_no_table_holds_the_needs_of_a_closed_request(hotline: Hotline, look: asyncpg.Connection) -> None:
    request = await hotline.ask(**CANARY)
    await hotline.do(Withdraw(request))
    for table in TABLES:
        for row in await look.fetch(f"SELECT t::text FROM {table} t"):
            about = str(request) in row[0] or "Voiron" in row[0]
            assert not about or table in ("request", "journal", "command", "commune", "shelter"), (table, row[0])
            if str(request) in row[0]:
                assert not {"299", "Voiron"} & set(re.split(r"[^\w]+", row[0])), (table, row[0])
