"""Load one plug-in in a process of its own, without secrets: `python -m … KIND REFERENCE`."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from footnote_qa.errors import PluginError
from footnote_qa.plugins.registry import Kind, load

TIMEOUT_S: Final = 30.0
_COMMAND: Final = (sys.executable, "-P", "-B", "-m", "footnote_qa.plugins.check")
_ROOT: Final = Path(__file__).absolute().parents[2]


def faults_of(plugins: list[tuple[Kind, str]]) -> list[str]:
    """Return why each plug-in cannot be loaded, "" if it can; a crash or a hang is one fault.

    Args:
        plugins: Kind and reference of each.
    """
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda one: _fault(*one), plugins))


def _fault(kind: Kind, reference: str) -> str:
    path = os.pathsep.join([str(_ROOT), *filter(None, sys.path)])
    try:
        ended = subprocess.run(  # noqa: S603 - our own module
            [*_COMMAND, kind, reference],
            capture_output=True,
            env={"PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"the {kind} {reference} was not loaded after {TIMEOUT_S:g} seconds"
    try:
        return str(json.loads(ended.stdout.splitlines()[-1])["fault"])
    except (ValueError, LookupError, TypeError):
        how = f"with status {ended.returncode}"
        return f"the {kind} {reference} ended its process {how} while it was loaded"


def main() -> None:
    """Load the plug-in of the command line, and print why that is impossible as JSON."""
    fault = ""
    try:
        load(Kind(sys.argv[1]), sys.argv[2])
    except PluginError as error:
        fault = str(error)
    sys.stdout.write("\n" + json.dumps({"fault": fault}) + "\n")


if __name__ == "__main__":
    main()
