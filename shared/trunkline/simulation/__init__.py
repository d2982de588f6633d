"""A floor in virtual time: the board's own moves, with customers and agents drawn by lot."""
