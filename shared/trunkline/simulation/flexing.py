"""How flexible each agent is, reckoned every minute of virtual time as the router does. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from trunkline.events import Profile
from trunkline.flexibility import Able, Loads, changed, flexibilities
from trunkline.requirements import weight_of
from trunkline.simulation.eligible import satisfies

EVERY_MS = 60_000


class Flexing:
    """Of one floor: what was seen of its load so far, and what the board was told."""

    def __init__(self, profiles: Iterable[Profile]) -> None:
        self._profiles = {profile.agent: profile for profile in profiles}
        self._told = dict.fromkeys(self._profiles, 0.0)
        self._able: dict[str, list[str]] = {name: [] for name in self._profiles}
        self._known: set[str] = set()
        self._loads = Loads()

    def look(self, open_now: Iterable[str]) -> Mapping[str, float]:
        """Whose flexibility is news; given the requirement set of every conversation that waits or is at work."""
        at_work = {requirement: count * weight_of(requirement) for requirement, count in Counter(open_now).items()}
        for requirement in at_work:
            self._learn(requirement)
        self._loads.see(at_work, after_s=EVERY_MS / 1_000)
        agents = [
            Able(name, profile.capacity, self._told[name], tuple(self._able[name]))
            for name, profile in self._profiles.items()
        ]
        news = changed(agents, flexibilities(self._loads.seen, agents))
        told = {name: round(value, 4) for name, value in news.items()}
        self._told.update(told)
        return told

    def _learn(self, requirement: str) -> None:
        if requirement not in self._known:
            self._known.add(requirement)
            for name, profile in self._profiles.items():
                if satisfies(profile, requirement):
                    self._able[name].append(requirement)
