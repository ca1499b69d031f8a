"""The pages speak the browser's language; what programs read stays as it is."""

import asyncio
import json
from typing import Any

import pytest

from footnote_qa.bot.languages import LANGUAGES
from footnote_qa.bot.state import Scope
from tests.fakes.web import EVIL, Pages


def run(work: Any) -> Any:
    async def main() -> Any:
        return await work

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("accepted", "language", "words"),
    [
        ("de", "de", ["Frag deine Dokumente", "3 Dokumente", "Abmelden"]),
        ("fr-CA,en;q=0.5", "fr", ["Interrogez vos documents", "Se déconnecter"]),
        ("es", "es", ["Pregunta a tus documentos"]),
        ("ja", "ja", ["文書に質問する", "3件の文書"]),
        ("pt", "en", ["Ask your documents", "3 documents"]),
    ],
)
def test_a_page_is_in_the_language_of_the_browser(
    pages: Pages, accepted: str, language: str, words: list[str]
) -> None:
    reply = run(pages.sign_in().get("/", **{"Accept-Language": accepted}))

    assert f'<html lang="{language}">' in reply.text
    assert reply.headers["vary"] == "Accept-Language"
    for word in words:
        assert word in reply.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_of_a_reader_and_an_owner_has_its_texts(pages: Pages, language: str) -> None:
    reader = pages.sign_in()
    run(reader.ask("leave"))
    run(reader.ask("something that nobody knows"))
    with pages.database.sql() as sql:
        rows = sql.execute("SELECT question_id, thread_ts FROM answer ORDER BY at").fetchall()
    found, missing = (str(row[0]) for row in rows)
    paths = (
        *("/", f"/c/{rows[0][1]}", f"/answers/{found}", f"/answers/{missing}"),
        *(f"/answers/{found}/sources/1", "/search?q=leave", "/search?q=xyz&type=exe"),
        *("/documents", "/documents/leave.md", "/owners", f"/owners/answers/{found}", "/nothing"),
    )

    for path in paths:
        reply = run(reader.get(path, **{"Accept-Language": language}))
        assert reply.status_code in {200, 404}, path
        assert f'lang="{language}"' in reply.text
        assert "{n}" not in reply.text
        assert "{name}" not in reply.text


def test_a_streamed_answer_and_its_problems_are_in_the_language_too(pages: Pages) -> None:
    reader = pages.sign_in()

    async def stream(question: str) -> str:
        fields = {"question": question, "conversation": ""}
        headers = {"Accept": "text/event-stream", "Accept-Language": "de"}
        return (await reader.post("/ask", fields, **headers)).text

    answer, problem = run(stream("leave")), run(stream("crash"))

    told = [json.loads(one[6:]) for one in answer.splitlines() if one.startswith("data: ")]
    assert told[0]["text"] == "Ich lese die Dokumente…"
    assert "1 Quelle" in told[-1]["html"]
    assert "Etwas ist schiefgegangen" in problem


def test_what_is_put_into_a_text_is_escaped() -> None:
    """A model's name, or a document's, is not from a catalogue."""
    from footnote_qa.bot.web.templates import _translated

    assert "<img" not in _translated("answered by {model}", model=EVIL)


def test_programs_read_the_same_words_whatever_they_accept(pages: Pages) -> None:
    key, _ = pages.site.keys.add("k", scopes=[Scope.ASK], audience=frozenset())

    async def main() -> str:
        headers = {"Authorization": f"Bearer {key}", "Accept-Language": "de"}
        async with pages.client(**headers) as client:
            return (await client.post("/api/v1/ask", json={"question": "nobody knows"})).text

    assert "I found no passage that answers this." in run(main())
