"""A park comes in whole: its places, and one journal entry that says so, in one transaction."""

from siao.actions import journal
from siao.core import parks
from siao.core.beds import Source
from siao.core.journal import Verb
from siao.core.parks import Park
from siao.core.people import By, Role
from siao.core.units import Unit
from siao.core.world import Change
from siao.store import db as database
from siao.store import parks as store

IMPORT = By(agent=None, role=Role.ADMIN, source=Source.IMPORT)
IMPORT_SECONDS = 60


class InUse(Exception):
    """Households have places in that territory: an import would report over them."""


async def load(url: str, park: Park) -> int:
    """Writes the park into the database at `url`, the app's. Gives the number of its journal entry.

    Raises `InUse` where placements are live; a territory already known gets the new night as a report with source import.
    """
    db = await database.connect(url, IMPORT_SECONDS)
    try:
        await db.execute(database.begin([park.code]))
        await store.place(db, [parks.territory(park)])
        head = await journal.lock(db, park.code)
        if await store.live(db, park.code):
            raise InUse(f"{park.name}: households have places there; end them before importing a night over them")
        rows = list(parks.rows(park, await database.clock(db), Source.IMPORT))
        await store.place(db, rows)
        units = tuple(row.id for row in rows if isinstance(row, Unit))
        seq = await journal.tell(db, head, [Change(Verb.ADMINISTER, (), "import", units=units)], IMPORT)
        await db.execute("COMMIT")
        return seq
    finally:
        await db.close()
