"""siao: tells a territory's 115 hotline, in real time, where a bed is free tonight, and finds the right one."""
