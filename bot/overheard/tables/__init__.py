"""The tables of the configuration that other rooms read, each validated by its own class."""
