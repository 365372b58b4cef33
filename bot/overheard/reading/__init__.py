"""The content of an answer: prose, mentions, claims and citations. Pure functions over text."""
