"""The HTTP API, against the document that describes it; and an existing client, unchanged."""

import asyncio
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from footnote_qa.bot.state import Scope
from footnote_qa.bot.web.api import OPERATIONS, openapi
from footnote_qa.bot.web.guards import MAX_CALL_BYTES
from footnote_qa.bot.web.server import served
from footnote_qa.bot.web.visits import COOKIE
from tests.fakes import web
from tests.fakes.embedder import HashEmbedder
from tests.fakes.later import module_later
from tests.fakes.web import DOCUMENTS, Pages

if TYPE_CHECKING:
    import openai
else:
    openai = module_later("openai")

HIDDEN = "ninety thousand"
BODIES: dict[str, Any] = {
    "/api/v1/ask": {"question": "leave?"},
    "/api/v1/search": {"query": "leave days"},
    "/api/v1/feedback": {"id": "x", "rating": "up"},
    "/v1/chat/completions": {"messages": [{"role": "user", "content": "leave?"}]},
}
SYSTEM = {"role": "system", "content": "x"}
PATHS = {
    "/api/v1/documents/{document:path}": "/api/v1/documents/leave.md",
    "/v1/models/{model}": "/v1/models/footnote",
}


def key_of(pages: Pages, *scopes: Scope, audience: frozenset[str] | None = frozenset()) -> str:
    return pages.site.keys.add("test", scopes=scopes or tuple(Scope), audience=audience)[0]


def call(
    pages: Pages, key: str, method: str, path: str, body: object = None, **headers: str
) -> httpx.Response:
    async def main() -> httpx.Response:
        async with pages.client(Authorization=f"Bearer {key}", **headers) as client:
            return await client.request(method, path, json=body)

    return asyncio.run(main())


def post(pages: Pages, key: str, path: str, body: object, **headers: str) -> Any:
    return call(pages, key, "POST", path, body, **headers).json()


def schema_of(path: str, method: str, *, error: bool = False) -> Draft202012Validator:
    """Return what checks the reply of an endpoint as the document describes it."""
    document = openapi()
    operation = document["paths"][re.sub(r":\w+}", "}", path)][method.lower()]
    reply = operation["responses"]["default" if error else "200"]["content"]["application/json"]
    return Draft202012Validator({**reply["schema"], "components": document["components"]})


def test_the_document_is_valid_and_names_every_route(pages: Pages) -> None:
    fetched = asyncio.run(_document(pages))

    validate(fetched)
    assert fetched == json.loads(json.dumps(openapi()))
    named = {(path, method) for path, one in fetched["paths"].items() for method in one}
    assert named == {(re.sub(r":\w+}", "}", one.path), one.method.lower()) for one in OPERATIONS}
    for _, one in ((p, o) for methods in fetched["paths"].values() for p, o in methods.items()):
        assert one["summary"].endswith(".")
    assert fetched["components"]["securitySchemes"]["key"]["scheme"] == "bearer"


async def _document(pages: Pages) -> Any:
    async with pages.client() as client:
        return (await client.get("/api/v1/openapi.json")).json()


@pytest.mark.parametrize("one", OPERATIONS, ids=lambda one: one.name)
def test_every_reply_is_as_the_document_says(pages: Pages, one: Any) -> None:
    key = key_of(pages)
    body = BODIES.get(one.path)
    if one.name == "rate":
        body = BODIES[one.path] | {
            "id": post(pages, key, "/api/v1/ask", BODIES["/api/v1/ask"])["id"]
        }

    reply = call(pages, key, one.method, PATHS.get(one.path, one.path), body)

    assert reply.status_code == 200, reply.text
    schema_of(one.path, one.method).validate(reply.json())


@pytest.mark.parametrize("one", OPERATIONS, ids=lambda one: one.name)
def test_every_endpoint_needs_a_valid_key_with_its_scope(pages: Pages, one: Any) -> None:
    right = key_of(pages)
    path, body = PATHS.get(one.path, one.path), BODIES.get(one.path)
    others = key_of(pages, *(set(Scope) - {one.scope}))
    revoked, made = pages.site.keys.add("old", scopes=tuple(Scope), audience=None)
    pages.site.keys.revoke(made.id)
    wrong = ["", "x", right[:-1], f"{right}x", right.replace("fn_", "xx_"), revoked, "fn_é_é"]

    statuses = [call(pages, key, one.method, path, body).status_code for key in wrong]
    lacking = call(pages, others, one.method, path, body)
    reader = pages.sign_in()
    by_cookie = asyncio.run(_by_cookie(pages, reader.cookie, one.method, path, body))

    assert statuses == [401] * len(wrong)
    assert lacking.status_code == 403
    assert by_cookie == 401
    assert pages.engine.questions == []
    schema_of(one.path, one.method, error=True).validate(lacking.json())


