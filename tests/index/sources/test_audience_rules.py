from pathlib import Path

import pytest

from footnote_qa.index.sources import SourceSpec, open_sources
from footnote_qa.index.sources.audience_rules import AudienceRule
from footnote_qa.index.types import SourceFile

RULES = (
    AudienceRule(match="hr/pay/**", audience=("board",)),
    AudienceRule(match="hr/**", audience=("hr",)),
    AudienceRule(match="news.md", audience=()),
)


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    for name in ("hr/leave.md", "hr/pay/bands.md", "news.md", "hr.md", "it/a.md"):
        (tmp_path / "docs" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "docs" / name).write_text("x")
    return tmp_path / "docs"


def audiences(*specs: SourceSpec) -> dict[str, tuple[str, ...]]:
    found = [one for source in open_sources(specs, max_file_bytes=100) for one in source.files()]
    return {one.document: one.audience for one in found if isinstance(one, SourceFile)}


def test_the_first_rule_that_matches_says_who_may_see_a_document(docs: Path) -> None:
    found = audiences(SourceSpec(path=str(docs), audience=("staff",), rules=RULES))

    assert found == {
        "hr.md": ("staff",),
        "hr/leave.md": ("hr",),
        "hr/pay/bands.md": ("board",),
        "it/a.md": ("staff",),
        "news.md": (),
    }


def test_rules_match_paths_in_their_source_whatever_it_is_called(docs: Path) -> None:
    found = audiences(
        SourceSpec(path=str(docs), name="hr", rules=RULES), SourceSpec(path=str(docs), name="b")
    )

    assert found["hr/it/a.md"] == ()
    assert found["hr/hr/leave.md"] == ("hr",)
    assert found["b/hr/leave.md"] == ()
