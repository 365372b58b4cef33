"""Slack: cards as Block Kit, commands, buttons and forms by slack-bolt."""
