"""A door for other programs: the Model Context Protocol (MCP), over stdio or HTTP."""

from collections.abc import Iterator

from overheard import CommandSpec, PluginSettings, hookimpl
from overheard_mcp.commands import CREATE, LIST, REVOKE, SERVE, McpSettings


@hookimpl
def overheard_commands(settings: PluginSettings) -> Iterator[CommandSpec]:
    """Yield the command that serves, and those of tokens. The table is read here, so that what is
    wrong in it is told at the start.
    """
    settings.one(McpSettings, "mcp")
    yield from (SERVE, CREATE, LIST, REVOKE)
