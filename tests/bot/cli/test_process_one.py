"""As process 1 of a container, a command ends at SIGTERM, which Linux would ignore there."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
UNSHARE = ["unshare", "--pid", "--fork", "--kill-child"]


@pytest.fixture
def unshare() -> list[str]:
    if (
        shutil.which("unshare") is None
        or subprocess.run([*UNSHARE, "true"], check=False).returncode
    ):
        pytest.skip("needs `unshare` of util-linux, and the right to use it")
    return UNSHARE


def catches_sigterm(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status").read_text()
    (caught,) = (line.split()[1] for line in status.splitlines() if line.startswith("SigCgt"))
    return bool(int(caught, 16) & 1 << (signal.SIGTERM - 1))


def test_process_1_ends_at_sigterm(unshare: list[str], tmp_path: Path) -> None:
    # It waits for its question, as a start waits for Slack and a build for its documents
    command = [sys.executable, "-c", "from footnote_qa.bot.cli import main; main()", "ask", "-"]
    outside = subprocess.Popen(
        [*unshare, *command],
        stdin=subprocess.PIPE,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
    )
    try:
        children = Path(f"/proc/{outside.pid}/task/{outside.pid}/children")
        until = time.monotonic() + 30
        while not (inside := children.read_text().split()) or not catches_sigterm(int(inside[0])):
            assert time.monotonic() < until, "it never cared for SIGTERM"
            time.sleep(0.02)

        os.kill(int(inside[0]), signal.SIGTERM)

        assert outside.wait(30) == 128 + signal.SIGTERM
    finally:
        outside.kill()
        outside.wait()
        assert outside.stdin is not None
        outside.stdin.close()
