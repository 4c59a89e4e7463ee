"""What is written to stderr, and what never is: each record begins with its time, in UTC, and its level."""

import logging
import re
import sys
import time
from typing import Any

from siao import traced

OURS = "siao"
KIND = re.compile(r"^[\s|]*([A-Za-z_][\w.]*(?:Error|Exception))\b", re.MULTILINE)
"""An exception's kind where a library wrote one out; what stands behind it may repeat a row."""


class Reserved(logging.Formatter):
    """Our own words as they are, declared one by one (core/register.py). Of a library's its constant, never what it put in; of an
    exception where it came from and its kind, never what it says."""

    converter = time.gmtime

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(process)d %(name)s: %(said)s", "%Y-%m-%dT%H:%M:%SZ")

    def format(self, record: logging.LogRecord) -> str:
        record.said = record.getMessage() if record.name.partition(".")[0] == OURS else _constant(str(record.msg))
        record.exc_text = None
        return super().format(record).rstrip().replace("\n", "\n  ")

    def formatException(self, ei: Any) -> str:
        return traced.where(ei[1]) + ei[0].__name__


def _constant(text: str) -> str:
    kinds = list(dict.fromkeys(KIND.findall(text)))
    return ": ".join([text.strip().partition("\n")[0], *kinds])


def begin() -> None:
    """In each process that serves, once."""
    said = logging.StreamHandler(sys.stderr)
    said.setFormatter(Reserved())
    logging.basicConfig(level=logging.WARNING, handlers=[said], force=True)
