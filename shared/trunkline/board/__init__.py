"""The board: what is true now, for deciding. A small atomic state machine in Redis; every change is one move."""

from trunkline.board.client import Answer, Board, BoardAway, BoardClosed, MoveBroken, hash_of
from trunkline.board.keys import Keys

__all__ = ["Answer", "Board", "BoardAway", "BoardClosed", "Keys", "MoveBroken", "hash_of"]
