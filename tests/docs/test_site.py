"""The site: generated pages equal the code, every page is listed, and no page needs a network."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs.site import hooks, settings
from docs.site.reference import FOLDER, PAGES, made

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_the_reference_is_what_the_code_says(name: str) -> None:
    written = (FOLDER / name).read_text(encoding="utf-8")

    assert written == made(name), "it is old: type `python -m docs.site.reference`"


def test_every_setting_has_a_line_of_help() -> None:
    assert settings.without_help() == [], "add it to footnote.toml or docs/site/settings.py"


def test_every_command_and_option_is_in_the_reference() -> None:
    page = made("commands.md")

    for command in ("footnote ask", "footnote index build", "footnote slack run"):
        assert f"## `{command}`" in page
    assert "`--dry-run`" in page
    assert "`--quiet`, `-q`" in page


def test_every_page_is_in_the_list_once() -> None:
    listed = [page for section in hooks.nav(ROOT / "docs") for page in next(iter(section.values()))]

    pages = {page.relative_to(ROOT / "docs").as_posix() for page in (ROOT / "docs").rglob("*.md")}
    pages = {page for page in pages if "node_modules" not in page}
    assert len(listed) == len(set(listed))
    assert set(listed) == pages | set(hooks.INCLUDED.values())


@pytest.mark.parametrize(
    ("link", "page", "changed"),
    [
        ("[a](../CONTRIBUTING.md#test)", "architecture.md", "[a](contributing.md#test)"),
        ("[a](../../SECURITY.md)", "deploy/compose.md", "[a](../security-policy.md)"),
        ("[a](../deploy)", "running.md", "a (`deploy`)"),
        ("[a](docs/slack.md)", "changelog.md", "[a](slack.md)"),
        (
            "[a](answers.md#b) [c](https://x.org)",
            "metrics.md",
            "[a](answers.md#b) [c](https://x.org)",
        ),
        ("[a](#b)", "metrics.md", "[a](#b)"),
        ("```\n[a](../deploy)\n```", "running.md", "```\n[a](../deploy)\n```"),
    ],
)
def test_links_to_the_top_of_the_repository_work_on_the_site(
    link: str, page: str, changed: str
) -> None:
    assert hooks.with_links(link, page) == changed


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-W", "ignore", "-m", "mkdocs", "build"]
    done = subprocess.run(
        [*command, "--site-dir", str(folder)],
        cwd=ROOT,
        env={"NO_MKDOCS_2_WARNING": "1", "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


@pytest.mark.slow
def test_the_site_is_built_without_a_warning_and_every_picture_is_there(site: Path) -> None:
    pages = list(site.rglob("*.html"))

    missing = [
        f"{page.name}: {target}"
        for page in pages
        for target in re.findall(r'<img[^>]* src="([^":]+)"', page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert len(pages) > 40
    assert missing == []


@pytest.mark.slow
def test_the_site_asks_no_other_server(site: Path) -> None:
    loaded = re.compile(r'<(?:script|link|img|iframe)[^>]* (?:src|href)="https?://([^"/]+)')

    asked = {
        host for page in site.rglob("*.html") for host in loaded.findall(page.read_text("utf-8"))
    }
    assert asked == set()
    assert (site / "assets" / "iframe-worker.js").exists()
