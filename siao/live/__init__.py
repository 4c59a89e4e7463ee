"""From the journal to every screen. Redis shortens the wait; nothing depends on it."""
