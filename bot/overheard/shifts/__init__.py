"""Pure statistics: what is a shift, and what is noise."""
