"""Overheard: hear what AI models say about a brand, and speak up when that shifts.

This is the face: all that a plugin needs. Nothing else is public.
"""

from overheard.domain import (
    FREE,
    Answer,
    Brand,
    Citation,
    Finish,
    Mention,
    Metric,
    Model,
    Price,
    Prompt,
    Question,
    Reading,
    Reply,
    Scale,
    Score,
    Usage,
)
from overheard.errors import OverheardError, ProviderFailed, ProviderUnavailable, SettingsError
from overheard.hookspecs import API_VERSION, PluginSettings, hookimpl
from overheard.interfaces import Provider, Scorer
from overheard.settings import Secret, Settings

__all__ = [
    "API_VERSION",
    "FREE",
    "Answer",
    "Brand",
    "Citation",
    "Finish",
    "Mention",
    "Metric",
    "Model",
    "OverheardError",
    "PluginSettings",
    "Price",
    "Prompt",
    "Provider",
    "ProviderFailed",
    "ProviderUnavailable",
    "Question",
    "Reading",
    "Reply",
    "Scale",
    "Score",
    "Scorer",
    "Secret",
    "Settings",
    "SettingsError",
    "Usage",
    "hookimpl",
]
