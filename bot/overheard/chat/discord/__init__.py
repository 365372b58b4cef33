"""Discord: cards as components, commands, buttons and forms by discord.py.

`DiscordChat` is in `chat`, which imports discord.py; the renderer in `layouts` does without.
"""
