"""The documentation as one site: guides, a dictionary of every table, what is made of what, a card per scenario."""
