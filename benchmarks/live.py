"""Live, beside the best: claims beside pgbench, snapshots beside nginx's gzip_static."""

from benchmarks import boards, claims
from siao import figures
from siao.figures import Figure


def measure(quick: bool) -> list[Figure]:
    return [*claims.measure(quick), *boards.measure(quick)]


def main(argv: list[str]) -> int:
    options = figures.parser("./run bench live", "Claims beside pgbench, whole boards beside nginx gzip_static.").parse_args(argv)
    return figures.tell(measure(options.quick), options.json)
