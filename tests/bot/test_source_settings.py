from pathlib import Path

import pytest
from pydantic import TypeAdapter

from footnote_qa.bot import composition
from footnote_qa.bot.errors import SettingsError
from footnote_qa.bot.settings import load
from footnote_qa.bot.source_settings import SourceSettings
from footnote_qa.index.sources import SourceSpec
from footnote_qa.index.sources.audience_rules import AudienceRule
from footnote_qa.index.sources.connectors import KINDS, ConnectorKind

SOURCES = Path(__file__).resolve().parents[2] / "docs" / "sources"


def specs(tmp_path: Path, text: str) -> tuple[SourceSpec, ...]:
    (tmp_path / "footnote.toml").write_text(text)
    return composition.source_specs(load(tmp_path / "footnote.toml"))


def refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        specs(tmp_path, text)
    return str(caught.value)


def test_a_source_is_a_folder_unless_it_says_otherwise(tmp_path: Path) -> None:
    (found,) = specs(tmp_path, '[[sources]]\npath = "docs"\nurl = "https://x.test"')

    assert found == SourceSpec(path=str(tmp_path / "docs"), url="https://x.test")


def test_every_kind_can_be_named(tmp_path: Path) -> None:
    found = specs(
        tmp_path,
        """
        [[sources]]
        kind = "git"
        repository = "https://git.example.org/handbook.git"
        ref = "main"
        [[sources]]
        kind = "git"
        path = "repo"
        [[sources]]
        kind = "website"
        sitemap = "https://docs.example.org/sitemap.xml"
        [[sources]]
        kind = "llama_index"
        reader = "wiki.reader:WikiReader"
        arguments = { base_url = "https://wiki.example.org", spaces = ["HR", "IT"] }
        environment = { api_token = "WIKI_TOKEN" }
        load = { limit = 50 }
        """,
    )

    assert [(one.kind, one.path) for one in found] == [
        ("git", "https://git.example.org/handbook.git"),
        ("git", str(tmp_path / "repo")),
        ("website", "https://docs.example.org/sitemap.xml"),
        ("llama_index", ""),
    ]
    assert found[0].ref == "main"
    assert found[3].arguments == {"base_url": "https://wiki.example.org", "spaces": ("HR", "IT")}
    assert found[3].environment == {"api_token": "WIKI_TOKEN"}


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ('repository = "https://git.example.org/handbook.git"', "git"),
        ('sitemap = "https://docs.example.org/sitemap.xml"', "website"),
        ('reader = "wiki.reader:WikiReader"', "llama_index"),
    ],
)
def test_a_place_that_only_one_kind_has_decides_the_kind(
    tmp_path: Path, line: str, kind: str
) -> None:
    (found,) = specs(tmp_path, f"[[sources]]\n{line}")

    assert found.kind == kind


def test_a_place_of_another_kind_than_the_one_named_is_refused(tmp_path: Path) -> None:
    text = '[[sources]]\nkind = "git"\nsitemap = "https://docs.example.org/sitemap.xml"'

    told = refusal(tmp_path, text)

    assert "sources.0: sitemap cannot be used with kind 'git'; kind 'git' needs" in told


def test_rules_say_by_path_who_may_see_a_document(tmp_path: Path) -> None:
    (found,) = specs(
        tmp_path,
        """
        [[sources]]
        path = "docs"
        audience = ["staff"]
        [[sources.rules]]
        match = "hr/**"
        audience = ["hr"]
        [[sources.rules]]
        match = "public/**"
        audience = []
        """,
    )

    assert found.rules == (
        AudienceRule(match="hr/**", audience=("hr",)),
        AudienceRule(match="public/**", audience=()),
    )


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ("", "kind 'folder' needs path"),
        ('kind = "ftp"\npath = "x"', "sources.0.kind"),
        ('path = "x"\nref = "main"', "ref cannot be used with kind 'folder'"),
        ('path = "x"\nsitemap = "https://x.test/s.xml"', "path cannot be used with kind 'website'"),
        ('kind = "git"', "kind 'git' needs path or repository"),
        ('kind = "git"\npath = "x"\nrepository = "https://x.test"', "needs path or repository"),
        ('kind = "git"\nrepository = "ext::sh -c id"', "repository must be an address"),
        ('kind = "git"\nrepository = "--upload-pack=id"', "repository must be an address"),
        ('kind = "git"\npath = "x"\nref = "--output=x"', "sources.0.ref"),
        (
            'kind = "git"\nrepository = "https://me:canary@x.test/a.git"',
            "an address must not hold a password",
        ),
        ('kind = "website"', "kind 'website' needs sitemap"),
        ('kind = "website"\nsitemap = "file:///etc/passwd"', "sitemap must be an address"),
        ('kind = "website"\nsitemap = "https://x.test"\nurl = "https://y.test"', "url cannot be"),
        ('kind = "llama_index"\nreader = "wiki"', "sources.0.reader"),
        (
            'kind = "llama_index"\nreader = "a:B"\narguments = { api_token = "xyz" }',
            "api_token looks like a secret",
        ),
        ('path = "x"\n[[sources.rules]]\nmatch = "hr/**"', "sources.0.rules.0.audience"),
        ('path = "x"\n[[sources.rules]]\nmatch = ""\naudience = []', "sources.0.rules.0.match"),
    ],
)
def test_what_does_not_fit_together_is_said(tmp_path: Path, table: str, fault: str) -> None:
    assert fault in refusal(tmp_path, f"[[sources]]\n{table}")


def test_a_secret_is_not_repeated_in_the_complaint(tmp_path: Path) -> None:
    reader = 'kind = "llama_index"\nreader = "a:B"\narguments = { password = "canary" }'
    repository = 'kind = "git"\nrepository = "https://me:canary@x.test/a.git"'

    assert "canary" not in refusal(tmp_path, f"[[sources]]\n{reader}")
    assert "canary" not in refusal(tmp_path, f"[[sources]]\n{repository}")


def test_a_generation_remembers_every_kind(tmp_path: Path) -> None:
    adapter = TypeAdapter(tuple[SourceSpec, ...])
    found = specs(
        tmp_path,
        """
        [[sources]]
        kind = "llama_index"
        reader = "a:B"
        arguments = { flag = true, size = 3, share = 0.5, names = ["x"], text = "5" }
        [[sources.rules]]
        match = "*.md"
        audience = ["hr"]
        """,
    )

    assert adapter.validate_python(adapter.dump_python(found, mode="json")) == found


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_kind_can_be_set_up_as_its_page_says(kind: ConnectorKind) -> None:
    samples: dict[type, object] = {str: "https://x.test", tuple: ["x"], int: 1, bool: True}
    needed = {
        one.name: one.choices[-1] if one.choices else samples[type(one.default)]
        for one in kind.options
        if one.is_needed
    }

    found = SourceSettings.model_validate({"kind": kind.name, **needed})

    assert found.place
    pages = [path.read_text() for path in SOURCES.glob("*.md")]
    assert any(f"footnote sources add {kind.name}" in page for page in pages)
    table = (SOURCES / "README.md").read_text()
    assert f"`{kind.name}`" in table
    assert all(one.variable.isupper() and one.help for one in kind.secrets)
    assert all(one.help for one in kind.options)
