"""Live, beside the best: fan-out beside nchan, commits to screens, claims beside pgbench, snapshots beside nginx's gzip_static."""

from benchmarks import boards, claims, fanout, journal
from siao import figures
from siao.figures import Figure


def measure(quick: bool) -> list[Figure]:
    return [*fanout.measure(quick), *journal.measure(quick), *claims.measure(quick), *boards.measure(quick)]


def main(argv: list[str]) -> int:
    words = "Fan-out beside nchan, commits to screens, claims beside pgbench, whole boards beside nginx gzip_static."
    options = figures.parser("./run bench live", words).parse_args(argv)
    return figures.tell(measure(options.quick), options.json)
