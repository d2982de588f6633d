"""The channel SDK: pydantic and the standard library only."""
