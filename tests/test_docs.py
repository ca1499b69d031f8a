"""The pages lead to each other: every link has its file, and every decision is in the list."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DECISIONS = ROOT / "docs" / "adr"
PAGES = [
    *(page for page in (ROOT / "docs").rglob("*.md") if "node_modules" not in page.parts),
    *(ROOT / name for name in ("CHANGELOG.md", "CONTRIBUTING.md", "examples/README.md")),
    ROOT / "bot" / "extractive" / "models" / "reader" / "README.md",
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)", page.read_text(encoding="utf-8"))

    files = [link for link in links if not re.match(r"https?:", link)]
    assert [link for link in files if not (page.parent / link).exists()] == []


def test_the_list_of_decisions_has_each_page_with_its_title() -> None:
    listed = re.findall(
        r"^\| (\d+) \| \[(.+)\]\((.+)\) \|$", (DECISIONS / "README.md").read_text(), re.MULTILINE
    )

    pages = sorted(DECISIONS.glob("0*.md"))
    titles = [page.read_text(encoding="utf-8").partition("\n")[0] for page in pages]
    assert [name for _, _, name in listed] == [page.name for page in pages]
    assert [f"# {number}: {title}" for number, title, _ in listed] == titles
    assert [int(number) for number, _, _ in listed] == [int(page.name[:4]) for page in pages]