async def _by_cookie(pages: Pages, cookie: str, method: str, path: str, body: object) -> int:
    async with pages.client(Cookie=f"{COOKIE}={cookie}") as client:
        return (await client.request(method, path, json=body)).status_code


def test_guessing_keys_is_slowed_down_and_a_right_key_is_not(pages: Pages) -> None:
    right = key_of(pages)

    statuses = [call(pages, f"fn_{n:012x}_x", "GET", "/v1/models").status_code for n in range(12)]

    assert statuses == [401] * 10 + [429] * 2
    assert call(pages, right, "GET", "/v1/models").status_code == 200


def test_the_state_holds_no_secret_of_a_key(pages: Pages) -> None:
    key = key_of(pages)

    with pages.database.sql() as sql:
        row = sql.execute("SELECT * FROM api_key").fetchone()

    assert key.split("_", 2)[2] not in map(str, tuple(row))
    assert pages.site.keys.find(f"fn_{row['id']}_{row['secret']}") is None


@pytest.mark.parametrize("path", ["/api/v1/documents/secret.md", "/api/v1/documents"])
def test_a_key_sees_the_documents_of_its_audience_alone(pages: Pages, path: str) -> None:
    public, board = key_of(pages), key_of(pages, audience=frozenset({"board"}))
    question = {"question": "salary of the director"}

    theirs = call(pages, public, "GET", path).text
    theirs += call(pages, public, "POST", "/api/v1/ask", question).text
    theirs += call(pages, public, "POST", "/api/v1/search", {"query": "director"}).text
    chat = {"messages": [{"role": "user", "content": "salary of the director"}]}
    theirs += call(pages, public, "POST", "/v1/chat/completions", chat).text
    ours = call(pages, board, "GET", path).text

    assert HIDDEN not in theirs
    assert "Salaries" not in theirs
    assert "Salaries" in ours
    assert post(pages, board, "/api/v1/ask", question)["status"] == "answered"


def test_an_answer_and_its_follow_up(pages: Pages) -> None:
    key, other = key_of(pages), key_of(pages)

    first = post(pages, key, "/api/v1/ask", {"question": "leave?"})
    more = {"question": "and parking?", "conversation": first["conversation"]}
    second = post(pages, key, "/api/v1/ask", more)
    foreign = call(pages, other, "POST", "/api/v1/ask", more)

    quote = first["citations"][0]
    read = call(pages, key, "GET", f"/api/v1/documents/{quote['document']}").json()
    assert read["text"][quote["start"] : quote["end"]] == quote["quote"]
    assert second["conversation"] == first["conversation"]
    assert [turn.text for turn in pages.engine.questions[1].history][:1] == ["leave?"]
    assert foreign.status_code == 404
    assert len(pages.engine.questions) == 2


def test_a_program_can_bring_its_own_history(pages: Pages) -> None:
    body = {
        "question": "and parking?",
        "history": [{"role": "user", "content": "leave?"}, {"role": "assistant", "content": "30"}],
        "language": "German",
    }

    post(pages, key_of(pages), "/api/v1/ask", body)

    (asked,) = pages.engine.questions
    assert [(turn.role, turn.text) for turn in asked.history] == [
        *(("user", "leave?"), ("assistant", "30"))
    ]
    assert asked.language == "German"


@pytest.mark.parametrize("by_header", [True, False])
def test_an_answer_streams_as_events(pages: Pages, by_header: bool) -> None:
    headers = {"Accept": "text/event-stream"} if by_header else {}
    body = {"question": "leave and parking?"} | ({} if by_header else {"stream": True})

    reply = call(pages, key_of(pages), "POST", "/api/v1/ask", body, **headers)

    events = [one.splitlines() for one in reply.text.strip().split("\n\n")]
    told = [(name[7:], json.loads(data[6:])) for name, data in events]
    assert reply.headers["content-type"].startswith("text/event-stream")
    assert [name for name, _ in told] == ["step", "step", "text", "text", "answer"]
    texts = [one["text"] for name, one in told if name == "text"]
    assert "".join(texts) == told[-1][1]["answer"]
    schema_of("/api/v1/ask", "POST").validate(told[-1][1])


def test_a_stream_that_fails_ends_with_an_error_without_details(pages: Pages) -> None:
    body = {"question": "crash", "stream": True}

    reply = call(pages, key_of(pages), "POST", "/api/v1/ask", body)

    assert "event: error" in reply.text
    assert "secret words" not in reply.text


