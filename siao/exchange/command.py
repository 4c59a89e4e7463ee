"""siao import park FILE --night DATE: a city's shelters from its open data, or a park written as JSON."""

import argparse
import asyncio
import os
import sys
from datetime import date
from pathlib import Path

import msgspec

from siao.actions import parks
from siao.core.parks import Park
from siao.exchange import toronto


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="siao import")
    parser.add_argument("what", choices=["park"])
    parser.add_argument("file", type=Path)
    parser.add_argument("--night", type=date.fromisoformat, help="which night of the file; its first by default")
    parser.add_argument("--room-places", type=int, choices=range(1, 13), metavar="N", help="places per room, where the file has none")
    parser.add_argument("--check", action="store_true", help="read and report, write nothing")
    options = parser.parse_args(argv)
    try:
        return _import(options)
    except (toronto.Refusal, parks.InUse, msgspec.MsgspecError, OSError) as no:
        sys.stderr.write(f"siao: refused, nothing was changed: {no}\n")
        return 1


def _import(options: argparse.Namespace) -> int:
    park = _read(options)
    if options.check:
        return 0
    url = os.environ.get("SIAO_DATABASE_URL")
    if not url:
        sys.stderr.write("siao: SIAO_DATABASE_URL is not set; see .env.example (or --check to read only)\n")
        return 2
    seq = asyncio.run(parks.load(url, park))
    sys.stdout.write(f"siao: {park.name}, {len(park.shelters)} structures, is entry {seq} of its journal\n")
    return 0


def _read(options: argparse.Namespace) -> Park:
    if options.file.suffix == ".json":
        return msgspec.json.decode(options.file.read_bytes(), type=Park)
    read = toronto.read(options.file, options.night, options.room_places)
    out = sys.stdout.write
    for line in read.assumed:
        out(f"assumed: {line}\n")
    for line in read.warnings:
        out(f"warning: {line}\n")
    for what, (serving, occupied, free) in (("beds", read.beds), ("rooms", read.rooms)):
        out(f"{read.night} {what}: {serving} in service, {occupied} occupied, {free} free\n")
    return read.park
