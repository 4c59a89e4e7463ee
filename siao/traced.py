"""Where in the code something failed, for the log; every room may ask it."""

from traceback import format_tb


def where(no: BaseException) -> str:
    """File, line and statement of each frame; never what the exception says: that may repeat a row."""
    return "".join(format_tb(no.__traceback__))
