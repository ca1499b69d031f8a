"""The image of the bot: built from a folder of wheels, and started, as a registry's would be."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from examples.demo import QUESTIONS
from tests.fakes import fork_server
from tests.fakes.slack_display import show
from tests.fakes.slack_process import eventually, free_address, get
from tests.fakes.slack_workspace import APP_TOKEN, BOT_TOKEN, CHANNEL, SlackWorkspace

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
BASE = "localhost/footnote-base"
IMAGE = f"localhost/footnote-tested:{os.getpid()}"
MOST_MB = 1000  # 70 of them are the embedding model, so that the image can build too
USER = 10001


def buildah(*arguments: str, check: bool = True) -> str:
    done = subprocess.run(
        ["buildah", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if check:
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout.strip()


@dataclass(frozen=True)
class Container:
    """One that was made from the image, and the folder where its files can be seen."""

    name: str
    files: Path

    def command(self, *words: str, options: tuple[str, ...] = ()) -> list[str]:
        return ["buildah", "run", "--isolation", "chroot", *options, self.name, "--", *words]

    def run(self, *words: str, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*words, options=options),
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory, *, campaign: bool) -> Path:
    """A folder with what the image installs, as a place without a package index has it."""
    if not campaign:
        pytest.skip("builds an image for minutes: `make test-faults` runs it")
    folder = tmp_path_factory.mktemp("wheels")
    script = [sys.executable, str(ROOT / "deploy" / "requirements.py"), "serve"]
    pins = subprocess.run(script, capture_output=True, text=True, check=True).stdout
    (folder / "serve.txt").write_text(pins, encoding="utf-8")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir"]
    done = subprocess.run(
        [*command, str(folder), "--requirement", str(folder / "serve.txt")],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"needs a package index: {done.stderr.strip().splitlines()[-1]}")
    return folder


@pytest.fixture(scope="module")
def container(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    settings = tmp_path_factory.mktemp("pip") / "pip.conf"
    settings.write_text("[global]\nno-index = true\nfind-links = /wheelhouse\n", encoding="utf-8")
    built = [
        *("build", "--isolation", "chroot", "--pull-never", "--format", "docker"),
        *("--file", "deploy/Containerfile", "--target", "serve", "--tag", IMAGE),
        *("--build-arg", f"BASE={BASE}", "--secret", f"id=pip,src={settings}"),
        *("--volume", f"{wheels}:/wheelhouse:ro", "."),
    ]
    buildah(*built)
    name = buildah("from", "--pull-never", IMAGE)
    yield Container(name, Path(buildah("mount", name)))
    buildah("rm", name)
    buildah("rmi", "--force", IMAGE)


@pytest.fixture(scope="module", autouse=True)
def _can_build() -> None:
    if shutil.which("buildah") is None or os.getuid() != 0:
        pytest.skip("needs buildah, and root")
    if not buildah("images", "--quiet", BASE, check=False):
        pytest.skip(f"needs the image {BASE}: deploy/base-image makes it")


@pytest.fixture(scope="module")
def data(indexed_examples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with an index, that belongs to the user of the image."""
    folder = tmp_path_factory.mktemp("data") / "data"
    shutil.copytree(indexed_examples, folder, symlinks=False)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, USER, USER)
    return folder


def config() -> dict[str, Any]:
    inspected: dict[str, Any] = json.loads(buildah("inspect", "--type", "image", IMAGE))
    found: dict[str, Any] = inspected["Docker"]["config"]
    return found


@pytest.mark.usefixtures("container")
def test_the_image_says_how_it_is_run() -> None:
    found = config()

    assert found["User"] == f"{USER}:{USER}"
    assert found["Entrypoint"] == ["footnote"]
    assert found["Cmd"][:2] == ["slack", "run"]
    assert "8080/tcp" in found["ExposedPorts"]
    assert "/healthz" in " ".join(found["Healthcheck"]["Test"])


