"""A winter evening, simulated: the people of the demo."""
