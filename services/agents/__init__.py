"""The agent's desk: presence, offers, replies, history, roster."""

from trunkline import lean

lean.start_lean()
