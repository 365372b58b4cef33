"""What an answer says, and of whom. Pure functions over text."""
