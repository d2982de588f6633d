"""The record: the only place that speaks SQL. One class per concern over one `Database`."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from services.agents.repository.canned import CannedReplies, CannedReply, CannedText
from services.agents.repository.channel_log import ChannelLine, ChannelLog
from services.agents.repository.contacts import Contact, Contacts
from services.agents.repository.conversations import Conversation, Conversations, Filter, Message, Transcript
from services.agents.repository.decoding import ProjectedRecord
from services.agents.repository.drafts import Draft, Drafts, DraftText
from services.agents.repository.engine import Database
from services.agents.repository.errors import (
    BadCursor,
    BadSearch,
    LoginTaken,
    NotThere,
    RecordAway,
    ShortcutTaken,
    TooBroad,
    Unstorable,
    VersionConflict,
)
from services.agents.repository.found import Hit, Search
from services.agents.repository.health import AccountHealth, Healths
from services.agents.repository.history import History, Knowledge, LastConversation, PastEvent
from services.agents.repository.mail import KnownMail, MailThreads
from services.agents.repository.notes import Note, Notes
from services.agents.repository.paging import Page
from services.agents.repository.projection import Applied, Projection, Refused
from services.agents.repository.recent import Recent, RecentMessages
from services.agents.repository.roster import Ability, Agent, AgentEdit, NewAgent, Role, Roster
from services.agents.repository.search import folded
from services.agents.repository.sessions import Session, Sessions
from services.agents.repository.threads import Place, ThreadMessages, Threads

__all__ = [
    "Ability",
    "AccountHealth",
    "Agent",
    "AgentEdit",
    "Applied",
    "BadCursor",
    "BadSearch",
    "CannedReplies",
    "CannedReply",
    "CannedText",
    "ChannelLine",
    "ChannelLog",
    "Contact",
    "Contacts",
    "Conversation",
    "Conversations",
    "Database",
    "Draft",
    "DraftText",
    "Drafts",
    "Filter",
    "Healths",
    "History",
    "Hit",
    "Knowledge",
    "KnownMail",
    "LastConversation",
    "LoginTaken",
    "MailThreads",
    "Message",
    "NewAgent",
    "NotThere",
    "Note",
    "Notes",
    "Page",
    "PastEvent",
    "Place",
    "ProjectedRecord",
    "Projection",
    "Recent",
    "RecentMessages",
    "RecordAway",
    "Refused",
    "Repository",
    "Role",
    "Roster",
    "Search",
    "Session",
    "Sessions",
    "ShortcutTaken",
    "ThreadMessages",
    "Threads",
    "TooBroad",
    "Transcript",
    "Unstorable",
    "VersionConflict",
    "folded",
]


class Repository:
    """All of the record over one pool of connections; a component (`async with`)."""

    def __init__(self, database_url: str) -> None:
        self.database = Database(database_url)
        self.roster = Roster(self.database)
        self.sessions = Sessions(self.database)
        self.conversations = Conversations(self.database)
        self.history = History(self.database)
        self.recent = RecentMessages(self.database)
        self.health = Healths(self.database)
        self.search = Search(self.database)
        self.mail = MailThreads(self.database)
        self.projection = Projection(self.database)
        self.channel_log = ChannelLog(self.database)
        self.threads = Threads(self.database)
        self.contacts = Contacts(self.database)
        self.drafts = Drafts(self.database)
        self.notes = Notes(self.database)
        self.canned = CannedReplies(self.database)

    async def __aenter__(self) -> Self:
        """Nothing is opened yet: an absent database is waited out by whoever asks."""
        await self.database.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection."""
        await self.database.__aexit__(kind, error, trace)

    async def ready(self) -> str | None:
        """None if the record answers and is migrated, else why not."""
        return await self.database.problem()
