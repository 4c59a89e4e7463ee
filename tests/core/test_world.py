"""A world on a fork: what is dropped never was, what is merged is, and the free beds kept are those one would count."""

from uuid import UUID, uuid4

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import city
from siao.core.beds import Bed, OutReason, Physical
from siao.core.claims import Claim, bed_is_free
from siao.core.units import Rule, Unit
from siao.core.world import World

UNITS = [city.unit(name) for name in ("Dortoir hommes", "Dortoir du soir", "Chambre 4")]


class Worlds(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.base = city.city()
        self.plain = dict(self.base.rows)
        self.fork: World | None = None
        self.forked = dict(self.plain)

    def _put(self, row: Bed | Claim) -> None:
        key = (Claim, (row.placement, row.bed)) if isinstance(row, Claim) else (Bed, row.id)
        if self.fork is None:
            self.base.put(row)
            self.plain[key] = row
        else:
            self.fork.put(row)
        self.forked[key] = row

    @rule(unit=st.sampled_from(UNITS), number=st.integers(1, 4), physical=st.sampled_from(Physical))
    def report(self, unit: UUID, number: int, physical: Physical) -> None:
        beds = self.base.beds(unit)
        bed = beds[number % len(beds)]
        reason = OutReason.WORKS if physical is Physical.OUT else None
        self._put(Bed(bed.id, bed.territory, bed.unit, bed.number, physical, reason, False, bed.version + 1))

    @rule(unit=st.sampled_from(UNITS), number=st.integers(1, 4))
    def claim(self, unit: UUID, number: int) -> None:
        world = self.fork or self.base
        beds = world.beds(unit)
        bed = beds[number % len(beds)]
        claim = world.claim_on(bed.id)
        if claim is None:
            self._put(Claim(uuid4(), bed.id, unit, city.CODE, True, False, Rule.MEN))
        else:
            self._put(Claim(claim.placement, bed.id, unit, city.CODE, False, False, None))

    @rule(unit=st.sampled_from(UNITS))
    def look(self, unit: UUID) -> None:
        (self.fork or self.base).free(unit)

    @rule()
    def begin_a_fork(self) -> None:
        if self.fork is None:
            self.fork, self.forked = self.base.fork(), dict(self.plain)

    @rule(keep=st.booleans())
    def end_it(self, keep: bool) -> None:
        if self.fork is None:
            return
        if keep:
            self.base.merge(self.fork)
            self.plain = dict(self.forked)
        self.fork = None

    @invariant()
    def counts_agree(self) -> None:
        if not hasattr(self, "base"):
            return
        worlds = [(self.base, self.plain)] + ([(self.fork, self.forked)] if self.fork else [])
        for world, rows in worlds:
            live = {row.bed: row for (kind, _), row in rows.items() if kind is Claim and row.live}
            for unit in UNITS:
                beds = sorted((row for (kind, _), row in rows.items() if kind is Bed and row.unit == unit), key=lambda bed: bed.number)
                assert world.beds(unit) == beds
                assert list(world.free(unit)) == [bed for bed in beds if bed_is_free(bed, live.get(bed.id))]
                assert [world.claim_on(bed.id) for bed in beds] == [live.get(bed.id) for bed in beds]
            assert len(world.all(Unit)) == len([1 for kind, _ in rows if kind is Unit])


TestWorlds = Worlds.TestCase
