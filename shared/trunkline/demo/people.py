"""Who works in the demo: the robots, and the sign-ins for people. Known passwords: production refuses the demo."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from trunkline.demo.stories import BILLING, Language

_EVERYTHING: Final = ("*",)
_GOOD: Final = 5  # level of every skill; the rules ask for 1 to 3
_EN, _TR, _LV = Language.ENGLISH, Language.TURKISH, Language.LATVIAN


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a person types to sign in, and what to expect then."""

    login: str
    password: str = field(repr=False)
    note: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on the demo's roster."""

    login: str
    password: str = field(repr=False)
    name: str
    languages: tuple[Language, ...]
    queues: tuple[str, ...]
    capacity: int
    billing: bool = False
    locale: Language = Language.ENGLISH

    @property
    def skills(self) -> dict[str, int]:
        """Skill → level, by the names of deploy/trunkline.yaml."""
        return {language.skill: _GOOD for language in self.languages} | ({BILLING: _GOOD} if self.billing else {})

    @property
    def profile(self) -> dict[str, Any]:
        """What they can do, as the roster's API wants it."""
        return {
            "skills": self.skills,
            "queues": list(self.queues),
            "languages": [language.value for language in self.languages],
            "capacity": self.capacity,
        }


def _robot(name: str, *languages: Language) -> Person:
    """Robots have no skill for invoices: what is left for people must not be taken by them."""
    login = f"robot-{name.lower()}"
    return Person(login, f"{login}-demo", f"{name} (robot)", languages, ("support", "sales"), 3, locale=languages[0])


ROBOTS: Final = (
    _robot("Emma", _EN),
    _robot("Oskar", _EN, _LV),
    _robot("Elif", _TR, _EN),
    _robot("Kerem", _TR),
    _robot("Marta", _LV),
    _robot("Janis", _LV, _EN),
)

RELIEF: Final = Person(
    "robot-nora", "robot-nora-demo", "Nora (robot)", (_EN, _TR, _LV), (BILLING,), 1, billing=True
)  # fmt: skip
"""Comes only when an invoice has waited too long for a person, takes one at a time, and goes again."""

PEOPLE: Final = (
    Person("ana", "ana-at-trunkline", "Ana", (_EN,), _EVERYTHING, 2, billing=True),
    Person("deniz", "deniz-at-trunkline", "Deniz", (_TR, _EN), _EVERYTHING, 2, billing=True, locale=_TR),
    Person("liga", "liga-at-trunkline", "Līga", (_LV, _EN), _EVERYTHING, 2, billing=True, locale=_LV),
)

ADMIN: Final = SignIn("admin", "admin-at-trunkline", "administrator, all languages")
"""The first administrator of a development machine; `trunkline setup` makes it."""

ADMIN_PROFILE: Final = Person(
    ADMIN.login, ADMIN.password, "Administrator", (_EN, _TR, _LV), _EVERYTHING, 2, billing=True
)  # fmt: skip
"""Given to the administrator if they have no skills yet: who signs in shall have work."""

_NAMES: Final = {_EN: "English", _TR: "Turkish", _LV: "Latvian"}


def demo_sign_ins() -> list[SignIn]:
    """The sign-ins that `trunkline up` shows, the administrator's last."""
    people = [
        SignIn(person.login, person.password, "agent, " + " and ".join(_NAMES[each] for each in person.languages))
        for person in PEOPLE
    ]
    return [*people, ADMIN]
