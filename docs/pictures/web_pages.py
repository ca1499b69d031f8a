"""Make the pictures of docs/web.md from real answers: `python docs/pictures/web_pages.py [DATA]`.

DATA is a data folder with an index of the handbook, by default that of `make demo`. It needs
chromium.
"""

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from shots import program  # beside this file, wherever it is run

from footnote_qa.bot import composition
from footnote_qa.bot.settings import load
from footnote_qa.bot.state import AnswerRepository, Received, open_state
from footnote_qa.bot.types import Status
from footnote_qa.bot.web import Backend, Opened, Operations, served, site_of
from tests.fakes.asked_questions import TOPICS
from tests.fakes.slack_browser import Tab, browser
from tests.fakes.web import an_answer

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WIDE, NARROW = (1440, 900), (390, 844)
FIELD = "document.querySelector('[data-ask] textarea')"
QUESTION = "How do I go back to an earlier index?"
DAY_S = 86_400
COLOURS = 192


def seed(answers: AnswerRepository) -> None:
    """Store a log of questions, with many that were not answered."""
    rng = np.random.default_rng(3)
    now = datetime.now(UTC).timestamp()
    asked = [
        (str(rng.choice(words)), Status.NOT_FOUND)
        for n, words in enumerate(TOPICS.values())
        for _ in range(34 // (n + 1) + 2)
    ]
    asked += [("How do I build the index?", Status.ANSWERED)] * 420
    for n, (question, status) in enumerate(asked):
        received = Received(
            event_id="",
            team="T1",
            channel="C1",
            ts="",
            thread_ts=f"s{n}",
            user=f"U{rng.integers(0, 40)}",
            text=question,
        )
        text = "Yes." if status is Status.ANSWERED else ""
        answer = replace(an_answer(text, status=status), ms=float(rng.lognormal(6.3, 0.5)))
        answers.keep(f"s{n}", received, question, answer)
        at = now - float(rng.triangular(0, 8, 78)) * DAY_S
        with answers.database.sql() as sql:
            values: dict[str, object] = {"at": at, "id": f"s{n}"}
            sql.execute("UPDATE answer SET at = :at WHERE question_id = :id", values)


async def shoot(tab: Tab, name: str, *, size: tuple[int, int], scheme: str) -> None:
    """Write NAME.png of what the tab shows."""
    await asyncio.sleep(0.6)
    content = await tab.picture()
    with Image.open(BytesIO(content)) as picture:
        shown = picture.convert("RGB")
    width = min(size[0], 1200)
    height = round(shown.height * width / shown.width)
    shown = shown.resize((width, height), Image.Resampling.LANCZOS)
    shown.quantize(COLOURS).save(HERE / f"{name}.png", optimize=True)
    print(f"{name}.png {shown.size} {scheme}")


async def walk(tab: Tab, home: str) -> None:
    """Go through the pages and take their pictures."""
    for size, scheme, suffix in ((WIDE, "light", ""), (NARROW, "dark", "-phone")):
        await tab.emulate(size, scheme)
        await tab.goto(f"{home}/?")
        await tab.until(f"!!{FIELD} && !document.querySelector('.turn')")
        await tab.evaluate(f"{FIELD}.value = {QUESTION!r}; {FIELD}.form.requestSubmit()")
        await tab.until("!!document.querySelector('#last')")
        await shoot(tab, f"web-ask{suffix}", size=size, scheme=scheme)
    for size, scheme, suffix in ((NARROW, "light", "-phone"), (WIDE, "dark", "")):
        await tab.emulate(size, scheme)
        await tab.evaluate("document.querySelector('#last a.cite').click()")
        await tab.until("!!document.querySelector('#panel[open] #quote')")
        await shoot(tab, f"web-source{suffix}", size=size, scheme=scheme)
        await tab.evaluate("document.querySelector('[data-close]').click()")
    for size, scheme, suffix in ((WIDE, "light", ""), (NARROW, "dark", "-phone")):
        await tab.emulate(size, scheme)
        await tab.goto(f"{home}/owners")
        await tab.until("location.pathname === '/owners' && document.readyState === 'complete'")
        await shoot(tab, f"web-owners{suffix}", size=size, scheme=scheme)


async def main(arguments: Sequence[str]) -> None:
    """Serve the pages over a log in a temporary state, and take the pictures."""
    data = Path(arguments[0]) if arguments else ROOT / ".footnote-demo"
    settings = load(data_dir=data)
    index = composition.live_index(settings)
    opened = Opened(index=index, engine=composition.engine(settings, index))
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(open_state(Path(folder) / "state.sqlite")) as database,
    ):
        site = site_of(
            settings.web,
            database,
            Backend(lambda: opened),
            answers_folder=Path(folder) / "answers",
            add_case=lambda _: True,
            operations=Operations(directory=lambda: composition.index_directory(settings)),
        )
        seed(site.answers)
        while site.overviews.read_questions(index):
            pass
        async with (
            served(site) as entrance,
            browser(program("chromium"), Path(folder) / "browser") as tab,
        ):
            await tab.goto(entrance)
            await tab.until(f"!!{FIELD}")
            await walk(tab, entrance.partition("/enter")[0])


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
