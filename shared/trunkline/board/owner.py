"""What only a shard's owner does to the board, outside of moves (DESIGN 3, rules 1, 3, 4, 6).

None of it uses the board's own script: its absence is what keeps everybody waiting until shards are verified.
"""

from __future__ import annotations

from trunkline.board.client import Board, board_answers
from trunkline.board.script import composed

_RAISE_TERM = """
local known = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0')
if tonumber(ARGV[2]) > known then redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) return tonumber(ARGV[2]) end
return known
"""

_CLEAR = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1], KEYS[2]) end return 0"


async def replication_id(board: Board) -> str:
    """The id of the server's history: another one is another board, whatever its keys say."""
    with board_answers():
        info = await board.client.info("replication")
        return str(info["master_replid"])


async def raise_term(board: Board, shard: int, term: int) -> int:
    """Claim the shard on the board before its pen in the log: a lower term reads, marks and trims nothing more.

    The board's term afterwards: ours, or a higher one that somebody else wrote.
    """
    with board_answers():
        return int(await board.client.eval(_RAISE_TERM, 1, board.keys.root + "term", str(shard), str(term)))


async def load_scripts(board: Board) -> None:
    """Make the board's script known to the server; only verifying a shard and rebuilding may do that.

    The server keeps it (and a replica has it), so it is told only once. That opens nothing: the gate names the server's
    history, which is another after a restart or a failover.
    """
    script = composed()
    with board_answers():
        if not await board.client.function_list(library=script.name):
            await board.client.function_load(script.text, replace=True)  # another owner may have been quicker


async def clear(board: Board, generation: str) -> None:
    """Declare this generation stale: everybody waits until the board is rebuilt. Another generation is left alone."""
    with board_answers():
        await board.client.eval(_CLEAR, 2, board.keys.generation, board.keys.gate, generation)


async def swap(board: Board, generation: str) -> bool:
    """Put the new generation in force, if the key is still cleared."""
    with board_answers():
        return bool(await board.client.set(board.keys.generation, generation, nx=True))
