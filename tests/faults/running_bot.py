"""A bot that is asked without pause, in a process of its own: one JSON object for each answer."""

import json
import sys
from itertools import cycle
from pathlib import Path

from footnote_qa.bot import composition
from footnote_qa.bot.settings import load
from footnote_qa.bot.types import Question
from footnote_qa.index.storage.generation import IndexDirectory


def main() -> None:
    """Ask the questions of the command line until the file `stop` is there."""
    folder, questions = Path(sys.argv[1]), sys.argv[2:]
    settings = load(folder / "footnote.toml", data_dir=folder)
    directory = IndexDirectory(folder / "index")
    engine = composition.engine(settings, composition.live_index(settings))
    for question in cycle(questions):
        # What is served at the moment of asking: the answer may come from this or a newer one.
        served = directory.served()
        answer = engine.ask(Question(text=question))
        value = {
            "question": question,
            "served": served,
            "generation": answer.generation,
            "status": str(answer.status),
            "quotes": [(c.document, c.start, c.end, c.quote) for c in answer.citations],
            "nearest": [(p.chunk.document, p.chunk.text) for p in answer.nearest],
        }
        sys.stdout.write(json.dumps(value) + "\n")
        sys.stdout.flush()
        if (folder / "stop").exists():
            return


if __name__ == "__main__":
    main()
