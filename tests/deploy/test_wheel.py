"""The wheel installs one package, describes itself, and leaves other packages alone."""

import email
import json
import re
import tarfile
import zipfile
from email.message import Message
from pathlib import Path

import pytest

import footnote_qa
from tests.fakes.distribution import Environment, build, run, wheel_of

pytestmark = pytest.mark.slow

OTHER = {
    "eval/__init__.py": "SAYS = 'the other eval'\n",
    "index/__init__.py": "SAYS = 'the other index'\n",
}
_SAY = "import eval, index; print(eval.SAYS, '+', index.SAYS)"
_PLACES = """
import json, footnote_qa, footnote_qa.eval, footnote_qa.index, footnote_qa.bot, footnote_qa.prompts
parts = (footnote_qa, footnote_qa.eval, footnote_qa.index, footnote_qa.bot, footnote_qa.prompts)
print(json.dumps([part.__file__ for part in parts]))
"""


@pytest.fixture(scope="module")
def about(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (path,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return email.message_from_bytes(archive.read(path))


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return Environment(tmp_path / "environment")


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_wheel_made_from_the_sdist_has_the_same_contents(
    project: Path, wheel: Path, tmp_path: Path
) -> None:
    with tarfile.open(build(project, "sdist")) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()

    again = build(unpacked, "wheel")

    assert again.name == wheel.name
    first, second = contents(wheel), contents(again)
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


def test_the_wheel_has_every_file_of_the_packages(wheel: Path, project: Path) -> None:
    kinds = {".py", ".md", ".json", ".onnx", ".toml", ".html", ".j2", ".js"}
    wanted = {
        f"footnote_qa/{path.relative_to(project)}"
        for folder in ("bot", "index", "eval", "prompts")
        for path in (project / folder).rglob("*")
        if path.suffix in kinds
    }

    assert wanted - contents(wheel).keys() == set()
    assert "footnote_qa/py.typed" in contents(wheel)
    (entries,) = [
        text for name, text in contents(wheel).items() if name.endswith("entry_points.txt")
    ]
    assert b"[pytest11]\nfootnote_qa.pytest_plugin = footnote_qa.pytest_plugin" in entries


def test_it_installs_one_package_that_works_beside_another_eval_and_index(
    wheel: Path, environment: Environment, tmp_path: Path
) -> None:
    environment.install(wheel)
    alone = environment.names()
    environment.install(wheel_of(tmp_path, "other", OTHER))

    said = run(str(environment.python), "-c", _SAY, cwd=tmp_path)
    places = json.loads(run(str(environment.python), "-c", _PLACES, cwd=tmp_path))

    version = footnote_qa.__version__
    assert alone == {"footnote_qa", f"footnote_qa-{version}.dist-info"}
    assert said.strip() == "the other eval + the other index"
    ours = environment.packages / "footnote_qa"
    assert [Path(place).is_relative_to(ours) for place in places] == [True] * 5
    for command in (
        [environment.folder / "bin" / "footnote"],
        [environment.python, "-m", "footnote_qa"],
    ):
        printed = run(*map(str, command), "--version", cwd=tmp_path)
        assert printed == f"footnote {version}\n"


def test_neither_removes_files_of_the_other(
    wheel: Path, environment: Environment, tmp_path: Path
) -> None:
    environment.install(wheel_of(tmp_path, "other", OTHER))
    environment.install(wheel)

    environment.uninstall("footnote-qa")
    said = run(str(environment.python), "-c", _SAY, cwd=tmp_path)

    assert said.strip() == "the other eval + the other index"
    assert environment.names() == {"eval", "index", "other-1.dist-info"}


def test_its_licence_covers_the_code_and_the_weights(about: Message, wheel: Path) -> None:
    files = about.get_all("License-File")
    texts = {name: text.decode() for name, text in contents(wheel).items() if "/licenses/" in name}

    assert about["License-Expression"] == "Apache-2.0 AND CC-BY-SA-4.0"
    assert files == ["LICENSE", "LICENSES/CC-BY-SA-4.0.txt", "NOTICE"]
    (notice,) = (text for name, text in texts.items() if name.endswith("NOTICE"))
    weights = [name for name in contents(wheel) if name.endswith((".onnx", "tokenizer.json"))]
    assert [name for name in weights if name not in notice] == []
    assert any("Attribution-ShareAlike 4.0 International" in text for text in texts.values())
    assert any("Apache License" in text for text in texts.values())


def test_its_description_has_no_link_that_an_index_cannot_follow(about: Message) -> None:
    text = str(about.get_payload())

    links = re.findall(r"\]\(([^)]*)\)|(?:src|href)=\"([^\"]*)\"", text)
    assert [one for pair in links for one in pair if one and not one.startswith("https://")] == []
    assert "pip install footnote-qa" in text
    assert about["Description-Content-Type"] == "text/markdown"


def test_it_says_who_made_it_and_for_which_pythons(about: Message) -> None:
    assert about["Name"] == "footnote-qa"
    assert about["Version"] == footnote_qa.__version__
    assert about["Author"] == "The Footnote authors"
    assert about["Requires-Python"] == "<3.14,>=3.11"
    assert "Typing :: Typed" in about.get_all("Classifier", [])
    assert about["Keywords"]
