"""Reference codes: what was heard is what was meant, or it is refused."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from siao.core import codes
from siao.core.refused import Refusal, Refused

BITS = st.integers(0, 2**codes.BITS - 1)


@given(BITS)
def test_reads_what_it_wrote_however_it_was_typed(bits: int) -> None:
    code = codes.code(bits)
    assume(code is not None)
    assert code is not None
    assert codes.read(code.lower().replace("-", " ").replace("0", "o").replace("1", "l")) == code


@given(BITS, st.integers(0, codes.LENGTH - 1), st.sampled_from(codes.SYMBOLS))
def test_one_wrong_symbol_is_always_noticed(bits: int, at: int, wrong: str) -> None:
    code = codes.code(bits)
    assume(code is not None)
    assert code is not None
    plain = code.replace("-", "")
    assume(plain[at] != wrong)
    with pytest.raises(Refused) as no:
        codes.read(plain[:at] + wrong + plain[at + 1 :])
    assert (no.value.why, no.value.field) == (Refusal.CODE_TYPO, "code")


@given(BITS, st.integers(0, codes.LENGTH - 2))
def test_two_neighbours_swapped_are_always_noticed(bits: int, at: int) -> None:
    code = codes.code(bits)
    assume(code is not None)
    assert code is not None
    plain = code.replace("-", "")
    assume(plain[at] != plain[at + 1])
    with pytest.raises(Refused):
        codes.read(plain[:at] + plain[at + 1] + plain[at] + plain[at + 2 :])


def test_about_six_in_seven_can_be_said_aloud() -> None:
    said = sum(codes.code(bits) is not None for bits in range(37_000))
    assert said == 37_000 * 32 // 37


@pytest.mark.parametrize("text", ["", "7K3M", "7K3M-9QXF-C-7", "é" * 9, "7U3M-9QXF-C"])
def test_refuses_what_is_no_code(text: str) -> None:
    with pytest.raises(Refused, match="code_typo: code"):
        codes.read(text)
