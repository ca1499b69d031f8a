"""Blocks become pictures: rendered on a page, photographed, cut to their size."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image, ImageChops

HERE = Path(__file__).resolve().parent
MARGIN = 32


def shoot(name: str, shown: Sequence[Mapping[str, object]]) -> None:
    """Write NAME.png: messages (name, blocks) or a window (view), one below the other."""
    page = subprocess.run(  # noqa: S603 - our own script
        [program("node"), str(HERE / "render.mjs")],
        input=json.dumps(list(shown)),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.html"
        path.write_text(page, encoding="utf-8")
        target = HERE / f"{name}.png"
        subprocess.run(  # noqa: S603 - our own page
            [
                program("chromium"),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--disable-background-networking",
                "--hide-scrollbars",
                "--force-device-scale-factor=2",
                "--window-size=760,1600",
                f"--user-data-dir={folder}/profile",
                f"--screenshot={target}",
                path.as_uri(),
            ],
            check=True,
            capture_output=True,
        )
    _cut(target)


def program(name: str) -> str:
    """Return where a program is; ends with a sentence if it is nowhere."""
    found = shutil.which(name)
    if found is None:
        sys.exit(f"{name} is needed for the pictures: install it, or keep those that are there")
    return found


def _cut(path: Path) -> None:
    """Take away the empty page below, and all colours that nobody would miss."""
    with Image.open(path) as picture:
        shown = picture.convert("RGB")
    empty = Image.new("RGB", shown.size, (255, 255, 255))
    box = ImageChops.difference(shown, empty).getbbox()
    if box is not None:
        shown = shown.crop((0, 0, shown.width, min(shown.height, box[3] + MARGIN)))
    shown.quantize(128).save(path, optimize=True)
