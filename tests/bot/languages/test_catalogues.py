"""Each catalogue is complete, fits the code, and cannot change what a page or a message is."""

import asyncio
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from string import Formatter

import pytest
from babel.messages.catalog import Message

from footnote_qa.bot import languages
from footnote_qa.bot.ages import ago
from footnote_qa.bot.languages import (
    ENGLISH,
    LANGUAGES,
    NOT_FOUND,
    PARTIAL,
    accepted,
    ngettext,
    remark,
    speak,
    tr,
)
from footnote_qa.bot.languages.compiling import (
    CATALOGUES,
    Text,
    mo_bytes,
    po_bytes,
    read,
    texts,
    updated,
)
from footnote_qa.bot.slack.messages import views
from footnote_qa.bot.slack.messages.texts import SEARCHING
from footnote_qa.bot.state import ChannelRules

OTHERS = [name for name in LANGUAGES if name != ENGLISH]


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    yield
    speak(ENGLISH)


@pytest.fixture(scope="module")
def code() -> Collection[Text]:
    return texts()


def translated(language: str) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return the English and the other forms of each text."""
    return [(_forms(one.id), _forms(one.string)) for one in read(language) if one.id]


def _forms(given: object) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)  # type: ignore[arg-type]


@pytest.mark.parametrize("language", OTHERS)
def test_a_catalogue_has_every_text_of_the_code_and_no_other(
    language: str, code: Collection[Text]
) -> None:
    catalogue = read(language)
    found: list[Message] = [one for one in catalogue if one.id]

    assert {one.id if isinstance(one.id, str) else tuple(one.id) for one in found} == set(code)
    assert [one.id for one in found if not all(_forms(one.string)) or one.fuzzy] == []
    assert not catalogue.obsolete


@pytest.mark.parametrize("language", OTHERS)
def test_the_files_are_those_that_make_texts_writes(language: str) -> None:
    assert (CATALOGUES / f"{language}.po").read_bytes() == po_bytes(updated(language))
    assert (CATALOGUES / f"{language}.mo").read_bytes() == mo_bytes(read(language))


def places(text: str) -> set[tuple[str, str]]:
    return {(name, spec or "") for _, name, spec, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", OTHERS)
def test_each_text_has_the_places_of_the_english_one(language: str) -> None:
    wrong = [
        (english, form)
        for english, forms in translated(language)
        for form in forms
        if places(form) != places(english[-1])
    ]

    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_has_markup(language: str, code: Collection[Text]) -> None:
    """Templates and Slack's messages trust them."""
    forms = (
        [form for text in code for form in _forms(text)]
        if language == ENGLISH
        else [form for _, forms in translated(language) for form in forms]
    )

    assert [form for form in forms if set(form) & set('<>&"*`\n\u200b')] == []


@pytest.mark.parametrize("language", OTHERS)
def test_a_number_has_the_form_of_its_language(language: str) -> None:
    speak(language)
    now = datetime(2026, 11, 30, tzinfo=UTC)

    one, many = (ago(datetime(2026, 11, day, tzinfo=UTC), now) for day in (29, 20))

    assert (one, many) == {
        "de": ("vor 1 Tag", "vor 10 Tagen"),
        "fr": ("il y a 1 jour", "il y a 10 jours"),
        "es": ("hace 1 día", "hace 10 días"),
        "ja": ("1日前", "10日前"),
    }[language]
    assert "2000000" in ngettext("{n} source", "{n} sources", 2_000_000).format(n=2_000_000)


@pytest.mark.parametrize("language", LANGUAGES)
def test_dialogs_keep_to_the_limits_of_slack(language: str) -> None:
    """Slack refuses a dialog if a title has more than 24 characters, or an option 75."""
    speak(language)

    for view in (
        views.reason_view("q"),
        views.rules_view("C1", ChannelRules()),
        views.topics_view("C1", []),
        views.approve_view("{}", question="", answer=""),
    ):
        for name in ("title", "submit", "close"):
            assert len(view[name]["text"]) <= 24, view[name]  # type: ignore[index]
        for option in _options(view):
            assert len(option) <= 75, option


def _options(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for option in value.get("options", ()):
            yield option["text"]["text"]
        for inner in value.values():
            yield from _options(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _options(inner)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("de-CH,de;q=0.9,en;q=0.8", "de"),
        ("pt-BR,pt", "en"),
        ("en;q=0.2, ja;q=0.7", "ja"),
        ("*", "en"),
        ("de;q=0", "en"),
        ("de;q=x", "en"),
        ("; , ;q=1", "en"),
        ("x," * 5000 + "de", "en"),
    ],
)
def test_the_browser_says_which_language_it_wants(header: str, language: str) -> None:
    assert accepted(header) == language


@pytest.mark.parametrize(
    ("locale", "language"), [("de-DE", "de"), ("ja_JP", "ja"), ("nl-NL", "en"), ("", "en")]
)
def test_a_locale_of_slack_is_a_language_or_english(locale: str, language: str) -> None:
    speak(locale)

    assert languages.language() == language


def test_readers_at_the_same_time_have_each_their_own_language() -> None:
    async def reader(locale: str) -> str:
        speak(locale)
        await asyncio.sleep(0)
        return tr(SEARCHING)

    async def main() -> list[str]:
        return list(await asyncio.gather(*map(reader, ("de", "nl", "ja"))))

    assert asyncio.run(main()) == ["sucht nach {what}…", SEARCHING, "{what}を検索しています…"]
    assert tr(SEARCHING) == SEARCHING


def test_known_sentences_of_the_engine_are_translated_among_others() -> None:
    speak("fr")

    said = remark(f"{NOT_FOUND} Plan 9. {PARTIAL}")

    assert said == (
        "Je n'ai trouvé aucun passage qui y réponde. Plan 9. "
        "Les documents ne répondent pas à toutes les parties de la question."
    )
