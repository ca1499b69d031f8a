"""The command `footnote serve` as a process."""

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.fakes import fork_server, web
from tests.fakes.embedder import HashEmbedder
from tests.fakes.fork_server import Forked


def served(folder: Path, *arguments: str) -> tuple[Forked, str]:
    """Start the command; return it and the address that it printed."""
    process = fork_server.start(
        *("--data-dir", str(folder), "serve", "--port", "0", *arguments),
        cwd=folder,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.fullmatch(
        r"Open (http://127\.0\.0\.1:\d+/enter\?token=[\w-]{43}) in a browser on this machine\. "
        r"Stop with Ctrl-C\.\n",
        line,
    )
    assert found, line
    return process, found[1]


def test_the_printed_address_opens_the_pages_and_a_question_is_answered(
    embedder: HashEmbedder, tmp_path: Path
) -> None:
    web.build(tmp_path, embedder, web.DOCUMENTS)
    process, address = served(tmp_path)
    home = address.partition("/enter")[0]

    with process, httpx.Client(timeout=120) as browser:
        entered = browser.get(address)
        page = browser.get(f"{home}/").text
        csrf = re.search(r'name="csrf" value="([^"]+)"', page)
        assert csrf is not None
        form = {"question": "What does parking cost?", "csrf": csrf[1]}
        answer = browser.post(f"{home}/ask", data=form, follow_redirects=True)
        process.send_signal(signal.SIGINT)

    assert entered.status_code == 200
    assert answer.status_code == 200
    assert "three euros a day" in answer.text
    assert process.returncode == 0
    assert (tmp_path / "state.sqlite").exists()


def test_without_an_index_the_pages_are_served_and_say_so(tmp_path: Path) -> None:
    process, address = served(tmp_path)

    with process, httpx.Client(timeout=60) as browser:
        browser.get(address)
        reply = browser.get(address.partition("enter")[0])
        process.send_signal(signal.SIGTERM)

    assert reply.status_code == 503
    assert "There is no index yet" in reply.text
    assert process.returncode == 0


def test_a_port_in_use_is_wrong_usage(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = fork_server.run(
            "--data-dir", str(tmp_path), "serve", "--port", str(port), cwd=tmp_path
        )

    assert done.returncode == 2
    assert f"port {port} is in use: choose another with --port" in done.stderr
    assert done.stdout == ""


@pytest.mark.slow
@pytest.mark.parametrize("missing", ["starlette", "uvicorn"])
def test_missing_packages_are_named_by_their_extra(missing: str, tmp_path: Path) -> None:
    code = (
        f"import sys; sys.modules[{missing!r}] = None; sys.argv = ['footnote', 'serve'];"
        " from footnote_qa.bot.cli import main; main()"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    assert 'pip install "footnote-qa[web]"' in done.stderr
