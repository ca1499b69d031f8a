import pytest

from footnote_qa.index.embedding import advice, language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("How many days of leave do employees have in their first year with us?", "en"),
        ("Wie viele Tage Urlaub haben die Angestellten im ersten Jahr bei uns?", "de"),
        ("¿Cuántos días de vacaciones tienen los empleados en el primer año?", "es"),
        ("Combien de jours de congé les employés ont-ils la première année ?", "fr"),
        ("Сколько дней отпуска у сотрудников в первый год работы?", "ru"),
        ("员工第一年有多少天假期？请查看公司的规定和手册。", "zh"),
        ("12 34 56", ""),
        ("", ""),
    ],
)
def test_the_language_of_a_text_is_found(text: str, language: str) -> None:
    assert language_of(text) == language


def test_documents_that_the_model_does_not_read_are_named_with_the_setting() -> None:
    said = advice("embedded", {"en": 5, "de": 4, "fr": 1, "": 2}, what="documents")

    assert said.startswith('5 of 12 documents are in languages that the model "embedded"')
    assert "(de, fr)" in said
    assert '[index] model = "multilingual"' in said


@pytest.mark.parametrize("model", ["multilingual", "some/other-model"])
def test_other_models_are_trusted(model: str) -> None:
    assert advice(model, {"de": 9}, what="documents") == ""


def test_a_few_documents_are_not_worth_a_word() -> None:
    assert advice("embedded", {"en": 99, "de": 1}, what="documents") == ""