@pytest.mark.parametrize(
    ("path", "body", "status", "param"),
    [
        ("/api/v1/ask", {}, 422, "question"),
        ("/api/v1/ask", {"question": ""}, 422, "question"),
        ("/api/v1/ask", {"question": " \u200b"}, 422, "question"),
        ("/api/v1/ask", {"question": "x" * 5000}, 422, "question"),
        ("/api/v1/ask", {"question": "leave", "audience": ["board"]}, 422, "audience"),
        ("/api/v1/ask", {"question": "leave", "language": "<b>"}, 422, "language"),
        ("/api/v1/ask", {"question": "x", "history": [{"role": "system", "content": ""}]}, 422, ""),
        ("/api/v1/ask", [], 422, None),
        ("/api/v1/search", {"query": "leave", "k": 101}, 422, "k"),
        ("/api/v1/search", {"query": "x" * 5000}, 422, "query"),
        ("/api/v1/feedback", {"id": "nothing", "rating": "up"}, 404, "id"),
        ("/api/v1/feedback", {"id": "nothing", "rating": "sideways"}, 422, "rating"),
        ("/v1/chat/completions", {"messages": []}, 422, "messages"),
        (
            "/v1/chat/completions",
            {"messages": [{"role": "system", "content": "x"}]},
            400,
            "messages",
        ),
        ("/v1/chat/completions", {"model": "gpt", **BODIES["/v1/chat/completions"]}, 404, "model"),
        ("/v1/chat/completions", {"n": 2, **BODIES["/v1/chat/completions"]}, 422, "n"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(
    pages: Pages, path: str, body: Any, status: int, param: str | None
) -> None:
    reply = call(pages, key_of(pages), "POST", path, body)

    error = reply.json()["error"]
    assert reply.status_code == status
    assert param == "" or error["param"] == param
    assert error["message"]
    assert pages.engine.questions == []
    schema_of(path, "POST", error=True).validate(reply.json())


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "limit=1001", "limit=²"])
def test_a_wrong_limit_is_refused(pages: Pages, query: str) -> None:
    reply = call(pages, key_of(pages), "GET", f"/api/v1/documents?{query}")

    assert (reply.status_code, reply.json()["error"]["param"]) == (422, "limit")


def test_documents_are_listed_page_by_page(pages: Pages) -> None:
    key = key_of(pages, audience=None)
    found: list[str] = []
    after = ""
    while True:
        page = call(pages, key, "GET", f"/api/v1/documents?limit=2&after={after}").json()
        found += [one["document"] for one in page["documents"]]
        if page["next"] is None:
            break
        after = page["next"]

    assert found == sorted(DOCUMENTS)


def test_feedback_is_for_the_answers_of_the_key(pages: Pages) -> None:
    key, other = key_of(pages), key_of(pages)
    id_ = post(pages, key, "/api/v1/ask", {"question": "leave?"})["id"]
    body = {"id": id_, "rating": "down", "reason": "wrong", "comment": "It is forty."}

    foreign = call(pages, other, "POST", "/api/v1/feedback", body)
    post(pages, key, "/api/v1/feedback", body)

    (kept,) = pages.site.answers.feedback()
    assert foreign.status_code == 404
    assert (kept["rating"], kept["reason"], kept["comment"]) == ("down", "wrong", "It is forty.")


def test_answers_of_a_key_are_on_no_page(pages: Pages) -> None:
    id_ = post(pages, key_of(pages), "/api/v1/ask", {"question": "leave?"})["id"]

    async def main() -> int:
        return (await pages.sign_in("ann").get(f"/answers/{id_}")).status_code

    assert asyncio.run(main()) == 404


def test_builds_and_status_follow_the_index(
    pages: Pages, folder: Path, embedder: HashEmbedder
) -> None:
    key = key_of(pages)
    before = call(pages, key, "GET", "/api/v1/status").json()

    web.build(folder, embedder, DOCUMENTS | {"new.md": "# New\n\nWords.\n"})
    after = call(pages, key, "GET", "/api/v1/status").json()
    builds = call(pages, key, "GET", "/api/v1/builds").json()["generations"]

    assert (before["documents"], after["documents"]) == (3, 4)
    assert [(one["generation"], one["live"]) for one in builds] == [
        *((before["generation"], False), (after["generation"], True))
    ]


def test_a_key_asks_only_so_often(pages: Pages) -> None:
    object.__setattr__(pages.site.asks, "_most", 1.0)
    key = key_of(pages)

    replies = [call(pages, key, "POST", "/api/v1/ask", {"question": "leave"}) for _ in range(2)]

    assert [one.status_code for one in replies] == [200, 429]
    assert int(replies[1].headers["retry-after"]) >= 1


def test_calls_may_be_larger_than_forms_and_not_without_end(pages: Pages) -> None:
    key = key_of(pages)
    turns = [{"role": "user", "content": "x" * 3000}, {"role": "assistant", "content": "y"}] * 12
    body = {"messages": [*turns, {"role": "user", "content": "leave?"}]}

    allowed = call(pages, key, "POST", "/v1/chat/completions", body)
    body["messages"][0]["content"] = "x" * MAX_CALL_BYTES
    refused = call(pages, key, "POST", "/v1/chat/completions", body)

    assert (allowed.status_code, refused.status_code) == (200, 413)
    assert len(pages.engine.questions[0].history) == 12


def test_unknown_addresses_of_the_api_are_errors_in_json(pages: Pages) -> None:
    for path in ("/api/v2/ask", "/api/v1/nothing", "/v1/embeddings"):
        reply = call(pages, key_of(pages), "GET", path)

        assert reply.status_code == 404
        assert reply.json()["error"]["code"] == "no_endpoint"


def client_of(pages: Pages, entrance: str) -> "openai.AsyncOpenAI":
    home = entrance.partition("/enter")[0]
    return openai.AsyncOpenAI(base_url=f"{home}/v1", api_key=key_of(pages), max_retries=0)


def test_the_official_client_of_openai_works_unchanged(pages: Pages) -> None:
    async def main() -> dict[str, Any]:
        async with served(pages.site) as entrance, client_of(pages, entrance) as client:
            models = await client.models.list()
            done = await client.chat.completions.create(
                model=models.data[0].id,
                temperature=0,
                messages=[
                    {"role": "system", "content": "Say everything in capitals."},
                    {"role": "user", "content": "leave?"},
                ],
            )
            said = done.choices[0].message.content or ""
            stream = await client.chat.completions.create(
                model="footnote",
                stream=True,
                stream_options={"include_usage": True},
                messages=[
                    {"role": "user", "content": "leave?"},
                    {"role": "assistant", "content": said},
                    {"role": "user", "content": [{"type": "text", "text": "and parking?"}]},
                ],
            )
            chunks = [one async for one in stream]
            with pytest.raises(openai.NotFoundError, match="does not exist"):
                await client.chat.completions.create(
                    model="gpt", messages=[{"role": "user", "content": "leave?"}]
                )
            wrong = client.with_options(api_key="fn_x_y")
            with pytest.raises(openai.AuthenticationError, match="footnote keys add"):
                await wrong.models.list()
            failing = [{"role": "user", "content": "crash"}]
            with pytest.raises(openai.InternalServerError):
                await client.chat.completions.create(model="footnote", messages=failing)  # type: ignore[arg-type]  # a plain list
            return {"done": done, "said": said, "chunks": chunks}

    seen = asyncio.run(main())

    done, chunks = seen["done"], seen["chunks"]
    assert seen["said"] == (
        "Every employee has *thirty days* of leave [1].\n\nSources:\n"
        "[1] Leave: “Every employee has thirty days of leave.”"
    )
    assert done.choices[0].finish_reason == "stop"
    assert done.model_extra["citations"][0]["document"] == "leave.md"
    assert done.model_extra["footnote"]["status"] == "answered"
    text = "".join(one.choices[0].delta.content or "" for one in chunks if one.choices)
    assert text == (
        "Parking costs three euros a day [1]. \n\nSources:\n"
        "[1] parking: “Parking costs three euros a day.”"
    )
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [one.choices[0].finish_reason for one in chunks if one.choices][-1] == "stop"
    assert chunks[-2].model_extra["citations"][0]["document"] == "parking.txt"
    assert chunks[-1].usage.total_tokens == 0
    history = pages.engine.questions[1].history
    assert [turn.text for turn in history] == [
        *("leave?", "Every employee has *thirty days* of leave [1].")
    ]


def test_a_refusal_is_said_in_the_words_of_the_bot(pages: Pages) -> None:
    body = {"messages": [{"role": "user", "content": "who employs bicycles"}]}

    done = post(pages, key_of(pages), "/v1/chat/completions", body)
    streamed = call(
        pages, key_of(pages), "POST", "/v1/chat/completions", {**body, "stream": True}
    ).text

    assert done["choices"][0]["message"]["content"] == "I found no passage that answers this."
    assert done["citations"] == []
    assert done["footnote"]["status"] == "not_found"
    assert "I found no passage that answers this." in streamed
    assert streamed.endswith("data: [DONE]\n\n")
