"""The agent's desk: presence, offers, replies, history, roster."""
