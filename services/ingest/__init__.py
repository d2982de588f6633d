"""Customer to us: a provider's webhook becomes a message in the log."""

from trunkline import lean

lean.start_lean()
