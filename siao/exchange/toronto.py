"""The City of Toronto's "Daily Shelter & Overnight Service Occupancy & Capacity", one line per programme and night.

Bed-based programmes become dormitories, room-based ones rooms. A file with one wrong line is refused whole, with line and
column. What the file does not say (features, coordinates, hours) is absent, not false.
"""

import csv
import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from siao.core.beds import OutReason
from siao.core.parks import Park, ParkShelter, ParkUnit
from siao.core.units import Kind, Rule, Scheme

FILE_BYTES_MAX = 50_000_000
HEADER: tuple[str, ...] = tuple(
    """
    _id OCCUPANCY_DATE ORGANIZATION_ID ORGANIZATION_NAME SHELTER_ID SHELTER_GROUP LOCATION_ID LOCATION_NAME
    LOCATION_ADDRESS LOCATION_POSTAL_CODE LOCATION_CITY LOCATION_PROVINCE PROGRAM_ID PROGRAM_NAME SECTOR PROGRAM_MODEL
    OVERNIGHT_SERVICE_TYPE PROGRAM_AREA SERVICE_USER_COUNT CAPACITY_TYPE CAPACITY_ACTUAL_BED CAPACITY_FUNDING_BED
    OCCUPIED_BEDS UNOCCUPIED_BEDS UNAVAILABLE_BEDS CAPACITY_ACTUAL_ROOM CAPACITY_FUNDING_ROOM OCCUPIED_ROOMS
    UNOCCUPIED_ROOMS UNAVAILABLE_ROOMS OCCUPANCY_RATE_BEDS OCCUPANCY_RATE_ROOMS
    """.split()  # noqa: SIM905 - a header reads better as a line
)
SECTORS = {"Families": Rule.MIXED, "Men": Rule.MEN, "Women": Rule.WOMEN, "Youth": Rule.MIXED, "Mixed Adult": Rule.MIXED}
FAMILY_PLACES, ROOM_PLACES = 4, 2
SCHEMES = {"Motel/Hotel Shelter": Scheme.HOTEL, "24-Hour Respite Site": Scheme.NIGHT_STOP, "Warming Centre": Scheme.WINTER}


T = TypeVar("T")


class Refusal(Exception):
    """The file is refused whole; the message names line and column."""


class Line(Struct, frozen=True):
    """One programme on one night, in beds or in rooms."""

    number: int
    night: date
    program: str
    name: str
    location: str
    address: str | None
    postal: str
    sector: str
    service: str
    rooms: bool
    actual: int
    funding: int
    occupied: int
    unoccupied: int
    unavailable: int


class Read(Struct, frozen=True):
    """A park of one night, what had to be assumed for it, and the lines that are odd but taken."""

    park: Park
    night: date
    assumed: tuple[str, ...]
    warnings: tuple[str, ...]
    beds: tuple[int, int, int]
    """Dormitory beds: in service, occupied, free."""
    rooms: tuple[int, int, int]
    """Rooms: in service, occupied, free."""


def read(path: Path, night: date | None = None, room_places: int | None = None) -> Read:
    """The park of one night, the first of the file by default. Raises `Refusal`; nothing has happened then."""
    if path.stat().st_size > FILE_BYTES_MAX:
        raise Refusal(f"{path.name}: larger than {FILE_BYTES_MAX} bytes")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as no:
        raise Refusal(f"{path.name}: not UTF-8 text at byte {no.start}; is it another kind of file?") from None
    lines = list(_lines(text, path.name))
    nights = sorted({line.night for line in lines})
    if not nights:
        raise Refusal(f"{path.name}: no line after the header")
    chosen = night or nights[0]
    if chosen not in nights:
        raise Refusal(f"{path.name}: no night {chosen}; it has {nights[0]} to {nights[-1]} ({len(nights)} nights)")
    return _night(chosen, [line for line in lines if line.night == chosen], room_places)


def _lines(text: str, name: str) -> Iterator[Line]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, [])
        _header(header, name)
        for values in reader:
            yield _line(values, reader.line_num, name)
    except csv.Error as no:
        raise Refusal(f"{name}, line {reader.line_num}: {no}") from None


def _header(header: list[str], name: str) -> None:
    for i, expected in enumerate(HEADER):
        found = header[i] if i < len(header) else ""
        if found != expected:
            raise Refusal(f"{name}, line 1, column {i + 1}: expected {expected}, found {found!r}")
    if len(header) > len(HEADER):
        raise Refusal(f"{name}, line 1, column {len(HEADER) + 1}: {header[len(HEADER)]!r} is not expected")


