"""Which place for which household: who fits where, in which order, and why. The machine proposes; a person decides."""
