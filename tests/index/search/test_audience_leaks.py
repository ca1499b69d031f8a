"""A canary for each group, hundreds of questions: nobody finds what is not for them."""

import random

import pytest

from footnote_qa.index.building.build import Builder
from footnote_qa.index.building.options import BuildOptions
from footnote_qa.index.search.hybrid import LiveIndex
from footnote_qa.index.sources import SourceSpec
from footnote_qa.index.storage.generation import IndexDirectory
from tests.fakes.embedder import HashEmbedder

GROUPS = ("board", "finance", "hr", "legal")
WORDS = ("salary", "plan", "secret", "canary", "budget", "contract", "who", "when", "how much")
QUESTIONS, SAMPLED = 1000, 250


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory, embedder: HashEmbedder) -> LiveIndex:
    folder = tmp_path_factory.mktemp("leaks")
    specs = []
    for group in ("", *GROUPS):
        docs = folder / (group or "everybody")
        docs.mkdir()
        for number in range(5):
            text = f"The canary of {group or 'all'} says: salary, plan, budget, contract {number}."
            (docs / f"{number}.md").write_text(f"# Secret plan {number}\n\n{text}\n")
        specs.append(SourceSpec(path=str(docs), name=docs.name, audience=(group,) if group else ()))
    Builder(
        directory=IndexDirectory(folder / "index"),
        cache_path=folder / "cache" / "embeddings.sqlite",
        embedder=embedder,
        options=BuildOptions(),
    ).build(specs)
    return LiveIndex(folder / "index")


def test_hundreds_of_questions_find_nothing_of_another_group(
    index: LiveIndex, campaign: bool
) -> None:
    generator = random.Random(7)  # noqa: S311 - questions, not secrets
    leaks = []
    found = set()

    for _ in range(QUESTIONS if campaign else SAMPLED):
        groups = frozenset(generator.sample(GROUPS, generator.randint(0, 2)))
        asked = " ".join(generator.choices([*WORDS, *GROUPS], k=4))
        for passage in index.search(asked, k=10, audience=groups).passages:
            owner = passage.chunk.document.split("/")[0]
            found.add(owner)
            if owner != "everybody" and owner not in groups:
                leaks.append((asked, sorted(groups), passage.chunk.document))

    assert leaks == []
    assert found == {"everybody", *GROUPS}
