"""Looking at what has changed uses what the last build kept, and changes none of it."""

import os
import subprocess
from pathlib import Path

import pytest

from footnote_qa.index.building.build import Builder
from footnote_qa.index.building.dry_run import plan_build, preview
from footnote_qa.index.sources import SourceSpec
from tests.fakes.building import make_builder
from tests.fakes.embedder import HashEmbedder
from tests.fakes.website import FakeWebsite, fake_website

LEAVE = "<h1>Leave</h1><p>Twenty days"


@pytest.fixture
def builder(tmp_path: Path, embedder: HashEmbedder) -> Builder:
    return make_builder(tmp_path, embedder)


def kept(builder: Builder) -> dict[str, bytes]:
    folder = builder.cache_path.parent / "sources"
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def looked(builder: Builder, spec: SourceSpec) -> dict[str, str]:
    cache = builder.cache_path.parent / "sources"
    plan = plan_build(builder.directory, [spec], max_file_bytes=1_000_000, cache=cache)
    seen = preview(builder, [spec])
    assert [entry.action for entry in seen.plan] == [entry.action for entry in plan]
    return {entry.document: str(entry.action) for entry in plan}


def website(site: FakeWebsite, *include: str) -> SourceSpec:
    return SourceSpec(
        kind="website",
        path=f"{site.address}/sitemap.xml",
        allow_private=True,
        include=include or ("**/*",),
        name=include[0] if include else "",
    )


def test_a_page_that_the_build_kept_is_not_fetched_again_to_look(builder: Builder) -> None:
    with fake_website() as site:
        for path in ("/a.html", "/b.html"):
            site.html(path, LEAVE, ETag='"1"')
        site.list("/a.html", "/b.html")
        builder.build([website(site)])
        site.html("/b.html", "<p>Thirty days", ETag='"2"')
        site.asked.clear()
        before = kept(builder)

        plan = looked(builder, website(site))

        assert plan == {"a.html": "unchanged", "b.html": "changed"}
        assert kept(builder) == before
        assert set(site.asked) >= {("/a.html", 304), ("/b.html", 200)}
        assert ("/a.html", 200) not in site.asked


def test_two_sources_of_one_website_keep_their_pages_apart(builder: Builder) -> None:
    with fake_website() as site:
        for path in ("/hr/pay.html", "/it/help.html"):
            site.html(path, LEAVE, ETag='"1"')
        site.list("/hr/pay.html", "/it/help.html")

        result = builder.build([website(site, "hr/**"), website(site, "it/**")])

    assert result.problems == ()
    assert builder.directory.manifest(result.generation).documents == 2


def git(folder: Path, *arguments: str) -> None:
    who = {"NAME": "Ada", "EMAIL": "ada@example.org"}
    roles = {f"GIT_{r}_{k}": v for k, v in who.items() for r in ("AUTHOR", "COMMITTER")}
    environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, **roles}
    subprocess.run(["git", *arguments], cwd=folder, env=environment, check=True)


def commit(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.md").write_text(text)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=x")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    folder = tmp_path / "repo"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    return folder


def test_looking_at_a_repository_changes_nothing_of_what_the_build_kept(
    builder: Builder, repository: Path
) -> None:
    commit(repository, a="# One", b="# Two")
    spec = SourceSpec(kind="git", path=repository.as_uri())
    builder.build([spec])
    commit(repository, b="# Three")
    before = kept(builder)

    plan = looked(builder, spec)

    assert plan == {"a.md": "unchanged", "b.md": "changed"}
    assert kept(builder) == before
    assert {str(a): n for a, n in builder.build([spec]).actions.items()} == {
        "changed": 1,
        "unchanged": 1,
    }


def test_a_pointer_to_a_large_file_is_reported_once_and_not_tried_at_every_build(
    builder: Builder, repository: Path
) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n"
    commit(repository, a="# One\n\nText.\n", large=pointer)
    spec = SourceSpec(kind="git", path=str(repository))

    first, again = builder.build([spec]), builder.build([spec])

    assert [(p.document, str(p.kind)) for p in first.problems] == [("large.md", "unsupported")]
    assert again.problems == first.problems
    assert again.generation == first.generation
