"""Index documents and search them for passages."""

import os

# ONNX Runtime reports to its maker unless this is set before it is imported; nothing leaves here.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
