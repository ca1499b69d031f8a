"""Write the generated pages of the reference.

python -m docs.site.reference [--check]
"""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

from docs.site.commands import commands_page
from docs.site.formats import formats_page, metrics_page, records_page
from docs.site.settings import settings_page

FOLDER = Path(__file__).resolve().parents[1] / "reference"
_HEAD = "<!-- Made by `python -m docs.site.reference`: change the code, not this page. -->\n\n"

PAGES: Mapping[str, Callable[[], str]] = {
    "settings.md": settings_page,
    "commands.md": commands_page,
    "metrics.md": metrics_page,
    "formats.md": formats_page,
    "records.md": records_page,
}


def made(name: str) -> str:
    """Return a page as the code says it is now."""
    return _HEAD + PAGES[name]()


def main() -> None:
    """Write every page; with --check, only say which ones are old."""
    parser = argparse.ArgumentParser(prog="python -m docs.site.reference", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if one is old")
    arguments = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    old = [
        name
        for name in PAGES
        if not (FOLDER / name).exists() or (FOLDER / name).read_text("utf-8") != made(name)
    ]
    if arguments.check and old:
        raise SystemExit(f"old: {', '.join(old)}; type python -m docs.site.reference")
    for name in old:
        (FOLDER / name).write_text(made(name), encoding="utf-8")


if __name__ == "__main__":
    main()
