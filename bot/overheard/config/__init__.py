"""The configuration: config.toml as frozen, validated settings."""
