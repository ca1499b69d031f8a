"""Footnote: answers from a team's own documents, with citations that the program has checked."""

import os

__version__ = "0.1.0"

# ONNX Runtime reports to its maker unless this is set before it is imported; nothing leaves here.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
