"""The pages for operators: generations, their differences, roll back, problems, doctor."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from footnote_qa.bot.web.viewers import Role
from footnote_qa.index.storage import IndexDirectory
from tests.fakes import web
from tests.fakes.embedder import HashEmbedder
from tests.fakes.web import DOCUMENTS, Pages

OPERATOR = frozenset({Role.READER, Role.OPERATOR})
NEWER = {
    "leave.md": "# Leave\n\nForty days.\n",
    "parking.txt": DOCUMENTS["parking.txt"],
    "new.md": "# New\n\nWords.\n",
    "broken.pdf": "this is no PDF",
}


def run(work: Any) -> Any:
    async def main() -> Any:
        return await work

    return asyncio.run(main())


@pytest.fixture
def newer(pages: Pages, folder: Path, embedder: HashEmbedder) -> Pages:
    web.build(folder, embedder, NEWER)
    return pages


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("GET", "/operators"), ("GET", "/operators/doctor"), ("POST", "/operators/rollback")),
        ("GET", "/operators/generations/gen-000001"),
    ],
)
def test_the_pages_are_for_operators_alone(newer: Pages, method: str, path: str) -> None:
    owner = newer.sign_in(roles=frozenset({Role.READER, Role.OWNER}))

    fields = {"generation": "gen-000001"}
    reply = run(owner.get(path) if method == "GET" else owner.post(path, fields))

    assert reply.status_code == 404
    assert newer.index.generation.manifest.generation == "gen-000002"
    assert "/operators" not in run(owner.get("/")).text


def test_generations_problems_and_spending_are_on_one_page(newer: Pages) -> None:
    html = run(newer.sign_in(roles=OPERATOR).get("/operators")).text

    assert html.index("gen-000002") < html.index("gen-000001")
    assert html.count('<span class="badge">In use</span>') == 1
    assert "broken.pdf" in html
    assert "Spent today, all: $0.0100 of $5.00" in html


def test_a_generation_shows_its_gate_and_what_going_back_would_change(newer: Pages) -> None:
    operator = newer.sign_in(roles=OPERATOR)

    older = run(operator.get("/operators/generations/gen-000001")).text
    live = run(operator.get("/operators/generations/gen-000002")).text

    assert "These documents come back: 1" in older
    assert "<li>secret.md</li>" in older
    assert "These are different: 1" in older
    assert "<li>leave.md</li>" in older
    assert "These are no longer there: 1" in older
    assert "<li>new.md</li>" in older
    assert "parking.txt" not in older
    assert "Use gen-000001" in older
    assert "Use gen-000002" not in live
    assert "documents</strong>" in live  # a check of the gate


def test_going_back_puts_the_older_generation_into_use_without_a_restart(newer: Pages) -> None:
    operator = newer.sign_in(roles=OPERATOR)
    before = run(operator.get("/documents")).text

    reply = run(operator.post("/operators/rollback", {"generation": "gen-000001"}))

    assert reply.headers["location"] == "/operators"
    assert "New" in before
    assert "New" not in run(operator.get("/documents")).text
    assert newer.index.generation.manifest.generation == "gen-000001"


def test_a_damaged_generation_is_not_put_into_use(newer: Pages) -> None:
    root = newer.index.generation.folder.parent
    (root / "gen-000001" / "passages.sqlite").write_bytes(b"damaged")
    operator = newer.sign_in(roles=OPERATOR)

    reply = run(operator.post("/operators/rollback", {"generation": "gen-000001"}))
    shown = run(operator.get("/operators/generations/gen-000001"))

    assert reply.status_code == 409
    assert "is damaged" in reply.text
    assert IndexDirectory(root).current() == "gen-000002"
    assert shown.status_code == 200


@pytest.mark.parametrize("name", ["gen-000009", "", "../../etc", "CURRENT", "gen-000001/../x"])
def test_no_other_folder_is_put_into_use(newer: Pages, name: str) -> None:
    operator = newer.sign_in(roles=OPERATOR)

    assert run(operator.post("/operators/rollback", {"generation": name})).status_code == 404
    assert run(operator.get(f"/operators/generations/{name}")).status_code == 404


def test_the_setup_is_checked_on_demand(pages: Pages) -> None:
    operator = pages.sign_in(roles=OPERATOR)

    whole = run(operator.get("/operators/doctor")).text
    part = run(operator.get("/operators/doctor", **{"X-Partial": "1"})).text

    assert "every checksum is right" in whole
    assert "every checksum is right" in part
    assert "<html" not in part
