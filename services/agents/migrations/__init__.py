"""Revisions of the record: `versions/` in order, `upgrade` runs them."""
