"""Contacts: who writes, and from where."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from services.agents.repository.engine import Database
from services.agents.tables import ADDRESSES, CONTACTS

_MOST = 100


class KnownAddress(BaseModel):
    """One of a contact's addresses."""

    model_config = ConfigDict(frozen=True)

    scheme: str
    value: str
    display: str


class Contact(BaseModel):
    """A person who writes to us."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    addresses: tuple[KnownAddress, ...]


class Contacts:
    """Reads of contacts; they are written by the projection."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, contact: str) -> Contact | None:
        """A contact with all addresses (a hundred at most), or None."""
        person = select(CONTACTS.c.id, CONTACTS.c.name).where(CONTACTS.c.id == contact)
        columns = [ADDRESSES.c[name] for name in KnownAddress.model_fields]
        theirs = select(*columns).where(ADDRESSES.c.contact == contact).order_by(ADDRESSES.c.scheme, ADDRESSES.c.value)
        async with self._database.snapshot() as connection:
            row = (await connection.execute(person)).mappings().first()
            if row is None:
                return None
            found = (await connection.execute(theirs.limit(_MOST))).mappings().all()
        addresses = tuple(KnownAddress.model_validate(dict(each)) for each in found)
        return Contact(id=row["id"], name=row["name"], addresses=addresses)
