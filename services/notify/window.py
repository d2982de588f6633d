"""Where notify stands in `routing-events`: the next offset, and the replies before it that are not final.

It travels in the outcomes themselves (DESIGN 3, rule 9), so that who takes over knows what was done by the very
records that say it was done.
"""

from __future__ import annotations

from dataclasses import dataclass, field

MOST = 1_000
"""With so many replies not final the partition waits."""


@dataclass(slots=True)
class Window:
    """One partition's position."""

    next: int = 0
    open: dict[int, int] = field(default_factory=dict)
    """Offset of a reply that is not final → how many of its steps the provider took."""

    @property
    def full(self) -> bool:
        """Whether the partition must wait."""
        return len(self.open) >= MOST

    @property
    def start(self) -> int:
        """The offset to read from: the oldest reply that is not final, else the next."""
        return min(self.open, default=self.next)

    def text(self) -> str:
        """As a header: `next;offset:steps,offset:steps`."""
        return f"{self.next};" + ",".join(f"{offset}:{steps}" for offset, steps in self.open.items())

    @classmethod
    def read(cls, text: str) -> Window:
        """From a header; ValueError if it is none of ours."""
        following, _, rest = text.partition(";")
        pairs = (pair.partition(":") for pair in rest.split(",") if pair)
        return cls(int(following), {int(offset): int(steps) for offset, _, steps in pairs})
