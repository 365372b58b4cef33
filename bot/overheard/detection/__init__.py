"""Statistics: what is a shift and what is noise. Pure functions, with seeds passed in."""