def _line(values: list[str], number: int, name: str) -> Line:
    where = f"{name}, line {number}"
    if len(values) != len(HEADER):
        raise Refusal(f"{where}, column {min(len(values), len(HEADER)) + 1}: {len(values)} columns instead of {len(HEADER)}")
    row: dict[str, str] = dict(zip(HEADER, values))
    rooms = _one_of(row, "CAPACITY_TYPE", {"Room Based Capacity": True, "Bed Based Capacity": False}, where)
    _one_of(row, "SECTOR", SECTORS, where)
    unit, units = ("ROOM", "ROOMS") if rooms else ("BED", "BEDS")
    columns = (f"CAPACITY_ACTUAL_{unit}", f"CAPACITY_FUNDING_{unit}", f"OCCUPIED_{units}", f"UNOCCUPIED_{units}", f"UNAVAILABLE_{units}")
    actual, funding, occupied, unoccupied, unavailable = (_number(row, column, where) for column in columns)
    if actual != occupied + unoccupied or min(actual, occupied, unoccupied) < 0:
        column = HEADER.index(columns[0]) + 1
        raise Refusal(f"{where}, column {column} ({columns[0]}): {actual} is not {occupied} occupied + {unoccupied} unoccupied")
    return Line(
        number=number,
        night=_date(row, where),
        program=row["PROGRAM_ID"],
        name=row["PROGRAM_NAME"],
        location=row["LOCATION_NAME"] or row["SHELTER_GROUP"],
        address=row["LOCATION_ADDRESS"] or None,
        postal=row["LOCATION_POSTAL_CODE"],
        sector=row["SECTOR"],
        service=row["OVERNIGHT_SERVICE_TYPE"],
        rooms=rooms,
        actual=actual,
        funding=funding,
        occupied=occupied,
        unoccupied=unoccupied,
        unavailable=unavailable,
    )


def _one_of(row: dict[str, str], column: str, known: dict[str, T], where: str) -> T:
    if row[column] not in known:
        raise Refusal(f"{where}, column {HEADER.index(column) + 1} ({column}): {row[column]!r} is not one of {', '.join(known)}")
    return known[row[column]]


def _number(row: dict[str, str], column: str, where: str) -> int:
    try:
        return int(row[column])
    except ValueError:
        raise Refusal(f"{where}, column {HEADER.index(column) + 1} ({column}): {row[column]!r} is not a whole number") from None


def _date(row: dict[str, str], where: str) -> date:
    try:
        return date.fromisoformat(row["OCCUPANCY_DATE"][:10])
    except ValueError:
        raise Refusal(f"{where}, column 2 (OCCUPANCY_DATE): {row['OCCUPANCY_DATE']!r} is not a date") from None


def _night(night: date, lines: list[Line], room_places: int | None) -> Read:
    shelters = tuple(_shelter(location, group, room_places) for location, group in _by_location(lines).items())
    families, others = (room_places or FAMILY_PLACES), (room_places or ROOM_PLACES)
    return Read(
        park=Park("TOR", "Toronto", "America/Toronto", "311", shelters),
        night=night,
        assumed=(f"places per room: {families} for families, {others} otherwise (the file has none)",),
        warnings=tuple(_warnings(lines)),
        beds=_totals([line for line in lines if not line.rooms]),
        rooms=_totals([line for line in lines if line.rooms]),
    )


def _totals(lines: list[Line]) -> tuple[int, int, int]:
    return sum(x.actual for x in lines), sum(x.occupied for x in lines), sum(x.unoccupied for x in lines)


def _by_location(lines: list[Line]) -> dict[str, list[Line]]:
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(line.location, []).append(line)
    return found


def _warnings(lines: list[Line]) -> Iterator[str]:
    for line in lines:
        if line.actual > line.funding:
            yield f"line {line.number}: {line.actual} in service, above the {line.funding} funded"
        if line.unavailable < 0:
            yield f"line {line.number}: {line.unavailable} unavailable, a negative number"


def _shelter(location: str, lines: list[Line], room_places: int | None) -> ParkShelter:
    first = lines[0]
    units = [unit for line in lines for unit in _units(line, room_places)]
    scheme = SCHEMES.get(first.service, Scheme.CHU)
    zone = first.postal[:3] or "Toronto"
    return ParkShelter(location, scheme, "Toronto", zone, tuple(units), address=first.address)


def _units(line: Line, room_places: int | None) -> Iterator[ParkUnit]:
    """A dormitory of the programme's beds, or its rooms one by one; out of service is what is funded and not in service."""
    rule, out = SECTORS[line.sector], max(0, line.funding - line.actual)
    name = f"{line.name} ({line.program})"
    if not line.rooms:
        yield ParkUnit(name, Kind.DORMITORY, rule, max(line.funding, line.actual), line.unoccupied, line.occupied, out, OutReason.OTHER)
        return
    places = room_places or (FAMILY_PLACES if line.sector == "Families" else ROOM_PLACES)
    for i in range(line.actual + out):
        vacant, occupied = places * (i < line.unoccupied), places * (line.unoccupied <= i < line.actual)
        yield ParkUnit(f"{name} {i + 1}", Kind.ROOM, rule, places, vacant, occupied, places - vacant - occupied, OutReason.OTHER)
