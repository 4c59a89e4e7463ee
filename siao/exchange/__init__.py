"""Files and feeds of others: what comes in is checked whole before anything changes."""
