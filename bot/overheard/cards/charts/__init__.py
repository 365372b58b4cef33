"""Charts: a picture, and the same in words."""
