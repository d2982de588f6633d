"""The demo's people on the roster: made through the API by the administrator, once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import quote

import structlog

from trunkline.demo.api import DeskSession, Refused
from trunkline.demo.people import ADMIN_PROFILE, Person

_PAGE: Final = 200
_MOST: Final = 10_000  # agents read; a roster beyond that is no demo's


async def hire(session: DeskSession, people: Iterable[Person]) -> list[str]:
    """Add whoever is missing; the names added. Who is there already stays as they are, also if somebody edited them.

    The administrator is given skills if they have none. Refused, or one of UNREACHABLE, if it
    cannot be done; then do it again.
    """
    roster = await _roster(session)
    added = []
    for person in people:
        if person.login not in roster:
            await _add(session, person)
            added.append(person.login)
    await _give_work_to(session, roster.get(session.login))
    return added


async def _roster(session: DeskSession) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    after: str | None = ""
    while after is not None and len(found) < _MOST:
        page = await session.call("GET", f"/api/v1/agents?limit={_PAGE}&after={quote(after)}")
        found |= {agent["login"]: agent for agent in page["items"]}
        after = page["next"]
    return found


async def _add(session: DeskSession, person: Person) -> None:
    body = {
        "login": person.login,
        "name": person.name,
        "password": person.password,
        "role": "agent",
        "locale": person.locale.value,
        **person.profile,
    }
    try:
        await session.call("POST", "/api/v1/agents", body)
    except Refused as refusal:
        if refusal.code != "login-taken":  # taken: another demo was quicker
            raise


async def _give_work_to(session: DeskSession, admin: dict[str, Any] | None) -> None:
    if admin is None or admin["skills"]:
        return
    headers = {"If-Match": str(admin["version"])}
    await session.call("PATCH", f"/api/v1/agents/{admin['id']}", ADMIN_PROFILE.profile, headers=headers)
    structlog.get_logger().debug("administrator_can_work", login=session.login)
