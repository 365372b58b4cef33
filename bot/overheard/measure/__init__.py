"""Pure measurement: mentions, rates, blocks, trends."""
