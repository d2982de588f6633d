"""Us to the right agent: owns shards, decides on the board, relays what was decided."""

from trunkline import lean

lean.start_lean()
