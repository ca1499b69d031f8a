"""Fit the score by which a quote proves a sentence, and test the complete check on planted errors.

Run: python benchmarks/calibrate_support.py ENCODER_FOLDER [DATA_FOLDER]
"""

import argparse
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from footnote_qa.bot.citations import EntailmentCheck, check, covered
from footnote_qa.bot.engine import show
from footnote_qa.bot.types import Evidence, Sentence
from footnote_qa.index.chunking import split_sentences
from footnote_qa.index.embedding import OnnxEncoder
from footnote_qa.index.types import Chunk, Passage, Vectors
from training.claims import statement

SAMPLE = 1200
LOOKED_AT = 300
"""Claims of the other half that were read one by one to improve the rules; they are left out."""
PLANTED = 200
RIGHT = 500
REMOVED = 0.05
BATCH = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A question and its answer as one statement, and the sentence that proves it.

    Attributes:
        title: Of the article.
        text: The paragraph.
        said: The statement.
        spans: Of the paragraph's sentences.
        proof: Which of them holds the answer; -1 if none does.
    """

    title: str
    text: str
    said: str
    spans: tuple[tuple[int, int], ...]
    proof: int

    @property
    def parts(self) -> list[str]:
        """The paragraph's sentences."""
        return [self.text[start:end] for start, end in self.spans]


