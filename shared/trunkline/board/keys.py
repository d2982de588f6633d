"""The whole keyspace of the board, in one place.

D is `{deployment}:` (a hash tag: all keys lie in one slot), P is D + generation + `:`. What is under D outlives a
rebuild; what is under P belongs to one generation and is thrown away whole.

    D generation        string   number-nonce of the board in force; absent = being rebuilt, all wait
    D gate              string   generation|layout|replication id, there while every shard is verified for all three
    D verified          hash     shard → generation|layout|replication id
    D term              hash     shard → term of the router that owns it
    D calendars         hash     calendar → until when (ms) its hours were told; it stays when the file names it no
                                 more, for what is open may have been promised something by it
    D hours:<calendar>  zset     its open spans, `begins:ends:ms open before` → begins (ms)
    D open:<calendar>   zset     the same → ms open before

    P layout            string   LAYOUT of who built it: another version's board is stale, and rebuilt
    P sequence          hash     shard → sequence of its newest outbox entry
    P relayed           hash     shard → id of its last relayed entry
    P behind            hash     shard → ms since when its oldest un-relayed entry waits
    P applied           hash     shard → last applied offset of `inbound`
    P o:<p>             stream   outbox; ids are sequence-nonce, dense
    P timers:<p>        zset     offer|conversation|fence, again|conversation, wrap|conversation, wake|conversation,
                                 widen|conversation, say|conversation, quiet|conversation, lease|agent, owner|agent,
                                 turn|agent, open|queue, tell|queue → ms when due
    P op:<id>           string   an operation's first answer, an hour
    P seen:<p>:<d>:<b>  hash     40-bit prints of message ids seen on day d, bucket b of 1024, nine days
    P opted_out         set      SHA-1 of threads whose contact opted out
    P t:<thread>        string   its latest conversation, while it may be reopened
    P c:<conversation>  hash     ConversationState (and `limits`, `shown`, `shown_to`)
    P cd:<conversation> set      agents who declined it
    P a:<agent>         hash     AgentState, since, shard, idle_since (work last taken or given back), assigned_at (last
                                 taken), flexibility (see trunkline.flexibility), and of the load:
                                 soft (gives way), in:<channel>; alone (conversations that want the agent alone);
                                 ramp_gap (ms between offers while ramping up), turn_at (ms when the next may be made;
                                 there while there is no room for that reason)
    P as:<agent>        hash     skill → level, queue:<name> → 1, agent.<agent> → 1 (who is asked alone)
    P ap:<agent>        hash     requirement sets the agent satisfies → proficiency (see trunkline.index)
    P ac:<agent>        set      conversations that use the agent's capacity
    P ad:<agent>        set      conversations the agent declined
    P told:<contact>    hash     kind|thread → ms when it was told without an agent; SHA-1 of account and address; a day
    P shut              hash     queue → ms until when it is shut, 0 until it is opened
    P telling:<queue>   zset     of a shut one, who waited then and is not yet to be told so
    P cs:<agent>        set      conversations in which the agent is consulted
    P begun:<agent>     string   ms when the agent may begin a whole minute's conversations again
    P d:<agent>         zset     device.socket → ms when its lease ends
    P agents            set      agents present
    P requirements      zset     requirement sets → ms when one was last needed; let go after an hour
    P n:<requirement>   hash     1, 2, 3 → present agents who serve its queue, have its skills too, satisfy it
    P e:<requirement>   set      agents who satisfy it, are available and do not drain
    P f:<requirement>   zset     of those, who has room → index (lowest is taken first)
    P w:<requirement>   zset     waiting conversations → due (ms), or minus `front` (ms) if moved there: the line
    P since:<requirement> zset   the same → queued at (ms): the first has waited longest
    P target:<requirement> zset  the same → what was promised first (ms): the target, a clock, or the channel's window
    P clocks            zset     open conversations → when their next clock ends (ms)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LAYOUT: Final = 3
"""Raised with every change of what the keys hold. A board of another layout is stale (rebuilt), never misread."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Key names of one deployment."""

    deployment: str

    @property
    def root(self) -> str:
        """D."""
        return f"{{{self.deployment}}}:"

    @property
    def generation(self) -> str:
        """Generation of the board in force."""
        return self.root + "generation"

    @property
    def gate(self) -> str:
        """Open when every shard is verified."""
        return self.root + "gate"

    @property
    def calendars(self) -> str:
        """The calendars that were told."""
        return self.root + "calendars"

    def hours(self, calendar: str) -> str:
        """A calendar's spans by when they begin."""
        return f"{self.root}hours:{calendar}"

    def open(self, calendar: str) -> str:
        """A calendar's spans by how long it was open before."""
        return f"{self.root}open:{calendar}"

    def under(self, generation: str) -> str:
        """P."""
        return f"{self.root}{generation}:"

    @property
    def wake(self) -> str:
        """Channel on which every call that wrote to outboxes says so: a hint, never the truth."""
        return self.root + "wake"

    def signal(self, topic: str) -> str:
        """Channel of a signal's topic."""
        return f"{self.root}signal:{topic}"

    def signalled(self, channel: str) -> str:
        """The topic of such a channel."""
        return channel[len(self.root) + len("signal:") :]
