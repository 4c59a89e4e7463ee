"""The seal of an advice: for whom, where and for how long it stands, and that it shows nothing of the household."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from siao.api import sealed
from siao.core.allocation.decision import Decision, Ground, Say
from siao.core.parks import identity
from siao.core.refused import Refused
from siao.core.requests import Asked, Criteria, Need

SECRET, NOW = b"a secret", datetime(2026, 1, 12, 19, 10, tzinfo=UTC)
ASKED = Asked(men=1, women=1, children=2, needs=(Need.ANIMALS, Need.STEP_FREE), zone="Voiron", max_km=15, nights=3, level=2)
GIVE = Decision(Say.GIVE, Ground.WORTH, (identity("room"),), 12, 12)


def criteria(asked: Asked, **other: Any) -> Criteria:
    """What is on the board once it was asked."""
    said = {name: getattr(asked, name) for name in Asked.__struct_fields__}
    return Criteria(**{**said, "request": identity("request"), "territory": "38", "explanation": None, **other})


def read(asked: Asked | Criteria | None, token: str | None = None, now: datetime = NOW) -> Decision | None:
    return sealed.unseal(SECRET, "38", asked, token or sealed.seal(SECRET, "38", NOW, ASKED, GIVE), now)


def test_it_comes_back_for_the_same_household_however_it_is_looked_at() -> None:
    assert read(ASKED) == GIVE
    assert read(criteria(ASKED, needs=(Need.STEP_FREE, Need.ANIMALS), last_shelter=identity("last"))) == GIVE


@pytest.mark.parametrize(
    "other",
    [{"men": 2}, {"women": 0}, {"children": 1}, {"infants": 1}, {"needs": ()}, {"zone": None}, {"max_km": 14}, {"nights": 1}, {"level": 3}],
    ids=lambda other: next(iter(other)),
)
def test_for_another_household_it_is_not_used(other: dict[str, Any]) -> None:
    assert read(msgspec.structs.replace(ASKED, **other)) is None
    assert read(criteria(ASKED, **other)) is None
    assert read(None) is None, "nobody is known to ask"


def test_it_stands_five_minutes_and_nowhere_else() -> None:
    assert read(ASKED, now=NOW + timedelta(minutes=4)) == GIVE
    assert read(ASKED, now=NOW + timedelta(minutes=5)) is None
    with pytest.raises(Refused):
        sealed.unseal(SECRET, "75", ASKED, sealed.seal(SECRET, "38", NOW, ASKED, GIVE), NOW)
    with pytest.raises(Refused):
        sealed.unseal(b"another", "38", ASKED, sealed.seal(SECRET, "38", NOW, ASKED, GIVE), NOW)


def test_two_that_ask_alike_do_not_show_it() -> None:
    def household(at: datetime) -> bytes:
        raw = sealed.base64.urlsafe_b64decode(sealed.seal(SECRET, "38", at, ASKED, GIVE))
        return msgspec.msgpack.decode(raw[sealed.MAC_BYTES :], type=sealed.Said).household

    assert household(NOW) == household(NOW) != household(NOW + timedelta(microseconds=1))
