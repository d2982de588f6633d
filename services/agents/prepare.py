"""`python -m services.agents.prepare`: migrate the record and add the first administrator, once."""

from __future__ import annotations

import asyncio
import secrets
import sys
from datetime import UTC, datetime

from pydantic import Field, SecretStr

from services.agents.migrate import Migrated, NewerRecord, migrate
from services.agents.passwords import hashed
from services.agents.repository import LoginTaken, NewAgent, RecordAway, Repository
from services.agents.settings import AgentsSettings
from trunkline.demo.people import ADMIN
from trunkline.settings import SettingsError, load_settings

_WAIT_S = 30.0
_RETRY_S = 0.25


class PrepareSettings(AgentsSettings):
    """The record's address, and who administers it first."""

    admin_login: str = Field("admin", max_length=254, description="`trunkline setup`: the first administrator.")
    admin_password: SecretStr | None = Field(
        None,
        description="`trunkline setup`: their password. Unset: the demo's in development, a random one in production.",
    )

    def chosen_password(self) -> tuple[str, str]:
        """The password, and what to tell the operator of it."""
        if self.admin_password is not None:
            return self.admin_password.get_secret_value(), "as given"
        if self.environment == "development":
            return ADMIN.password, ADMIN.password
        password = secrets.token_urlsafe(12)
        return password, password


async def prepare(settings: PrepareSettings) -> list[str]:
    """What was done, a line each. RecordAway when the database did not answer in half a minute."""
    done = await _migrated(settings.database_url)
    lines = [f"record: migrated to {done.after}"] if done.before != done.after else []
    async with Repository(settings.database_url) as repository:
        if await repository.roster.has_admin():
            return lines
        chosen, told = settings.chosen_password()
        login = settings.admin_login
        admin = NewAgent(login=login, name="Administrator", queues=("*",), capacity=3)
        try:
            made = await repository.roster.ensure_first_admin(
                admin, password_hash=await asyncio.to_thread(hashed, chosen), now=datetime.now(UTC)
            )
        except LoginTaken as error:
            raise ValueError(f"the first administrator cannot be {login!r}: {error}") from error
        if made is not None:
            lines.append(f"record: first administrator {login!r}, password {told}")
    return lines


async def _migrated(url: str) -> Migrated:
    deadline = asyncio.get_running_loop().time() + _WAIT_S
    while True:
        try:
            return await migrate(url)
        except RecordAway:
            if asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(_RETRY_S)


def main() -> int:
    """The command line; 0 when the record is ready."""
    try:
        settings = load_settings(PrepareSettings)
        lines = asyncio.run(prepare(settings))
    except (SettingsError, RecordAway, NewerRecord, ValueError, OSError) as error:
        sys.stderr.write(f"record: {error}\n")
        return 1
    for line in lines:
        sys.stdout.write(line + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
