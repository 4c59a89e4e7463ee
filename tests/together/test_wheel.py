"""What is installed elsewhere is whole: built screens, the road to the schema, types, and it runs."""

import os
import subprocess
import zipfile
from pathlib import Path

import httpx
import pytest

from launched import Who, folder, running
from siao.carried import HERE, database_folder


def test_the_wheel_carries_all_that_it_needs_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    migrations = {f"siao/_db/migrations/{path.name}" for path in (database_folder() / "migrations").glob("*.sql")}
    assert names >= {"siao/py.typed", "siao/_db/schema.sql", "siao/web/dist/index.html", *migrations}
    assert any(name.startswith("siao/web/dist/assets/") and name.endswith(".js") for name in names)
    assert {f"siao/samples/{path.name}" for path in (HERE / "samples").iterdir() if path.is_file()} <= names
    assert not [name for name in names if "node_modules" in name or name.startswith(("tests/", "siao/web/src/")) or "__pycache__" in name]
    about = next(zipfile.ZipFile(wheel).read(name).decode() for name in names if name.endswith("/METADATA"))
    assert "License-Expression: AGPL-3.0-or-later" in about and "Provides-Extra: demo" in about
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_installed_elsewhere_it_opens_the_demo_with_its_screens(installed: Who) -> None:
    with folder() as here, running(here / "data", "--quiet-evening", who=installed) as demo:
        assert demo.ready()["board"]
        page = httpx.get(demo.base).text
        script = page.partition('src="')[2].partition('"')[0]
        assert script.startswith("/assets/") and httpx.get(demo.base + script).status_code == 200
        with demo.chair("ecoutant") as chair:
            assert len(chair.get("/api/board", params={"view": "operator"}).json()["rows"]["shelters"]) > 50
        assert demo.end() == 0


@pytest.mark.parametrize(
    ("command", "given", "missing"),
    [
        ("serve", {}, "SIAO_DATABASE_URL"),
        ("serve", {"SIAO_DATABASE_URL": "postgresql://x"}, "SIAO_REDIS_URL"),
        ("serve", {"SIAO_DATABASE_URL": "postgresql://x", "SIAO_REDIS_URL": "redis://x"}, "SIAO_SECRET"),
        ("serve", {"SIAO_DATABASE_URL": "x", "SIAO_REDIS_URL": "x", "SIAO_SECRET": "short", "SIAO_ORIGINS": "x"}, "SIAO_SECRET"),
        ("serve", {"SIAO_DATABASE_URL": "postgresql://x", "SIAO_REDIS_URL": "redis://x", "SIAO_SECRET": "s" * 32}, "SIAO_ORIGINS"),
        (
            "serve",
            {"SIAO_DATABASE_URL": "x", "SIAO_REDIS_URL": "x", "SIAO_SECRET": "s" * 32, "SIAO_ORIGINS": "x", "SIAO_PORT": "many"},
            "SIAO_PORT",
        ),
        ("migrate", {}, "SIAO_OWNER_URL"),
    ],
)
def test_what_is_missing_is_named(installed: Who, command: str, given: dict[str, str], missing: str) -> None:
    env = {"PATH": os.environ["PATH"], **given}
    said = subprocess.run([installed.python, "-m", "siao", command], cwd="/", env=env, capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout) == (2, "") and said.stderr.startswith(f"siao: {missing} "), said.stderr


def test_the_command_is_called_siao(installed: Who) -> None:
    script = Path(installed.python).with_name("siao")
    said = subprocess.run([str(script)], cwd="/", env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False)
    assert said.returncode == 0 and "demo" in said.stderr
