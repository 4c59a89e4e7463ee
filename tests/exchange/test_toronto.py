"""The city's file: two of its nights as they are, and every way in which a file is refused whole."""

import csv
from datetime import date
from pathlib import Path

import pytest

import city
from siao.carried import samples_folder
from siao.core.beds import Bed, Physical, Source
from siao.core.parks import rows
from siao.core.units import Kind, Rule, Unit
from siao.exchange import toronto

FILE = samples_folder() / "toronto-2024-01.csv"
NIGHTS = [date(2024, 1, 2), date(2024, 1, 15)]


def lines(night: date) -> list[dict[str, str]]:
    with FILE.open(encoding="utf-8-sig") as file:
        return [line for line in csv.DictReader(file) if line["OCCUPANCY_DATE"].startswith(str(night))]


def total(night: date, column: str) -> int:
    return sum(int(line[column]) for line in lines(night) if line[column])


@pytest.mark.parametrize("night", NIGHTS)
def test_totals_are_the_file_s_to_the_bed_and_room(night: date) -> None:
    read = toronto.read(FILE, night)
    made = list(rows(read.park, city.EVENING, Source.IMPORT))
    units = {row.id: row for row in made if isinstance(row, Unit)}
    beds = [row for row in made if isinstance(row, Bed)]
    dormitory = [bed for bed in beds if units[bed.unit].kind is Kind.DORMITORY]
    assert sum(bed.physical is Physical.VACANT for bed in dormitory) == total(night, "UNOCCUPIED_BEDS") == read.beds[2]
    assert sum(bed.physical is Physical.OCCUPIED for bed in dormitory) == total(night, "OCCUPIED_BEDS")
    assert sum(bed.physical is not Physical.OUT for bed in dormitory) == total(night, "CAPACITY_ACTUAL_BED") == read.beds[0]
    of: dict[object, set[Physical]] = {}
    for bed in beds:
        if units[bed.unit].kind is Kind.ROOM:
            of.setdefault(bed.unit, set()).add(bed.physical)
    assert sum(seen == {Physical.VACANT} for seen in of.values()) == total(night, "UNOCCUPIED_ROOMS") == read.rooms[2]
    assert sum(seen == {Physical.OCCUPIED} for seen in of.values()) == total(night, "OCCUPIED_ROOMS")
    assert all(len(seen) == 1 for seen in of.values())
    assert len({bed.id for bed in beds}) == len(beds)


def test_sectors_give_the_rule_and_what_the_file_does_not_say_is_absent() -> None:
    read = toronto.read(FILE, NIGHTS[1])
    rules = {line["SECTOR"] for line in lines(NIGHTS[1])}
    assert rules == set(toronto.SECTORS)
    units = [unit for shelter in read.park.shelters for unit in shelter.units]
    assert {unit.rule for unit in units} == {Rule.MEN, Rule.WOMEN, Rule.MIXED}
    assert all(unit.features == () for unit in units)
    assert all(shelter.latitude is None and shelter.arrive_before is None for shelter in read.park.shelters)


def test_places_per_room_are_said_to_be_assumed() -> None:
    assert "4 for families, 2 otherwise" in toronto.read(FILE, NIGHTS[0]).assumed[0]
    three = toronto.read(FILE, NIGHTS[0], room_places=3)
    assert "3 for families, 3 otherwise" in three.assumed[0]
    assert {unit.nominal for s in three.park.shelters for unit in s.units if unit.kind is Kind.ROOM} == {3}


def test_odd_lines_are_taken_with_a_warning() -> None:
    warnings = toronto.read(FILE, NIGHTS[0]).warnings
    above = sum(
        int(line["CAPACITY_ACTUAL_BED"] or line["CAPACITY_ACTUAL_ROOM"])
        > int(line["CAPACITY_FUNDING_BED"] or line["CAPACITY_FUNDING_ROOM"])
        for line in lines(NIGHTS[0])
    )
    below = sum(int(line["UNAVAILABLE_BEDS"] or line["UNAVAILABLE_ROOMS"] or 0) < 0 for line in lines(NIGHTS[0]))
    assert len(warnings) == above + below > 0
    assert all(warning.startswith("line ") for warning in warnings)


def spoiled(tmp_path: Path, change: dict[tuple[int, str], str], extra: str = "") -> Path:
    with FILE.open(encoding="utf-8-sig") as file:
        table = list(csv.reader(file))
    for (line, column), value in change.items():
        table[line - 1][toronto.HEADER.index(column)] = value
    if extra:
        table[4].append(extra)
    path = tmp_path / "spoiled.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(table)
    return path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({(1, "SECTOR"): "SECTEUR"}, "line 1, column 15: expected SECTOR, found 'SECTEUR'"),
        ({(7, "OCCUPIED_ROOMS"): "many", (7, "OCCUPIED_BEDS"): "many"}, r"line 7, column \d\d \(OCCUPIED_\w+\): 'many' is not a whole number"),
        ({(9, "UNOCCUPIED_ROOMS"): "77", (9, "UNOCCUPIED_BEDS"): "77"}, r"line 9, column \d\d \(CAPACITY_ACTUAL_\w+\): \d+ is not \d+ occupied \+ 77"),
        ({(3, "OCCUPANCY_DATE"): "yesterday"}, r"line 3, column 2 \(OCCUPANCY_DATE\): 'yesterday' is not a date"),
        ({(3, "CAPACITY_TYPE"): "Tents"}, r"line 3, column 20 \(CAPACITY_TYPE\): 'Tents' is not one of"),
    ],
    ids=["header", "number", "sum", "date", "type"],
)  # fmt: skip
def test_a_wrong_line_refuses_the_whole_file_with_line_and_column(tmp_path: Path, change: dict[tuple[int, str], str], message: str) -> None:
    with pytest.raises(toronto.Refusal, match=message):
        toronto.read(spoiled(tmp_path, change))


def test_a_wrong_number_of_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(toronto.Refusal, match="line 5, column 33: 33 columns instead of 32"):
        toronto.read(spoiled(tmp_path, {}, extra="more"))


@pytest.mark.parametrize(
    "content", [b"\x89PNG\r\n\x1a\n\xff\xfe", b"", b"a,b\n1,2\n", b'"unclosed'], ids=["picture", "empty", "other", "quote"]
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.csv"
    path.write_bytes(content)
    with pytest.raises(toronto.Refusal, match=r"other\.csv"):
        toronto.read(path)


def test_a_night_that_is_not_there_is_refused() -> None:
    with pytest.raises(toronto.Refusal, match="no night 2025-01-01; it has 2024-01-02 to 2024-01-15"):
        toronto.read(FILE, date(2025, 1, 1))
