"""What happened to agents, contacts and items; and who holds the pen of a partition (DESIGN 3)."""

from __future__ import annotations

from pydantic import Field

from trunkline.events.base import Data, Topic
from trunkline.events.conversations import RoutingEvent
from trunkline.events.states import AgentState


class PreferenceChanged(RoutingEvent):
    """A contact opted out or in on a thread. Replies to who opted out fail before they are sent."""

    type = "trunkline.contact.preference-changed.v1"
    thread: str
    opted_out: bool


class QueueShut(RoutingEvent):
    """A supervisor shut a queue: nobody is offered what waits in it. Shut again: until another time."""

    type = "trunkline.queue.shut.v1"
    queue: str
    by: str
    until: int = Field(default=0, description="ms since the epoch; 0 until it is opened")
    note: str = ""


class QueueOpened(RoutingEvent):
    """A shut queue is open again: by a supervisor, or because its time was over (`by` is empty)."""

    type = "trunkline.queue.opened.v1"
    queue: str
    by: str = ""


class MessageRefused(RoutingEvent):
    """An item the board could not apply; the untouched record is in `dead-letters` before this is."""

    type = "trunkline.message.refused.v1"
    offset: int
    reason: str


class AgentEvent(RoutingEvent):
    """A change of who is here."""

    state: AgentState


class Profile(Data):
    """What an agent can do, as the roster says at `version`."""

    agent: str
    name: str
    version: int
    capacity: int
    skills: dict[str, int] = Field(default={})
    queues: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


class ProfileDetails(Data):
    """The profile an agent arrived with, or was given."""

    profile: Profile


class AgentArrived(AgentEvent):
    """The agent's first device came, with the profile as the roster says."""

    type = "trunkline.agent.arrived.v1"
    details: ProfileDetails


class AgentProfileChanged(AgentEvent):
    """An edit of the roster reached the board."""

    type = "trunkline.agent.profile-changed.v1"
    details: ProfileDetails


class AgentPresenceChanged(AgentEvent):
    """Available or away, by the agent's word or after missed offers (`state.reason`)."""

    type = "trunkline.agent.presence-changed.v1"


class DrainDetails(Data):
    """Who said so."""

    by: str


class AgentDrainChanged(AgentEvent):
    """Takes no new work from now on, or takes it again (`state.draining`): by the agent's word or a supervisor's."""

    type = "trunkline.agent.drain-changed.v1"
    details: DrainDetails


class AgentLeft(AgentEvent):
    """The last device is gone."""

    type = "trunkline.agent.left.v1"


class Taken(Data):
    """Who writes here took the pen of this partition, with a term above any before (DESIGN 3, rule 1)."""

    type = "trunkline.pen.taken.v1"
    topic = Topic.ROUTING
    term: int
    owner: str
    generation: str = ""


class Mark(Data):
    """A sign of life from an idle owner, so that a tail is never empty."""

    type = "trunkline.pen.mark.v1"
    topic = Topic.ROUTING
    generation: str = ""
    applied: int = -1
    outbox: str = ""


class Checkpoint(Data):
    """The fold of this partition up to `offset` is kept in `blob` (DESIGN 3, rule 5)."""

    type = "trunkline.board.checkpoint.v1"
    topic = Topic.ROUTING
    blob: str
    offset: int = Field(description="first offset not in the fold")
    term: int = Field(description="highest term before it")
