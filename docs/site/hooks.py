"""Hooks of MkDocs: the list of pages, the pages at the top of the repository, links to files."""

import posixpath
import re
from collections.abc import Callable
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]

# Files at the top that are pages of the site, too.
INCLUDED = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security-policy.md",
}
# The order of the pages. Those that are not named here are added to the section of their folder.
SECTIONS: dict[str, list[str]] = {
    "Tutorial": ["index.md", "tutorial.md", "install.md"],
    "How to": [
        "how-to/slack-manifest.md",
        "how-to/custom-parser.md",
        "how-to/language-model.md",
        "how-to/question-set.md",
        "how-to/pytest.md",
        "ci-gate.md",
        "plugins.md",
        "web.md",
        "api.md",
        "python-api.md",
        "mcp.md",
    ],
    "Handbook": [
        "handbook/getting-started.md",
        "handbook/asking-questions.md",
        "handbook/building-the-index.md",
        "handbook/what-is-not-read.md",
        "handbook/settings-and-files.md",
        "handbook/models.md",
        "handbook/slack.md",
        "handbook/evaluation.md",
        "handbook/troubleshooting.md",
    ],
    "Reference": [
        "reference/commands.md",
        "reference/settings.md",
        "reference/formats.md",
        "reference/metrics.md",
        "reference/records.md",
    ],
    "Explanation": [
        "architecture.md",
        "answers.md",
        "metrics.md",
        "reliability.md",
        "slack.md",
        "quality.md",
        "performance.md",
    ],
    "Deployment": ["running.md", "deploy/one-machine.md", "deploy/compose.md"],
    "Security": ["security.md", "permissions.md", "security-policy.md"],
    "Project": ["changelog.md", "upgrading.md", "contributing.md"],
    "Decisions": ["adr/README.md"],
}
_SECTION_OF = {
    "how-to": "How to",
    "handbook": "Handbook",
    "reference": "Reference",
    "deploy": "Deployment",
    "sources": "How to",
    "adr": "Decisions",
}
_SHIM, _SHIM_ELSEWHERE = "assets/iframe-worker.js", "https://unpkg.com/iframe-worker/shim"
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Set the list of pages."""
    config.nav = nav(Path(config.docs_dir))
    return config


def nav(docs: Path) -> list[dict[str, list[str]]]:
    """Return the sections with the pages that are there, each page once."""
    present = {page.relative_to(docs).as_posix() for page in docs.rglob("*.md")}
    present = {page for page in present if "node_modules" not in page}
    present |= {target for name, target in INCLUDED.items() if (ROOT / name).exists()}
    sections = {
        name: [page for page in pages if page in present] for name, pages in SECTIONS.items()
    }
    named = {page for pages in sections.values() for page in pages}
    for page in sorted(present - named):
        sections[_SECTION_OF.get(page.split("/")[0], "Explanation")].append(page)
    return [{name: pages} for name, pages in sections.items() if pages]


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are at the top of the repository."""
    for name, target in INCLUDED.items():
        if (ROOT / name).exists():
            text = (ROOT / name).read_text(encoding="utf-8")
            files.append(File.generated(config, target, content=text))
    shim = Path(__file__).with_name("iframe-worker.js").read_text(encoding="utf-8")
    files.append(File.generated(config, _SHIM, content=shim))
    return files


def on_post_page(output: str, *, page: Page, config: MkDocsConfig) -> str:
    """Take the script that the search needs from the site itself, not from another server."""
    del config
    return output.replace(_SHIM_ELSEWHERE, posixpath.relpath(_SHIM, posixpath.dirname(page.url)))


def on_post_template(output_content: str, *, template_name: str, config: MkDocsConfig) -> str:
    """Do the same for pages that are not made from Markdown."""
    del template_name, config
    return output_content.replace(_SHIM_ELSEWHERE, _SHIM)


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Make links to pages at the top work, and name other files of the repository without one."""
    del config, files
    return with_links(markdown, page.file.src_uri)


def with_links(markdown: str, page: str) -> str:
    """Return a page whose links lead to pages of the site.

    >>> with_links("See [all](../../CONTRIBUTING.md#test) and [them](../../deploy).", "a/b.md")
    'See [all](../contributing.md#test) and them (`deploy`).'
    """
    sources = {target: name for name, target in INCLUDED.items()}
    own = sources.get(page) or f"docs/{page}"

    def changed(match: re.Match[str]) -> str:
        picture, text, link = match.groups()
        path, _, anchor = link.partition("#")
        if not path or re.match(r"[a-z]+:", path):
            return match[0]
        file = posixpath.normpath(posixpath.join(posixpath.dirname(own), path))
        target = INCLUDED.get(file) or _within_docs(file)
        if target is None:
            return f"{text} (`{file}`)" if (ROOT / file).exists() else match[0]
        found = posixpath.relpath(target, posixpath.dirname(page) or ".")
        return f"{picture}[{text}]({found}{'#' if anchor else ''}{anchor})"

    return _outside_code(markdown, changed)


def _within_docs(file: str) -> str | None:
    if not file.startswith("docs/"):
        return None
    return file.removeprefix("docs/")


def _outside_code(markdown: str, changed: Callable[[re.Match[str]], str]) -> str:
    """Apply a change to each link that is not within a block of code."""
    parts = re.split(r"(^```.*?^```$)", markdown, flags=re.MULTILINE | re.DOTALL)
    done = [part if number % 2 else _LINK.sub(changed, part) for number, part in enumerate(parts)]
    return "".join(done)
