"""siao: tells a territory's 115 hotline, in real time, where a bed is free tonight, and finds the right one."""

__version__ = "0.1.0"
