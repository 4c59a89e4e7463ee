"""Why this place: a closed vocabulary in French and English, said from kept facts alone, so that it can be said again.

In full while the request is open (it holds needs, so it stands in the criteria); at closing what remains is in the
placement's own row: rule version, engine, deciding level, number of places compatible, override (GUARANTEES 17).
"""

from collections.abc import Iterator, Mapping
from uuid import UUID

import msgspec
from msgspec import Struct

from siao.core.allocation.compatible import WORDS, Reason
from siao.core.allocation.decision import Decision
from siao.core.allocation.model import TENTHS
from siao.core.allocation.standing import Engine, Standing
from siao.core.allocation.weigh import Weighed, Why
from siao.core.coded import Coded

KEPT_MAX = 10
"""Explanations that one open request keeps, the newest last."""


class Explanation(Struct, frozen=True):
    """`override`: the code by which a person chose another place than the first, gave up a wish, or did not hold back.

    `advice`: what similar evenings had advised, where it was asked.
    """

    placement: UUID
    standing: Standing
    override: str | None
    advice: Decision | None = None


class Reduced(Struct, frozen=True):
    """What is left when the request has closed; none of it is a need."""

    rules_version: int
    engine: Engine
    decided: Why | None
    compatible: int
    override: str | None


def write(kept: tuple[Explanation, ...]) -> bytes:
    return msgspec.msgpack.encode(kept[-KEPT_MAX:])


def read(text: bytes | None) -> tuple[Explanation, ...]:
    return msgspec.msgpack.decode(text, type=tuple[Explanation, ...]) if text else ()


def of(placement: UUID, text: bytes | None) -> Explanation | None:
    return next((one for one in read(text) if one.placement == placement), None)


def said(e: Explanation, overrides: Mapping[str, Coded], language: str) -> list[str]:
    """The sentences. `overrides`: the words of the codes."""
    return [sentence[language == "en"] for sentence in _sentences(e, overrides)]


def said_after(r: Reduced, overrides: Mapping[str, Coded], language: str) -> list[str]:
    """What can still be said once the needs are deleted."""
    pairs = [_rules(r.rules_version, r.engine), _compatible(r.compatible)]
    if r.decided is not None:
        pairs.append((f"Ce qui a départagé : {r.decided.fr}.", f"What decided: {r.decided.en}."))
    if r.override is not None:
        pairs.append(_person(overrides[r.override]))
    pairs.append(("Le reste a été effacé avec la demande.", "The rest was deleted with the request."))
    return [pair[language == "en"] for pair in pairs]


Both = tuple[str, str]


def _sentences(e: Explanation, overrides: Mapping[str, Coded]) -> Iterator[Both]:
    s = e.standing
    yield _rules(s.rules, s.engine)
    yield _compatible(s.compatible)
    if s.rank == 1:
        yield _first(s)
    elif s.rank is not None:
        yield _later(s, s.rank)
    else:
        yield _given_up(s)
    if e.advice is not None:
        yield _advised(e.advice)
    if e.override is not None:
        yield _person(overrides[e.override])
    if s.beside is not None and s.rank != 1 and (cost := list(_cost(s.mine, s.beside))):
        yield (
            "Pour ce ménage, au lieu de la première : " + ", ".join(fr for fr, _ in cost) + ".",
            "For this household, instead of the first: " + ", ".join(en for _, en in cost) + ".",
        )
    if s.excluded:
        yield _excluded(s)


def _rules(version: int, engine: Engine) -> Both:
    return (
        f"Proposition faite par {engine.fr}, selon les règles publiées, version {version} ; une personne a décidé.",
        f"Proposed by {engine.en}, under the published rules, version {version}; a person decided.",
    )


def _compatible(count: int) -> Both:
    if count == 1:
        return "Une seule place convenait à ce moment.", "One place fitted at that moment."
    return f"{count} places convenaient à ce moment.", f"{count} places fitted at that moment."


