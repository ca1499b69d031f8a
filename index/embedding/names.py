"""The names that the settings use for embedding models of our own choice."""

EMBEDDED = "embedded"
"""The model that comes with the package: all-MiniLM-L6-v2."""

MULTILINGUAL = "multilingual"
"""The model that the extra of that name installs: multilingual-e5-small."""
