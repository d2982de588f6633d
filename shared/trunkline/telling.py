# ruff: noqa: RUF001  other languages have other letters
"""What a customer is told without an agent, and when there is nothing to say. Pure: the time is an argument.

Only what is known is said: when we are back, until when a queue is shut, where else to write. A place in the line or an
expected wait is not: who is served next depends on skills and on who comes (see docs/decisions/0020).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from trunkline.config.model import Config
from trunkline.config.tells import filled
from trunkline.moments import moment_of

_DAYS: Final = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "lv": ("pirmdiena", "otrdiena", "trešdiena", "ceturtdiena", "piektdiena", "sestdiena", "svētdiena"),
    "tr": ("Pazartesi", "Salı", "Çarşamba", "Perşembe", "Cuma", "Cumartesi", "Pazar"),
}
_MONTHS: Final = {
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December"),
    "lv": ("janvāris", "februāris", "marts", "aprīlis", "maijs", "jūnijs", "jūlijs", "augusts", "septembris",
           "oktobris", "novembris", "decembris"),
    "tr": ("Ocak", "Şubat", "Mart", "Nisan", "Mayıs", "Haziran", "Temmuz", "Ağustos", "Eylül", "Ekim", "Kasım",
           "Aralık"),
}  # fmt: skip
_FORMS: Final = {
    "en": "{weekday} {day} {month}, {clock}",
    "lv": "{weekday}, {day}. {month}, plkst. {clock}",
    "tr": "{day} {month} {weekday}, {clock}",
}


class Wanted(NamedTuple):
    """What the board asks for."""

    kind: str
    """queued, closed, shut, overflow or callback."""
    queue: str
    language: str
    """The conversation's; '' where it could not be told."""
    shut: str = ""
    """Until when the queue is shut, ms; 0 until somebody opens it; '' when it is open."""


def on_arrival(config: Config, queue: str, *, closed: bool) -> str:
    """The kind of words for who joins this queue and has to wait; '' when it says nothing."""
    tells = config.queues[queue].tells
    kind = "closed" if closed else "queued"
    return kind if tells is not None and getattr(tells, kind) is not None else ""


def text_of(config: Config, wanted: Wanted, now: datetime) -> str | None:
    """The words; None when there are none, or when what they say is no longer true."""
    queue = config.queues.get(wanted.queue)
    if queue is None or queue.tells is None:
        return None
    calendar = config.calendar_of_queue(wanted.queue)
    zone = calendar.zone if calendar is not None else "UTC"
    values = {"queue": queue.title, "mail": queue.mail or ""}
    kind = wanted.kind
    opens = calendar.opens_after(now) if calendar is not None and not calendar.open_at(now) else None
    if (kind == "closed") != (opens is not None) and kind in {"closed", "queued"}:
        return None  # it opened, or closed, before this could be said
    if kind == "shut":
        if not wanted.shut:
            return None
        until = int(wanted.shut)
        kind = "shut_until" if until and queue.tells.shut_until is not None else "shut"
        at = moment_of(until)
        values["until"] = moment(at, zone, _spoken(config, queue.tells.shut_until, wanted.language))
    texts: Mapping[str, str] | None = getattr(queue.tells, kind, None)
    language = _spoken(config, texts, wanted.language)
    if texts is None or language not in texts:
        return None
    if opens is not None:
        values["opens"] = moment(opens, zone, language)
    return filled(texts[language], values)


def _spoken(config: Config, texts: Mapping[str, str] | None, language: str) -> str:
    return language if texts is not None and language in texts else config.fallback_language


def moment(at: datetime, zone: str, language: str) -> str:
    """A time by the clock on a zone's wall, as people of a language write it; else as `2026-12-24 09:00`.

    The zone is not named where it is a place: it is the one of who answers. UTC is.
    """
    here = at.astimezone(ZoneInfo(zone))
    clock = f"{here:%H:%M}" + (" UTC" if zone == "UTC" else "")
    if language not in _FORMS:
        return f"{here:%Y-%m-%d} {clock}"
    weekday, month = _DAYS[language][here.weekday()], _MONTHS[language][here.month - 1]
    return _FORMS[language].format(weekday=weekday, day=here.day, month=month, clock=clock)
