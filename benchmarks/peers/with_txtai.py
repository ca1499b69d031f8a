"""txtai: its hybrid index of dense vectors and BM25."""

import sys
from pathlib import Path

from exchange import DEPTH, answer, read
from txtai import Embeddings


def main(folder: Path) -> None:
    """Answer what lies in *folder*."""
    asked = read(folder)
    vectors = dict(zip(asked.texts, asked.document_vectors, strict=True))
    vectors |= dict(zip(asked.questions, asked.question_vectors, strict=True))
    embeddings = Embeddings(
        method="external", transform=lambda texts: [vectors[text] for text in texts], hybrid=True
    )
    embeddings.index(zip(asked.documents, asked.texts, strict=True))
    answer(
        folder,
        asked,
        {"hybrid": lambda _, question: [id_ for id_, _ in embeddings.search(question, DEPTH)]},
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
