"""How a brand stands: one value that every card, page and answer reads, told in one order."""
