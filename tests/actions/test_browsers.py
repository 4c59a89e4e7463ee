"""The browser's cookie: made by the secret alone, for each login apart, and never longer than eight."""

from siao.actions.browsers import LOGINS_MAX, STRANGER, cookie, counted_as

SECRET, OTHER = b"a secret of the tests", b"another secret"


def test_each_login_is_known_where_it_signed_in_and_nowhere_else() -> None:
    first = cookie(SECRET, None, "operator")
    both = cookie(SECRET, first, "worker")
    number = counted_as(SECRET, first, "operator")
    assert len(number) == 16 and counted_as(SECRET, both, "operator") == counted_as(SECRET, both, "worker") == number
    assert counted_as(SECRET, first, "worker") == counted_as(OTHER, first, "operator") == counted_as(SECRET, None, "operator") == STRANGER
    assert counted_as(SECRET, cookie(SECRET, None, "operator"), "operator") != number, "each browser is another"
    assert "operator" not in both


def test_a_browser_remembers_the_last_who_signed_in() -> None:
    held = None
    for n in range(LOGINS_MAX + 3):
        held = cookie(SECRET, held, f"login {n}")
    assert [n for n in range(LOGINS_MAX + 3) if counted_as(SECRET, held, f"login {n}")] == list(range(3, LOGINS_MAX + 3))
    again = cookie(SECRET, held, "login 3")
    assert sorted(again.split(".")) == sorted(str(held).split(".")), "who comes again takes no second place"


def test_another_browser_s_number_is_worth_nothing_without_its_mark() -> None:
    mine, theirs = cookie(SECRET, None, "operator"), cookie(SECRET, None, "operator")
    mixed = f"{theirs.partition('.')[0]}.{mine.partition('.')[2]}"
    assert counted_as(SECRET, mixed, "operator") == STRANGER
    for odd in ("", ".", mine + ".", mine.upper() + "G", mine + "\n", mine.replace(".", ",")):
        assert counted_as(SECRET, odd, "operator") == STRANGER
        assert counted_as(SECRET, cookie(SECRET, odd, "operator"), "operator") != STRANGER
