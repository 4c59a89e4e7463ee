"""The closed enumerations with their words, for the screens: one place for a label, and that is core."""

import inspect
import json
import pkgutil
import sys
from importlib import import_module

from siao import core
from siao.core.allocation import compatible
from siao.core.coded import Coded

UNSHOWN = frozenset(
    {
        "allocation.certificate.Engine",
        "allocation.decision.Ground",
        "allocation.rates.Size",
        "allocation.standing.Engine",
        "beds.Physical",
        "invariants.Invariant",
        "placements.State",
        "refused.Refusal",
        "register.About",
        "requests.State",
    }
)
"""What no screen asks words of: the server says them itself, or they are codes alone."""


def words() -> dict[str, dict[str, dict[str, str]]]:
    """{module.Enumeration: {code: {fr, en}}}, in a stable order."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for info in sorted(pkgutil.walk_packages(core.__path__, "siao.core."), key=lambda info: info.name):
        module = import_module(info.name)
        for name, kind in inspect.getmembers(module, inspect.isclass):
            if issubclass(kind, Coded) and kind is not Coded and kind.__module__ == info.name:
                found[f"{info.name.removeprefix('siao.core.')}.{name}"] = {str(m): {"fr": m.fr, "en": m.en} for m in kind}
    found["allocation.Reason"] = {str(reason.name): {"fr": fr, "en": en} for reason, (fr, en) in compatible.WORDS.items()}
    return found


def text() -> str:
    """What the screens are built with."""
    shown = {kind: codes for kind, codes in words().items() if kind not in UNSHOWN}
    return json.dumps(shown, ensure_ascii=False, indent=1) + "\n"


def main(argv: list[str]) -> int:
    sys.stdout.write(text())
    return 0
