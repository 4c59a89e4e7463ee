"""docker-compose.yml, Dockerfile and Caddyfile: validated, and all that can be run of them without Docker is run."""

import asyncio
import json
import os
import re
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import asyncpg
import httpx
import pytest
import websockets
from compose_spec import PyCompose

from launched import folder
from siao.__main__ import COMMANDS
from siao.carried import HERE
from siao.composed import SECRETS
from siao.embedded.process import free_port
from siao.embedded.stack import stack

ROOT = HERE.parent
TOOLS = Path(sys.executable).parent


DEMO, PRODUCTION = "docker-compose.yml", "docker-compose.production.yml"


def compose(file: str = DEMO) -> dict[str, Any]:
    return PyCompose.from_yaml((ROOT / file).read_text(encoding="utf-8")).to_dict()


def test_the_compose_file_says_what_the_specification_allows_and_nothing_dangles() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    PyCompose.from_yaml(text).validate()
    said = compose()
    services = said["services"]
    assert set(services) == {"secrets", "postgres", "valkey", "app", "verify", "caddy"}
    assert services["postgres"]["image"] == "postgres:18"
    mounts = {name: [str(volume).split(":")[:2] for volume in service.get("volumes", ())] for name, service in services.items()}
    assert ["postgres", "/var/lib/postgresql"] in mounts["postgres"]
    assert {where for all in mounts.values() for where, _ in all} == {*said["volumes"], "./Caddyfile"}
    assert {other for service in services.values() for other in service.get("depends_on", ())} <= set(services)
    for name in ("secrets", "app"):
        assert services[name]["command"][0] in COMMANDS, "the image's entry point is siao"
    assert "exec siao verify" in services["verify"]["command"][0] and "verify" in COMMANDS


def test_no_secret_is_written_anywhere_and_only_this_machine_is_served() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    assert "POSTGRES_PASSWORD:" not in text and "env_file" not in text and "${" not in text
    published = [port for service in compose()["services"].values() for port in service.get("ports", ())]
    assert [str(port) for port in published] == ["127.0.0.1:8443:8443"]


def test_production_says_what_the_specification_allows_and_nothing_dangles() -> None:
    PyCompose.from_yaml((ROOT / PRODUCTION).read_text(encoding="utf-8")).validate()
    said = compose(PRODUCTION)
    services = said["services"]
    assert set(services) == {"postgres", "valkey", "migrate", "serve", "purge", "verify", "caddy"}
    volumes = {str(volume).split(":")[0] for service in services.values() for volume in service.get("volumes", ())}
    assert {name for name in volumes if not name.startswith("./")} == set(said["volumes"])
    assert {other for service in services.values() for other in service.get("depends_on", ())} <= set(services)
    ours = {name: service["command"] for name, service in services.items() if service["image"] == "siao"}
    assert {name: command[0] for name, command in ours.items()} == {name: name for name in ours} and set(ours) <= set(COMMANDS)
    assert ours["purge"] == ["purge", "--daily"] and ours["verify"][1:3] == ["--every", "60"]
    assert [str(port) for service in services.values() for port in service.get("ports", ())] == ["443:443"]


def test_each_part_of_production_has_the_secrets_it_needs_and_no_other() -> None:
    """What it is given by the environment; each variable that has no default is asked for, and .env.example names it."""
    services, example = compose(PRODUCTION)["services"], (ROOT / ".env.example").read_text(encoding="utf-8")
    given = {name: set(re.findall(r"\$\{(\w+)", json.dumps(service))) for name, service in services.items()}
    assert given == {
        "postgres": {"SIAO_OWNER_PASSWORD"},
        "valkey": set(),
        "migrate": {"SIAO_OWNER_PASSWORD", "SIAO_APP_PASSWORD", "SIAO_VERIFIER_PASSWORD"},
        "serve": {"SIAO_APP_PASSWORD", "SIAO_SECRET", "SIAO_ORIGINS", "SIAO_WORKERS"},
        "purge": {"SIAO_OWNER_PASSWORD", "SIAO_SECRET"},
        "verify": {"SIAO_VERIFIER_PASSWORD", "SIAO_SECRET"},
        "caddy": {"SIAO_ORIGINS", "SIAO_TLS"},
    }
    assert all(re.search(rf"^{name}=", example, re.MULTILINE) for names in given.values() for name in names)
    text = json.dumps(services)
    assert set(re.findall(r"\$\{(\w+):-", text)) == {"SIAO_WORKERS", "SIAO_TLS"} and not re.search(r"\$\{\w+\}", text)


@pytest.mark.parametrize("file", [DEMO, PRODUCTION])
def test_no_log_grows_without_end(file: str) -> None:
    for name, service in compose(file)["services"].items():
        assert service["logging"]["options"] == {"max-size": "10m", "max-file": "5"}, name


def test_the_image_says_where_it_listens_and_asks_itself_there() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert "SIAO_HOST=0.0.0.0 SIAO_PORT=8115" in text, "a container's own loopback is nobody's door"
    asks = json.loads(text.partition("HEALTHCHECK")[2].partition("CMD ")[2].splitlines()[0])
    with answering() as port:
        code = [sys.executable, *asks[1:]]
        env = {**os.environ, "SIAO_PORT": str(port)}
        assert subprocess.run(code, env=env, capture_output=True, check=False).returncode == 0
        assert subprocess.run(code, env={**env, "SIAO_PORT": str(free_port())}, capture_output=True, check=False).returncode == 1


