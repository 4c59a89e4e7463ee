"""The rules of the house: sizes, where SQL lives, words that are current, nothing of anybody's machine."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from siao import words
from siao.carried import HERE

ROOT = HERE.parent
MODULES = sorted(path for path in HERE.rglob("*.py") if "node_modules" not in path.parts)
LINES_MAX, FUNCTION_MAX = 300, 40
SQL = re.compile(r"\b(SELECT .+ FROM|INSERT INTO|UPDATE \w+ SET|DELETE FROM)\b")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_fits_in_one_sitting_and_says_what_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= LINES_MAX
    tree = ast.parse(text)
    assert not text.strip() or ast.get_docstring(tree), "a module says what it is"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            statements = text.splitlines()[node.body[0].lineno - 1 : node.end_lineno]
            assert len(statements) <= FUNCTION_MAX or path.parent.name == "store", node.name


@pytest.mark.parametrize("path", [p for p in MODULES if "store" not in p.parts], ids=lambda path: str(path.relative_to(ROOT)))
def test_sql_is_in_store_alone(path: Path) -> None:
    found = [
        node.value
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert [text for text in found if SQL.search(text)] == []


def test_migrations_are_numbered_one_by_one() -> None:
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "db" / "migrations").glob("*.sql"))]
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_screens_words_are_core_s() -> None:
    assert (HERE / "web" / "src" / "lib" / "words.json").read_text(encoding="utf-8") == words.text()


def test_every_word_has_both_languages() -> None:
    assert words.words().keys() >= words.UNSHOWN
    for kind, codes in words.words().items():
        for code, said in codes.items():
            assert said["fr"] and said["en"], (kind, code)


def test_nothing_names_a_registry_or_somebody_s_machine() -> None:
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    if not files:
        pytest.skip("not a git checkout")
    strange = re.compile(r"(?<![\w./-])/(?:home|root|work|farm)/\w|--index-url|\"resolved\":|registry\.npmjs|files\.pythonhosted")
    for name in files:
        if name != "tests/test_house.py" and not name.endswith((".png", ".woff2")):
            assert not strange.search((ROOT / name).read_text(encoding="utf-8")), name
    assert "uv.lock" not in files


SHEETS = HERE / "web" / "src" / "style"
Said = tuple[str, str, str, str]
"""Of one declaration: the @media it stands in, its selector, its property, its value."""


def _declarations(sheet: Path) -> list[Said]:
    """One rule a line, as the sheets are written."""
    media, found = "", list[Said]()
    for line in re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.DOTALL).splitlines():
        if line.startswith("@media"):
            media = line
        elif line == "}":
            media = ""
        elif rule := re.fullmatch(r"\s*([^{}]+)\{(.*)\}", line):
            pairs = [said.split(":", 1) for said in rule[2].split(";") if ":" in said]
            names = re.split(r",(?![^(]*\))", rule[1])
            found += [(media, name.strip(), key.strip(), value.strip()) for name in names for key, value in pairs]
    return found


def test_every_token_is_used_by_a_sheet_or_a_screen() -> None:
    said = "".join(path.read_text(encoding="utf-8") for path in SHEETS.parent.rglob("*") if path.suffix in (".css", ".svelte", ".ts"))
    tokens = set(re.findall(r"(--[\w-]+):", (SHEETS / "tokens.css").read_text(encoding="utf-8")))
    assert len(tokens) > 50, "the sheet is read"
    assert tokens - set(re.findall(r"var\((--[\w-]+)", said)) == set()


def test_no_wide_rule_behind_a_narrow_one_undoes_it() -> None:
    """Of two rules of one selector the later wins, whatever screen it was meant for: what is for narrow screens stands behind."""
    order = re.findall(r"'\./style/(\w+)\.css'", (SHEETS.parent / "main.ts").read_text(encoding="utf-8"))
    assert sorted(order) == sorted(path.stem for path in SHEETS.glob("*.css"))
    said = [(name, *one) for name in order for one in _declarations(SHEETS / f"{name}.css")]
    assert sum(bool(media) for _, media, *_ in said) > 100, "the sheets are read"
    for at, (name, media, selector, key, value) in enumerate(said):
        if not media or "!important" in value:
            continue
        for later, wide, other, what, instead in said[at + 1 :]:
            undone = not wide and other == selector and (key == what or key.startswith(f"{what}-")) and instead != value
            assert not undone, f"{name}.css {media} {selector} {key} is undone by {later}.css {other} {what}: {instead}"
