"""The command line, no logic: a word, and the module that knows it."""

import sys
from importlib import import_module

COMMANDS = {
    "demo": ("siao.demo", "a city's evening on a living board, on this machine alone"),
    "serve": ("siao.serve:serve", "the service, from the environment (.env.example)"),
    "migrate": ("siao.serve:migrate", "bring the database to the newest schema"),
    "purge": ("siao.serve:purge", "delete what is past its time; each day"),
    "verify": ("siao.verify", "whether every invariant is kept; once, or each minute beside the service"),
    "admin": ("siao.first", "admin LOGIN --territory CODE: a territory's first administrator"),
    "secrets": ("siao.composed:secrets", "what docker-compose.yml's servers share, made once"),
    "composed": ("siao.composed:composed", "the demo on docker-compose.yml's servers"),
    "import": ("siao.exchange.command", "import park FILE --night DATE: a city's shelters from its open data"),
    "simulate": ("siao.simulator.command", "simulate: evenings played by every policy, beside the best that could have been done"),
    "words": ("siao.words", "the codes that the screens show, with their French and English words, as JSON"),
    "test": ("siao.develop:test", "every test; browser tests where Chromium is"),
    "check": ("siao.develop:check", "linters, types, layers"),
    "bench": ("siao.develop:bench", "bench NAME: figures measured on this machine (benchmarks/)"),
    "load": ("loadtests.command", "people at their boards, by the hundred, on a service of its own (a checkout)"),
    "build": ("siao.develop:build", "the screens, and the wheel"),
}


def main() -> int:
    word, rest = (sys.argv[1], sys.argv[2:]) if len(sys.argv) > 1 else ("", [])
    if word not in COMMANDS:
        lines = [f"  {name:<8} {what}" for name, (_, what) in COMMANDS.items()]
        sys.stderr.write("siao: what is to be done?\n\n" + "\n".join(lines) + "\n")
        return 0 if word in ("", "-h", "--help", "help") else 2
    module, _ = COMMANDS[word]
    name, _, entry = module.partition(":")
    return getattr(import_module(name), entry or "main")(rest) or 0


if __name__ == "__main__":
    sys.exit(main())
