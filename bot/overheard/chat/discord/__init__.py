"""Discord: cards as embeds, commands, buttons and forms by discord.py.

`DiscordChat` is in `chat`, which imports discord.py; the renderer in `embeds` does without.
"""
