"""A limit of so much a minute."""

from __future__ import annotations

from math import inf


class Bucket:
    """Fills up steadily, and each call takes some out.

    Args:
        a_minute: What flows in within a minute, which is also all that it holds; infinite
            without a limit.
    """

    def __init__(self, a_minute: float = inf) -> None:
        self._most = self.size = self._level = a_minute
        self._rate = a_minute / 60
        self._at = 0.0
        self._share = 1.0

    def delay(self, amount: float, now: float) -> float:
        """Return in how many seconds there will be so much in it.

        More than it ever holds has to wait until it is full.
        """
        if self.size == inf:
            return 0.0
        self._level = min(self.size, self._level + (now - self._at) * self._rate)
        self._at = now
        return max(0.0, (min(amount, self.size) - self._level) / self._rate)

    def share(self, share: float, now: float) -> None:
        """Use so much of the limit from now on, more than 0 and up to 1.

        What flows in changes; what others may have used already is not had again.
        """
        self.delay(0, now)
        times, first = share / self._share, self._share == 1.0
        self._share = share
        self._most *= times
        self.size *= times
        self._rate *= times
        self._level = min(0.0 if first and share < 1 else self._level, self.size)

    def take(self, amount: float) -> None:
        """Take some out; it may then hold less than nothing."""
        self._level -= amount

    def learn(
        self, size: float | None, left: float | None, reset: float | None, now: float
    ) -> None:
        """Believe what a service says of its own limit, where that is lower.

        Args:
            size: What it allows in a window.
            left: What is left of that.
            reset: Seconds until it is full again.
            now: The time.
        """
        if size is None or left is None or not 0 < size < inf or not 0 <= left <= size:
            return
        size, left = size * self._share, left * self._share
        self.delay(0, now)
        window = reset if reset and 0 < reset < inf and left < size else 60.0
        self._rate = (size - left) / window if left < size else size / 60
        self.size = min(self._most, size)
        self._level, self._at = min(self._level, left), now
