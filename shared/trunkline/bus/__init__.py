"""The log, behind one small interface: `KafkaBus` and `StreamsBus` pass one contract suite."""

from trunkline.bus.base import (
    AppendUnknown,
    Bounds,
    Bus,
    BusAway,
    BusError,
    Follower,
    Membership,
    NewRecord,
    OffsetGone,
    Partition,
    Pen,
    Position,
    Record,
    ShardsDiffer,
)
from trunkline.bus.connect import connect
from trunkline.bus.pen import end_position, take_pen
from trunkline.bus.terms import TermFilter

__all__ = [
    "AppendUnknown",
    "Bounds",
    "Bus",
    "BusAway",
    "BusError",
    "Follower",
    "Membership",
    "NewRecord",
    "OffsetGone",
    "Partition",
    "Pen",
    "Position",
    "Record",
    "ShardsDiffer",
    "TermFilter",
    "connect",
    "end_position",
    "take_pen",
]
