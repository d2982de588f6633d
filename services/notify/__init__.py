"""Us to the customer: each reply to its provider, once unless flagged."""