@contextmanager
def answering() -> Iterator[int]:
    """Something that answers /readyz with 200."""

    class Ready(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/readyz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Ready) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("tls", "found"),
    [
        ("internal", '"module":"internal"'),
        ("a@example.org", '"email":"a@example.org"'),
        ("/tls/cert.pem /tls/key.pem", '"certificate":"/tls/cert.pem"'),
    ],
)
def test_the_caddyfile_takes_whose_certificate_it_is_told(tls: str, found: str) -> None:
    env = {**os.environ, "SIAO_TLS": tls, "SIAO_SITE": "https://siao.example.org", "SIAO_UPSTREAM": "serve:8115"}
    said = subprocess.run(
        [TOOLS / "caddy", "adapt", "--adapter", "caddyfile", "--config", "Caddyfile"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0 and found in said.stdout, said.stderr
    assert '"uri":"/healthz"' in said.stdout, "a database that is away does not take the only service away"


def test_a_compose_file_that_is_none_is_refused() -> None:
    with pytest.raises(Exception, match=r"image|service|unknown|invalid|expected"):
        PyCompose.from_yaml("services: {app: {imagine: siao}}\n").validate()


def test_the_image_is_built_as_the_linter_asks() -> None:
    said = subprocess.run([TOOLS / "hadolint", ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout) == (0, "")
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert "FROM python:3.13" in text and "--require-hashes -r requirements.lock" in text
    assert text.index("USER 10115") < text.index("ENTRYPOINT"), "nobody's root"


def test_what_the_image_is_built_from_reaches_its_build() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    copied = [
        word
        for line in (ROOT / "Dockerfile").read_text().splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for word in line.split()[1:-1]
    ]
    assert copied and all(f"!{name}" in ignored and (ROOT / name).exists() for name in copied)


def test_secrets_are_made_once_and_are_nobody_else_s(tmp_path: Path) -> None:
    def make() -> dict[str, str]:
        subprocess.run([sys.executable, "-m", "siao", "secrets", str(tmp_path)], cwd=ROOT, check=True)
        return {name: (tmp_path / name).read_text() for name in SECRETS}

    first = make()
    assert len({*first.values()}) == len(SECRETS) and all(len(one) >= 32 for one in first.values())
    assert all((tmp_path / name).stat().st_mode & 0o007 == 0 for name in SECRETS)
    (tmp_path / "app_password").unlink()
    second = make()
    assert [name for name in SECRETS if first[name] != second[name]] == ["app_password"]


@contextmanager
def process(*command: str, log: Path, **env: str) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        one = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **env}, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        yield one
    finally:
        one.send_signal(signal.SIGTERM)
        assert one.wait(15) == 0, log.read_text()


async def test_the_very_caddyfile_in_front_of_the_composed_service() -> None:
    app, https = free_port(), free_port()
    site = f"https://localhost:{https}"
    with folder() as here, stack(here / "data", durable=False) as servers:
        for name in SECRETS:
            (here / name).write_text({"owner_password": servers.kept.password}.get(name, f"{name} of the tests, long enough"))
        await _database(servers.owner_url())
        where = {"SIAO_POSTGRES": f"127.0.0.1:{servers.kept.postgres_port}", "SIAO_REDIS_URL": servers.redis_url}
        served = {"SIAO_ORIGINS": site, "SIAO_PORT": str(app), "SIAO_SPEED": "50"}
        fronted = {"SIAO_SITE": site, "SIAO_UPSTREAM": f"127.0.0.1:{app}", "XDG_DATA_HOME": str(here / "caddy"), "HOME": str(here)}
        with (
            process(sys.executable, "-m", "siao", "composed", str(here), log=here / "app.log", **where, **served),
            process(str(TOOLS / "caddy"), "run", "--adapter", "caddyfile", "--config", "Caddyfile", log=here / "caddy.log", **fronted),
        ):
            root = here / "caddy" / "caddy" / "pki" / "authorities" / "local" / "root.crt"
            await _until(root.exists)
            trust = ssl.create_default_context(cafile=str(root))
            async with httpx.AsyncClient(base_url=site, verify=trust, timeout=10) as browser:
                await _until(lambda: _ready(browser))
                await _an_evening_through_it(browser, trust, site, "demo_password of the tests, long enough")
            assert "demo_password of the tests" in (here / "app.log").read_text()


async def _an_evening_through_it(browser: httpx.AsyncClient, trust: ssl.SSLContext, site: str, password: str) -> None:
    page = await browser.get("/")
    assert page.headers["strict-transport-security"] and "default-src 'self'" in page.headers["content-security-policy"]
    signed = await browser.post("/api/session", json={"login": "ecoutant", "password": password}, headers={"Origin": site})
    assert signed.status_code == 200, signed.text
    assert "__Host-siao=" in signed.headers["set-cookie"] and "Secure" in signed.headers["set-cookie"]
    board = await browser.get("/api/board", params={"view": "operator"})
    at = board.headers["etag"].removeprefix("W/").strip('"')
    cookie = f"__Host-siao={browser.cookies['__Host-siao']}"
    live = f"{site.replace('https', 'wss')}/api/live?view=operator&since={at}"
    async with websockets.connect(live, ssl=trust, origin=site, additional_headers={"Cookie": cookie}) as socket:  # type: ignore[arg-type]
        frame = json.loads(await asyncio.wait_for(socket.recv(), 20))
        assert frame["t"] == "frame" and frame["to"] > frame["from"], "the simulated people are in, through a Secure cookie"


async def _ready(browser: httpx.AsyncClient) -> bool:
    try:
        return (await browser.get("/readyz")).status_code == 200
    except httpx.HTTPError:
        return False


async def _until(true: Any, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not (await found if asyncio.iscoroutine(found := true()) else found):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)


async def _database(url: str) -> None:
    db = await asyncpg.connect(url)
    await db.execute("CREATE DATABASE siao")
    await db.close()
