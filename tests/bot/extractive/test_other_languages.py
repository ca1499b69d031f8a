"""Questions outside English are answered and refused by the rare words of their own language."""

import asyncio

import pytest

from footnote_qa.bot.engine.context import show
from footnote_qa.bot.extractive import other_languages
from footnote_qa.bot.extractive.answerer import ExtractiveAnswerer
from footnote_qa.bot.types import Draft, Question
from tests.fakes.searcher import a_passage

TEXTS = {
    "de": (
        "Alle Angestellten haben im Jahr dreißig Urlaubstage. Der Antrag geht an die Leitung.",
        "Die Garage im Keller ist von sechs bis zwanzig Uhr geöffnet. Ein Platz kostet drei Euro.",
        "Kranke melden sich am ersten Tag bis neun Uhr. Ab dem dritten Tag ist ein Attest nötig.",
    ),
    "es": (
        "Cada empleado tiene treinta días de vacaciones al año. La solicitud se envía a la jefa.",
        "El garaje del sótano abre de seis a veinte horas. Una plaza cuesta tres euros por día.",
        "Quien está enfermo avisa el primer día. Desde el tercer día hace falta un certificado.",
    ),
    "ru": (
        "Каждый сотрудник имеет тридцать дней отпуска в год. Заявление подают руководителю.",
        "Гараж в подвале открыт с шести до двадцати часов. Место стоит три евро в день.",
        "Заболевший сообщает об этом в первый день. С третьего дня нужна справка от врача.",
    ),
    "zh": (
        "每位员工每年有三十天的年假。申请要提前交给主管。",
        "地下室的车库从六点开到二十点。停车位每天三欧元。",
        "生病的员工第一天要报告。从第三天起需要医生证明。",
    ),
}


def draft(question: str, language: str) -> Draft:
    passages = show(
        [
            a_passage(text, id=at, rank=at, document=f"{at}.md", title="", heading=())
            for at, text in enumerate(TEXTS[language], 1)
        ]
    )
    return ExtractiveAnswerer(None).read(question, passages)


@pytest.mark.parametrize(
    ("language", "question", "words"),
    [
        ("de", "Wie viele Urlaubstage haben die Angestellten?", "dreißig"),
        ("de", "Wann ist die Garage geöffnet?", "zwanzig Uhr"),
        ("es", "¿Cuántos días de vacaciones tiene un empleado?", "treinta"),
        ("es", "¿A qué hora abre el garaje?", "veinte horas"),
        ("ru", "Сколько дней отпуска у сотрудника?", "тридцать"),
        ("ru", "Когда открыт гараж?", "двадцати часов"),
        ("zh", "员工每年有多少天年假？", "三十天"),
        ("zh", "车库几点开？", "二十点"),
    ],
)
def test_a_question_on_the_documents_is_answered(language: str, question: str, words: str) -> None:
    assert words in draft(question, language).sentences[0].text


@pytest.mark.parametrize(
    ("language", "question"),
    [
        ("de", "Wie heißt der längste Fluss in Südamerika?"),
        ("de", "Wann wurde die Universität gegründet?"),
        ("es", "¿Cómo se llama el río más largo de América del Sur?"),
        ("es", "¿En qué año se fundó la universidad?"),
        ("ru", "Как называется самая длинная река Южной Америки?"),
        ("ru", "В каком году основан университет?"),
        ("zh", "南美洲最长的河流叫什么名字？"),
        ("zh", "这所大学是哪一年成立的？"),
    ],
)
def test_a_question_on_something_else_is_refused(language: str, question: str) -> None:
    assert draft(question, language).sentences == ()


def test_without_the_threshold_the_other_questions_would_be_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("_LEAST_LATIN", "_LEAST_OTHER", "_LEAST_UNSPACED"):
        monkeypatch.setattr(other_languages, name, 0.0)

    assert draft("这所大学是哪一年成立的？", "zh").sentences


def test_a_german_noun_that_no_document_has_is_no_name_but_a_code_is() -> None:
    asked = {
        "Kindern": "Wie viele Urlaubstage haben Angestellte mit Kindern?",
        "XK-7": "Wie viele Urlaubstage gibt es laut XK-7?",
    }
    passages = show([a_passage(TEXTS["de"][0], title="", heading=())])
    answerer = ExtractiveAnswerer(None)

    missing = [
        asyncio.run(answerer.draft(Question(text=text, unknown=(word,)), passages)).missing
        for word, text in asked.items()
    ]

    assert missing == [(), ("XK-7",)]


def test_words_do_not_judge_a_question_in_another_language_than_the_passages() -> None:
    texts = ["Everybody has thirty days of annual leave a year, and asks the manager for it."]

    assert not other_languages.is_said_in("Wie viele Tage Urlaub habe ich im Jahr?", texts)
    assert other_languages.is_said_in("Wie viele Tage Urlaub habe ich im Jahr?", TEXTS["de"])
