"""Questions in words: a grammar that maps them to read commands, and what answers them."""
