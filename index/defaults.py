"""Defaults that settings and code share; nothing is imported here."""

from typing import Final

DENSE_WEIGHT: Final = 0.6
"""Share of meaning in a search, from 0 (words only) to 1 (meaning only)."""