def test_the_image_is_small_and_has_neither_torch_nor_pip_nor_our_secrets(
    container: Container,
) -> None:
    (packages,) = container.files.glob("opt/footnote/lib/python3*/site-packages")
    size = subprocess.run(
        ["du", "-s", "--block-size=1M", str(container.files)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert int(size.stdout.split()[0]) < MOST_MB
    names = {path.name for path in packages.iterdir()}
    assert {"footnote_qa", "slack_bolt", "onnxruntime"} <= names
    assert names & {"torch", "transformers", "sentence_transformers", "scipy", "pip"} == set()
    assert not list((container.files / "etc").glob("pip.conf"))
    assert not any((container.files / name).exists() for name in ("source", "wheels", "tools"))


def test_its_user_can_write_to_the_data_and_temporary_folders_alone(container: Container) -> None:
    """So a read-only root file system takes nothing from it."""
    found = container.run(
        "find", "/", "-xdev", "-writable", "(", "-type", "d", "-o", "-type", "f", ")"
    )

    tops = {line.split("/")[1] for line in found.stdout.split() if not line.startswith("/var/tmp")}  # noqa: S108 a path inside of it
    assert tops <= {"data", "tmp", "run"}
    assert "data" in tops


@pytest.fixture(scope="module")
def expected(indexed_examples: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The answer of this environment, which the image's must equal."""
    folder = tmp_path_factory.mktemp("asked")
    asked = ("--data-dir", str(indexed_examples), "ask", QUESTIONS[0], "--json")
    answer: dict[str, Any] = json.loads(fork_server.run(*asked, cwd=folder).stdout)
    assert answer["status"] == "answered"
    return answer


def test_it_answers_from_an_index(
    container: Container, data: Path, expected: dict[str, Any]
) -> None:
    done = container.run("footnote", "ask", QUESTIONS[0], "--json", options=volume(data))

    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert {name: answer[name] for name in ("status", "text")} == {
        name: expected[name] for name in ("status", "text")
    }
    assert [one["quote"] for one in answer["citations"]] == [
        one["quote"] for one in expected["citations"]
    ]


def test_it_builds_an_index_too(container: Container) -> None:
    done = container.run(
        "sh",
        "-c",
        "echo Parking costs three euros. > /tmp/a.txt; footnote "
        "--data-dir /tmp/data index build /tmp/a.txt --quiet && footnote --data-dir /tmp/data ask "
        "'What does parking cost?'",
    )

    assert done.returncode == 0, done.stderr
    assert "three euros" in done.stdout


def volume(data: Path) -> tuple[str, ...]:
    return ("--volume", f"{data}:/data")


def test_it_serves_slack_is_healthy_and_ends_in_good_order(
    container: Container,
    data: Path,
    expected: dict[str, Any],
    slack: SlackWorkspace,
    tmp_path: Path,
) -> None:
    address = free_address()
    tokens = {"SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_APP_TOKEN": APP_TOKEN}
    named = {**tokens, "SLACK_API_URL": slack.api_url}
    options = [part for name, value in named.items() for part in ("--env", f"{name}={value}")]
    words = ("footnote", "slack", "run", "--health", address, "--log-format", "json")

    with started(container.command(*words, options=(*volume(data), *options)), tmp_path) as bot:
        slack.wait_until_connected()
        slack.mention(QUESTIONS[0])
        slack.wait_for(lambda: slack.answers(CHANNEL), "the answer")
        check = [word.replace("127.0.0.1:8080", address) for word in health_check()]
        healthy = beside(*check)
        ready, (_, metrics) = get(address, "readyz"), get(address, "metrics")
        os.kill(footnote_below(bot.pid), signal.SIGTERM)
        status = bot.wait(60)

    (message,) = slack.answers(CHANNEL)
    begin = re.findall(r"\w+", expected["text"])[:6]
    assert " ".join(begin) in " ".join(re.findall(r"\w+", show(message).text))
    assert healthy.returncode == 0, healthy.stderr
    assert ready == (200, "ok\n")
    assert re.search(r"^footnote_index_age_seconds [\d.e+]+$", metrics, re.MULTILINE)
    assert status == 0


def beside(*words: str) -> subprocess.CompletedProcess[str]:
    """Run a command in another container of the image: buildah runs one at a time in each."""
    other = Container(buildah("from", "--pull-never", IMAGE), Path())
    try:
        return other.run(*words)
    finally:
        buildah("rm", other.name)


def health_check() -> list[str]:
    kind, *words = (str(word) for word in config()["Healthcheck"]["Test"])
    assert kind == "CMD"
    return words


@contextmanager
def started(command: list[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stderr=log) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                os.kill(footnote_below(process.pid), signal.SIGKILL)


def footnote_below(top: int) -> int:
    """Return the process of Footnote among those that buildah started."""
    found: list[int] = []

    def look() -> bool:
        ahead = [top]
        while ahead:
            parent = ahead.pop()
            # A thread of buildah may have started it, and each knows only its own children
            tasks = Path(f"/proc/{parent}/task").glob("*/children")
            children = [pid for task in tasks for pid in task.read_text().split()]
            words = Path(f"/proc/{parent}/cmdline").read_bytes().split(b"\0")
            if words[0].endswith(b"python3") or words[0].endswith(b"python"):
                found.append(parent)
            ahead += map(int, children)
        return bool(found)

    eventually(look, "Footnote runs")
    return found[0]
