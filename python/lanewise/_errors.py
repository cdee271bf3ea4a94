"""What can go wrong."""

from __future__ import annotations


class NothingFinite(RuntimeError):
    """Value or gradient are not finite at any start: there is nothing to report."""
