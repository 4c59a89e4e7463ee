"""The rules of the house, pure: no await, no clock, no randomness. `now` and seeds are arguments."""
