"""Documents that the question, or the best passages, name by their titles."""

from pathlib import Path

from footnote_qa.index.building.build import Builder
from footnote_qa.index.search.hybrid import LiveIndex
from footnote_qa.index.sources import SourceSpec
from tests.fakes.building import found, make_builder, specs
from tests.fakes.embedder import HashEmbedder

QUESTION = "Where was the director of the film about the flooded lighthouse born?"
FILM = "# Long Night\n\nThe director of the film about the flooded lighthouse is Mara Lindqvist.\n"
UNNAMED = FILM.replace("Mara Lindqvist", "Nobody Known")
DIRECTOR = "# Mara Lindqvist\n\nShe was born in Uppsala and raised by an aunt.\n"
RIVALS = {
    f"rival-{number}.md": f"# Reel {number}\n\nA man was born far from here in May.\n"
    for number in range(3)
}
OTHERS = RIVALS | {
    f"other-{number}.md": f"# Picture {number}\n\nA boat and a bridge in town {number}.\n"
    for number in range(30)
}
DOCUMENTS = {"film.md": FILM, "director.md": DIRECTOR, **OTHERS}


def write(folder: Path, texts: dict[str, str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text)
    return folder


def names_found(root: Path, question: str = QUESTION, k: int = 60) -> list[str]:
    return [document for document, _, _ in found(root, question, k)]


def test_what_the_best_passage_names_is_raised(tmp_path: Path, embedder: HashEmbedder) -> None:
    orders, scores = {}, {}
    for name, film in (("named", FILM), ("not named", UNNAMED)):
        docs = write(tmp_path / name / "docs", DOCUMENTS | {"film.md": film})
        make_builder(tmp_path / name, embedder).build(specs(docs))
        rows = found(tmp_path / name / "index", QUESTION, 60)
        orders[name] = [document for document, _, _ in rows]
        scores[name] = {document: score for document, _, score in rows}

    assert orders["named"][0] == orders["not named"][0] == "film.md"
    assert orders["named"][1] == "director.md"
    assert scores["named"]["director.md"] > scores["not named"]["director.md"]


def test_what_the_question_names_is_raised(tmp_path: Path, builder: Builder) -> None:
    costs = OTHERS | {
        f"{number}.md": "# Costs\n\nBefore any uppsala rule, a night was paid in euros.\n"
        for number in range(3)
    }
    rule = {"rule.md": "# Uppsala Rule\n\nHand in the receipt within a month.\n"}
    builder.build(specs(write(tmp_path / "named", costs | rule)))

    named = names_found(tmp_path / "index", "How many euros does the Uppsala Rule allow a night?")
    said = names_found(tmp_path / "index", "How many euros does the uppsala rule allow a night?")

    assert named[0] == "rule.md"
    assert named.index("rule.md") < said.index("rule.md")


def test_raised_or_not_a_fused_score_lies_between_0_and_1_and_falls(
    tmp_path: Path, builder: Builder
) -> None:
    builder.build(specs(write(tmp_path / "named", DOCUMENTS)))

    fused = [score for _, _, score in found(tmp_path / "index", QUESTION)]

    assert fused == sorted(fused, reverse=True)
    assert all(0 <= score <= 1 for score in fused)


def order_for(folder: Path, film: str, groups: set[str], embedder: HashEmbedder) -> list[str]:
    """Rank for *groups*: the film is for the board, its director for staff, the rest for all."""
    texts = {"a": OTHERS, "board": {"film.md": film}, "staff": {"director.md": DIRECTOR}}
    sources = [
        SourceSpec(
            path=str(write(folder / name, documents)),
            name=name,
            audience=() if name == "a" else (name,),
        )
        for name, documents in texts.items()
    ]
    make_builder(folder, embedder).build(sources)
    result = LiveIndex(folder / "index").search(QUESTION, k=60, audience=frozenset(groups))
    return [passage.chunk.document for passage in result.passages]


def test_a_passage_never_raises_what_the_asker_may_not_see(
    tmp_path: Path, embedder: HashEmbedder
) -> None:
    order = order_for(tmp_path, FILM, {"board"}, embedder)

    assert order[0] == "board/film.md"
    assert "staff/director.md" not in order


def test_a_passage_that_the_asker_may_not_see_raises_nothing(
    tmp_path: Path, embedder: HashEmbedder
) -> None:
    hidden = order_for(tmp_path / "named", FILM, {"staff"}, embedder)
    nothing = order_for(tmp_path / "unnamed", UNNAMED, {"staff"}, embedder)

    assert "board/film.md" not in hidden
    assert hidden == nothing


def test_built_in_steps_ranks_as_built_in_one_step(
    tmp_path: Path, builder: Builder, embedder: HashEmbedder
) -> None:
    docs = write(tmp_path / "named", OTHERS | {"director.md": DIRECTOR})
    builder.build(specs(docs))
    write(docs, {"film.md": FILM})
    builder.build(specs(docs))
    at_once = make_builder(tmp_path / "again", embedder)
    at_once.build(specs(docs))

    in_steps = found(tmp_path / "index", QUESTION)

    assert in_steps == found(tmp_path / "again" / "index", QUESTION)