def _first(s: Standing) -> Both:
    if s.beside is None or s.decided in (None, Why.ONLY):
        return "C’est celle-ci.", "It is this one."
    if s.decided is Why.EQUAL:
        return (
            "Celle-ci et la suivante sont à égalité sur tous les critères : l’ordre des numéros a départagé.",
            "This one and the next are equal at every level: the order of their numbers decided.",
        )
    fr, en = _against(s.decided, s.mine, s.beside)
    return f"Celle-ci passe la première : {fr}.", f"This one comes first: {en}."


def _later(s: Standing, rank: int) -> Both:
    if s.beside is None or s.decided in (None, Why.EQUAL):
        return f"Celle-ci est à égalité avec la première (rang {rank}).", f"This one is equal to the first (rank {rank})."
    fr, en = _against(s.decided, s.beside, s.mine)
    return f"Celle-ci vient au rang {rank} ; la première passait devant : {fr}.", f"This one ranks {rank}; the first came before it: {en}."


def _given_up(s: Standing) -> Both:
    names = [WORDS[Reason[name]] for name in s.despite]
    return (
        "Celle-ci ne répondait pas à tout ce qui était demandé : " + ", ".join(fr for fr, _ in names) + ".",
        "This one did not have all that was asked for: " + ", ".join(en for _, en in names) + ".",
    )


def _advised(d: Decision) -> Both:
    return f"Conseil : {d.say.fr} ; {d.why('fr')}.", f"Advice: {d.say.en}; {d.why('en')}."


def _person(override: Coded) -> Both:
    return (
        f"Une personne a choisi cette place, motif : {override.fr.lower()}.",
        f"A person chose this place, reason: {override.en.lower()}.",
    )


def _against(level: Why, better: Weighed, worse: Weighed) -> Both:
    """At which level, with both figures."""
    if level is Why.WASTE:
        return (
            f"moins de lits et d’équipements perdus ({better.waste} contre {worse.waste})",
            f"fewer beds and equipment wasted ({better.waste} against {worse.waste})",
        )
    if level is Why.CONTINUITY:
        return "c’est la structure de la nuit dernière", "it is last night’s shelter"
    return f"plus proche ({_km(better)[0]} contre {_km(worse)[0]})", f"nearer ({_km(better)[1]} against {_km(worse)[1]})"


def _km(w: Weighed) -> Both:
    if w.tenths is None:
        return "distance non dite", "distance not said"
    km = f"{w.tenths / TENTHS:.1f}"
    return f"{km.replace('.', ',')} km", f"{km} km"


def _cost(mine: Weighed, first: Weighed) -> Iterator[Both]:
    """What this place is worse at than the first, for this household alone: what the others lose by it is not in these figures."""
    if (beds := mine.waste - first.waste) > 0:
        many = "s" * (beds > 1)
        yield f"{beds} lit{many} ou équipement{many} perdu{many} de plus", f"{beds} more bed{many} or equipment wasted"
    if first.same_shelter and not mine.same_shelter:
        yield "une autre structure que la nuit dernière", "another shelter than last night"
    if (far := (mine.tenths or 0) - (first.tenths or 0)) > 0 and None not in (mine.tenths, first.tenths):
        km = f"{far / TENTHS:.1f}"
        yield f"{km.replace('.', ',')} km de plus", f"{km} km more"


def _excluded(s: Standing) -> Both:
    """Counts by reason, and by reason alone: which wish, if it were given up, would open more places."""
    parts = [(WORDS[Reason[name]], n, s.only.get(name, 0)) for name, n in sorted(s.excluded.items(), key=lambda one: -one[1])]
    fr = ", ".join(f"{words[0]} {n}" + (f" (seul motif : {only})" if only else "") for words, n, only in parts)
    en = ", ".join(f"{words[1]} {n}" + (f" (only reason: {only})" if only else "") for words, n, only in parts)
    return f"Places écartées, par motif : {fr}.", f"Places excluded, by reason: {en}."
