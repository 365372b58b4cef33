"""The configuration: config.toml read into frozen, validated sections."""
