"""Routing policy: pure functions. No I/O, clock or randomness; what they need is in their arguments."""
