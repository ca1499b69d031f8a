from pathlib import Path

from footnote_qa.bot.built_on import ASIDE, read, set_aside, written


def answer(folder: Path, name: str, *sources: tuple[str, str | None]) -> Path:
    path = folder / name
    path.write_text(f"---\naudience: [hr]\n{written(sources)}\n---\n\n# Why?\n\nBecause.\n")
    return path


def test_an_answer_knows_what_it_was_built_on(tmp_path: Path) -> None:
    path = answer(tmp_path, "a.md", ('HR/"Leave": all.html', "https://w.test/1"), ("b.md", None))

    assert read(path) == [('HR/"Leave": all.html', "https://w.test/1"), ("b.md", "")]


def test_an_answer_on_a_document_that_is_gone_is_set_aside(tmp_path: Path) -> None:
    gone = answer(tmp_path, "gone.md", ("a.html", "https://w.test/1"), ("b.html", None))
    kept = answer(tmp_path, "kept.md", ("a.html", "https://w.test/1"))
    moved = answer(tmp_path, "moved.md", ("old.html", "https://w.test/2"))
    plain = tmp_path / "plain.md"
    plain.write_text('# Why?\n\nbuilt_on: [["x", ""]]\n')
    present = [("a.html", "https://w.test/1"), ("new.html", "https://w.test/2")]

    places = set_aside(tmp_path, present)

    assert places == [tmp_path / ASIDE / "gone.md"]
    assert not gone.exists()
    assert kept.exists()
    assert moved.exists()  # known by its address
    assert plain.exists()


def test_a_front_matter_that_is_broken_moves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("---\nbuilt_on: [[broken\n---\n\nText.\n")

    assert set_aside(tmp_path, []) == []
