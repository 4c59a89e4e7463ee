"""The first administrator of a territory, made at the server's own console; every later account is made on the screens."""

import argparse
import asyncio
import getpass
import os
import sys

from siao.actions import accounts
from siao.core.refused import Refusal, Refused
from siao.store import db as database

LOGIN_MIN, LOGIN_MAX = 3, 60
WORDS = {
    (Refusal.TAKEN, "territory"): "--territory: {code} has an administrator already, who makes the accounts there",
    (Refusal.UNKNOWN, "territory"): "--territory: {code} is not in this database",
    (Refusal.TAKEN, "login"): "LOGIN: {login} is an account already",
    (Refusal.INVALID, "password"): "the password: at least {facts} characters",
}


def main(argv: list[str]) -> int:
    """The password comes from the terminal, unseen and twice, or where that is none, as one line of standard input."""
    parser = argparse.ArgumentParser(prog="siao admin", description=__doc__)
    parser.add_argument("login", metavar="LOGIN")
    parser.add_argument("--territory", required=True, metavar="CODE", help="such as 38")
    parser.add_argument("--language", choices=("fr", "en"), default="fr")
    options = parser.parse_args(argv)
    url = os.environ.get("SIAO_DATABASE_URL")
    if not url:
        return _no("SIAO_DATABASE_URL is not set; see .env.example")
    if not options.login.isprintable() or not LOGIN_MIN <= len(options.login) <= LOGIN_MAX:
        return _no(f"LOGIN: {LOGIN_MIN} to {LOGIN_MAX} characters on one line")
    password = _password()
    if password is None:
        return _no("the two passwords are not the same")
    if not options.territory.isalnum():
        return _no(WORDS[Refusal.UNKNOWN, "territory"].format(code=options.territory))
    try:
        asyncio.run(_made(url, options.territory, options.login, password, options.language))
    except Refused as no:
        words = WORDS.get((no.why, no.field or ""), f"{no.why}: {no.field}")
        return _no(words.format(code=options.territory, login=options.login, facts=", ".join(map(str, no.facts))))
    except database.AWAY as no:
        return _no(f"SIAO_DATABASE_URL: {type(no).__name__}: {no}")
    sys.stdout.write(f"siao: {options.login} is administrator of {options.territory}\n")
    return 0


def _no(why: str) -> int:
    sys.stderr.write(f"siao: {why}\n")
    return 2


def _password() -> str | None:
    """None where what was typed twice differs."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("Password: ")
    return first if getpass.getpass("Again: ") == first else None


async def _made(url: str, code: str, login: str, password: str, language: str) -> None:
    pool = await database.pool(url, 1)
    try:
        await accounts.first(pool, code, login, password, language)
    finally:
        await pool.close()
