import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
MODEL = ROOT / "tests" / "golden" / "index-format-1" / "index" / "gen-000001" / "encoder"
CODE = """
import sys
import footnote_qa
import onnxruntime
onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
"""


def test_onnx_runtime_keeps_no_identity_and_reports_to_nobody(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CODE, str(MODEL / "model.onnx")]
    # Without the variable that marks a test, because that one keeps it silent too.
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}

    subprocess.run(command, cwd=ROOT, env=environment, check=True)

    assert list(tmp_path.rglob("*")) == []
