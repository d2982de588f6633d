"""What a desk shows when it cannot resume: the board's present state, and the record's transcripts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from services.agents.abreast import caught_up
from services.agents.repository import Message, RecordAway, Repository
from trunkline.board import Board, BoardAway, BoardClosed, hash_of
from trunkline.events import ConversationState
from trunkline.ids import shard_of_conversation

_MESSAGES = 50
_PATIENCE_S = 5.0
_RETRY_S = 0.1


async def snapshot(board: Board, repository: Repository, agent: str, *, outcomes: Mapping[int, int]) -> dict[str, Any]:
    """The agent's conversations: `state` as the board has it, `messages` as the record had them at `version`.

    The record may be a moment behind: where `version` is below the state's, the desk reads the conversation again. What
    became of replies has no version: the record is waited for until it has what this process told of that before now
    (`outcomes` of the hub). BoardClosed or BoardAway after five seconds.
    """
    states = await _held(board, agent)
    shards = {shard_of_conversation(state.id) for state in states}
    await caught_up(repository, {shard: outcomes.get(shard, 0) for shard in shards})
    conversations = []
    for state in states:
        version, messages = await _said(repository, state.id)
        conversations.append(
            {
                "conversation": state.model_dump(mode="json"),
                "version": version,
                "messages": [message.model_dump(mode="json") for message in messages],
            }
        )
    return {"conversations": conversations}


async def _held(board: Board, agent: str) -> list[ConversationState]:
    deadline = asyncio.get_running_loop().time() + _PATIENCE_S
    while True:
        try:
            answer = await board.call("holding", agent)
        except (BoardClosed, BoardAway):
            if asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(_RETRY_S)
            continue
        return [_state(flat) for flat in answer[1] if flat]


def _state(flat: list[bytes]) -> ConversationState:
    return ConversationState.model_validate({name: value for name, value in hash_of(flat).items() if value != ""})


async def _said(repository: Repository, conversation: str) -> tuple[int, tuple[Message, ...]]:
    try:
        transcript = await repository.conversations.transcript(conversation, limit=_MESSAGES)
    except RecordAway:
        return 0, ()
    return (transcript.conversation.version, transcript.messages) if transcript else (0, ())
