"""Us to the customer: each reply to its provider, once unless flagged."""

from trunkline import lean

lean.start_lean()
