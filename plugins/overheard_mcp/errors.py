"""What the commands of this plugin say in place of a result."""

from overheard import OverheardError


class PackageMissing(OverheardError):
    """The extra is not installed."""

    message = "The package {package} is missing; install it with: {command}."

    package: str
    command: str


class TokenRefused(OverheardError):
    """A token is unknown or revoked."""

    message = "This token is not valid (any more); make one with: overheard mcp-tokens create NAME."
