"""Closed enumerations that carry their words, so that a code and its labels stand in one place."""

from enum import StrEnum
from typing import Self


class Coded(StrEnum):
    """A code with its French and English words. Compares and serialises as the code alone."""

    fr: str
    en: str

    def __new__(cls, value: str, fr: str, en: str) -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.fr, member.en = fr, en
        return member

    def words(self, language: str) -> str:
        return self.en if language == "en" else self.fr
