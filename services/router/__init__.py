"""Us to the right agent: owns shards, decides on the board, relays what was decided."""

from trunkline import lean

lean.without_rich()
