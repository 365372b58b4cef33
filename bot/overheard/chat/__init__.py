"""Rendering cards and taking commands, one module a platform."""