def claims(path: Path) -> Iterator[Claim]:
    """Yield the answerable questions of a file in SQuAD's format."""
    for article in json.loads(path.read_text(encoding="utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            spans = tuple(split_sentences(paragraph["context"]))
            for asked in paragraph["qas"]:
                answers = [] if asked.get("is_impossible") else asked["answers"]
                for answer in answers[:1]:
                    at = answer["answer_start"]
                    proof = [i for i, (start, end) in enumerate(spans) if start <= at < end]
                    if proof and len(spans) > 1:
                        yield Claim(
                            title=article["title"].replace("_", " "),
                            text=paragraph["context"],
                            said=statement(asked["question"], answer["text"]),
                            spans=spans,
                            proof=proof[0],
                        )


def vectors(encoder: OnnxEncoder, texts: Sequence[str]) -> Mapping[str, Vectors]:
    """Return the vector of each text."""
    unique = sorted(set(texts), key=len)
    rows = [encoder.encode(unique[at : at + BATCH]) for at in range(0, len(unique), BATCH)]
    return dict(zip(unique, np.concatenate(rows), strict=True))


def fit(sample: Sequence[Claim], tuning: frozenset[str], encoder: OnnxEncoder) -> None:
    """Fit on the claims of the tuning articles, and print how well it separates the others."""
    known = vectors(encoder, [text for c in sample for text in (c.said, *_beside(c))])
    rows, right, tuned = [], [], []
    for claim in sample:
        for at, evidence in enumerate(_beside(claim)):
            cosine = float(known[claim.said] @ known[evidence])
            rows.append((covered(claim.said, evidence) or 0.0, cosine))
            right.append(at == claim.proof)
            tuned.append(claim.title in tuning)
    x, y, tune = np.array(rows), np.array(right), np.array(tuned)
    model = LogisticRegression(class_weight="balanced").fit(x[tune], y[tune])
    sure = model.predict_proba(x)[:, 1]
    threshold = float(np.quantile(sure[tune & y], REMOVED))
    print(f"bias {model.intercept_[0]:.2f}, cover and cosine {model.coef_[0].round(2)}")
    print(f"threshold {threshold:.3f}: {REMOVED:.0%} of the right pairs of the tuning half fall")
    print(
        f"other half: AUC {roc_auc_score(y[~tune], sure[~tune]):.3f}, "
        f"right ones fallen {(sure[~tune & y] < threshold).mean():.1%}, "
        f"wrong ones caught {(sure[~tune & ~y] < threshold).mean():.1%}"
    )


def _beside(claim: Claim) -> list[str]:
    """Return each sentence as the check sees it: with the title beside it."""
    return [f"{part}\n{claim.title}" for part in claim.parts]


def report(held: Sequence[Claim], encoder: OnnxEncoder) -> None:
    """Print the results of the complete check on right citations and on planted wrong ones."""
    support = EntailmentCheck(encoder.encode)
    right = [outcome(claim, claim.proof, support) for claim in held[:RIGHT]]
    show_counts(f"{RIGHT} right citations", right)
    hard = [(claim, nearest_wrong(claim, encoder)) for claim in held[RIGHT : RIGHT + PLANTED]]
    title = f"{PLANTED} planted: the evidence is the nearest other sentence of the paragraph"
    show_counts(title, [outcome(claim, at, support) for claim, at in hard])
    bare = [without_proof(claim, at) for claim, at in hard]
    title = "the same, where no passage that was shown holds the proof"
    show_counts(title, [outcome(claim, at, support) for claim, at in bare])


def show_counts(title: str, outcomes: Sequence[str]) -> None:
    """Print how often each outcome came about."""
    print(f"{title}:")
    for name in sorted(set(outcomes)):
        print(f"  {name}: {outcomes.count(name)}")


def without_proof(claim: Claim, cited: int) -> tuple[Claim, int]:
    """Return the claim with a paragraph of which its proof was cut, and where the other one is."""
    parts = [part for at, part in enumerate(claim.parts) if at != claim.proof]
    text = " ".join(parts)
    starts = [sum(len(part) + 1 for part in parts[:at]) for at in range(len(parts))]
    spans = tuple((start, start + len(part)) for start, part in zip(starts, parts, strict=True))
    bare = Claim(title=claim.title, text=text, said=claim.said, spans=spans, proof=-1)
    return bare, cited - (cited > claim.proof)


def nearest_wrong(claim: Claim, encoder: OnnxEncoder) -> int:
    """Return the sentence that is most like the claim and does not hold its answer."""
    rows = encoder.encode([claim.said, *claim.parts])
    return max(
        (at for at in range(len(claim.spans)) if at != claim.proof),
        key=lambda at: float(rows[0] @ rows[at + 1]),
    )


def outcome(claim: Claim, cited: int, support: EntailmentCheck | None) -> str:
    """Return what the check makes of the claim with one sentence as its evidence."""
    chunk = Chunk(
        id=1,
        document=claim.title,
        title=claim.title,
        start=0,
        end=len(claim.text),
        text=claim.text,
        heading=(),
        page=None,
        url=None,
        modified_at=None,
        audience=(),
    )
    shown = show([Passage(chunk=chunk, rank=1, fused=1.0, cosine=None, bm25=None)])
    evidence = Evidence(passage_id=shown[0].id, quote=claim.parts[cited])
    checked = check([Sentence(text=claim.said, evidence=(evidence,))], shown, support)
    if checked.removed:
        return f"removed: {checked.removed[0].reason}"
    start, end = claim.spans[cited]
    if any(c.start < end and start < c.end for c in checked.citations):
        return "kept"
    if claim.proof < 0:
        return "cited again, with another sentence"
    start, end = claim.spans[claim.proof]
    proven = any(c.start < end and start < c.end for c in checked.citations)
    return "cited again, with the proof" if proven else "cited again, with another sentence"


def main() -> None:
    """Fit and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("encoder", type=Path, help="the folder `encoder` of a generation")
    beside = Path(__file__).resolve().parents[1].parent / "shared" / "data"
    parser.add_argument("data", type=Path, nargs="?", default=beside)
    arguments = parser.parse_args()
    found = list(claims(arguments.data / "eval" / "squad2_public" / "squad_format.json"))
    random.Random(0).shuffle(found)  # noqa: S311 - the same sample each time
    tuning = frozenset(sorted({claim.title for claim in found})[::2])
    encoder = OnnxEncoder(arguments.encoder)
    fit(found[:SAMPLE], tuning, encoder)
    held = [claim for claim in found[SAMPLE:] if claim.title not in tuning]
    report(held[LOOKED_AT:], encoder)


if __name__ == "__main__":
    main()
