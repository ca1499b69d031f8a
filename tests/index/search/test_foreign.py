from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from footnote_qa.index.search.foreign import is_in_another_language
from footnote_qa.index.storage import Generation

ENGLISH = "How many days of leave do employees have in their first year?"
GERMAN = "Wie viele Tage Urlaub haben die Angestellten im ersten Jahr bei uns?"


@dataclass
class FakeLexical:
    known: float
    languages: dict[str, int]

    def known_share(self, _question: str) -> float:
        return self.known


@dataclass
class FakeManifest:
    model: str


@dataclass
class FakeGeneration:
    known: float = 0.2
    model: str = "multilingual"
    languages: dict[str, int] = field(default_factory=lambda: {"en": 100})

    @property
    def lexical(self) -> FakeLexical:
        return FakeLexical(self.known, self.languages)

    @property
    def manifest(self) -> FakeManifest:
        return FakeManifest(self.model)


@pytest.mark.parametrize(
    ("question", "generation", "foreign"),
    [
        (GERMAN, FakeGeneration(), True),
        (GERMAN, FakeGeneration(languages={"en": 50, "de": 50}), False),
        (GERMAN, FakeGeneration(languages={"en": 99, "de": 1}), True),
        (GERMAN, FakeGeneration(known=0.9), False),
        (GERMAN, FakeGeneration(model="embedded"), False),
        (ENGLISH, FakeGeneration(), False),
        (ENGLISH, FakeGeneration(languages={"de": 100}), True),
        ("多少天？", FakeGeneration(known=0.0), True),
        ("PIV?", FakeGeneration(known=1.0), False),
    ],
)
def test_a_question_is_foreign_if_the_documents_are_in_other_languages_that_the_model_reads(
    question: str, generation: Any, foreign: bool
) -> None:
    assert is_in_another_language(question, cast("Generation", generation)) is foreign
