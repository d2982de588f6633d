"""How many agents it takes: Erlang's formulas, exact, and the plan made by them. Pure."""
