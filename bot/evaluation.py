"""Connects the query engine to the evaluation, and a question set to the gate of a build."""

import asyncio
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from footnote_qa import prompts
from footnote_qa.bot import composition
from footnote_qa.bot.engine import rewrite_by_rule
from footnote_qa.bot.errors import SettingsError
from footnote_qa.bot.extractive import MODEL_FILE, SHIPPED, checksums
from footnote_qa.bot.settings import Settings
from footnote_qa.eval.datasets import load, on_files
from footnote_qa.eval.metrics import description, own_metrics
from footnote_qa.eval.reports import Comparison, Unclear, compare_runs
from footnote_qa.eval.runs import (
    K,
    Options,
    Recorder,
    RunRecord,
    Subject,
    run_questions,
    save,
    to_record,
)
from footnote_qa.eval.types import QuestionSet
from footnote_qa.index.building import Gate
from footnote_qa.index.search import Fusion, result_of_reading, result_of_search
from footnote_qa.index.storage import GateCheck, Generation
from footnote_qa.index.types import Audience, SearchResult, Vectors
from footnote_qa.prompts import load as prompt

if TYPE_CHECKING:
    from footnote_qa.eval.judging import Completing

_PACKAGES = ("bot", "eval", "index", "prompts")
_NOT_FOR_ANSWERS = ("judge-", "draft-", "json-")


class FixedIndex:
    """One generation as an index, whatever is promoted meanwhile.

    Attributes:
        generation: It, opened.
        recorder: What searches it, as deep as a ranking is scored.
    """

    def __init__(self, generation: Generation, fusion: Fusion) -> None:
        self.generation = generation
        self.recorder = Recorder(_Searcher(generation, fusion), K)

    def search(self, question: str, *, k: int, audience: Audience) -> SearchResult:
        """Find the *k* best passages that *audience* may see."""
        return self.recorder.search(question, k=k, audience=audience)

    def read(self, document: str, *, audience: Audience) -> SearchResult:
        """Return a complete document in passages; none if *audience* may not see it."""
        return result_of_reading(self.generation, document, audience=audience)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Embed *texts* as questions: shape (len(texts), dim), each row of length 1."""
        return self.generation.encoder.encode(texts)


class _Searcher:
    def __init__(self, generation: Generation, fusion: Fusion) -> None:
        self._generation = generation
        self._fusion = fusion

    def search(self, question: str, *, k: int, audience: Audience) -> SearchResult:
        return result_of_search(
            self._generation, question, k=k, audience=audience, fusion=self._fusion
        )


def subject(
    settings: Settings,
    generation: Generation,
    *,
    retrieval_only: bool = False,
    similarity: bool = False,
    served: Callable[[], str | None] | None = None,
) -> Subject:
    """Return *generation*, and what answers from it, as what is measured.

    Args:
        settings: How it is searched and who answers.
        generation: It, opened.
        retrieval_only: Search, but do not answer.
        similarity: Compare meanings too, which takes the encoder a while for each answer.
        served: Names the generation that is served now.
    """
    index = FixedIndex(generation, composition.fusion(settings))
    own = own_metrics(settings.eval.metrics)

    def text_of(document: str) -> str | None:
        found = generation.passages.document(document)
        return None if found is None else found.text

    return Subject(
        searcher=index.recorder,
        ask=None if retrieval_only else composition.engine(settings, index).aask,
        text_of=lru_cache(maxsize=4096)(text_of),
        encode=index.encode if similarity else None,
        generation=generation.manifest.generation,
        served=served,
        rewrite=rewrite_by_rule,
        own=own,
        settings={
            **described(settings, generation),
            **description(own),
            "similarity": similarity,
        },
    )


def described(settings: Settings, generation: Generation) -> dict[str, object]:
    """Return everything that the answers depend on, as the record of a run says it."""
    manifest = generation.manifest
    providers = settings.models.providers
    return {
        "footnote": metadata.version("footnote-qa"),
        "code": code_version(),
        "index": {
            "generation": manifest.generation,
            "created_at": manifest.created_at.isoformat(),
            "documents": manifest.documents,
            "chunks": manifest.chunks,
            "model": manifest.model,
            "fingerprint": manifest.fingerprint,
            "chunk_tokens": manifest.chunk_tokens,
        },
        "search": settings.search.model_dump(mode="json"),
        "models": {
            "offline_threshold": settings.models.offline_threshold,
            "offline_reader": checksums(settings.models.offline_reader or SHIPPED)[MODEL_FILE],
            "providers": [
                p.model_dump(mode="json", exclude={"api_key", "api_key_env"}) for p in providers
            ],
        },
        "prompts": {name: prompt(name).digest for name in _answering_prompts()},
    }


def _answering_prompts() -> list[str]:
    names = sorted(path.stem for path in Path(prompts.__file__).parent.glob("*.md"))
    return [name for name in names if not name.startswith(_NOT_FOR_ANSWERS)]


@cache
def code_version() -> str:
    """Return a digest of all code and prompts: rows that other code measured are not reused."""
    digest = hashlib.sha256()
    root = Path(__file__).resolve().parents[1]
    for path in _sources(root):
        digest.update(f"{path.relative_to(root).as_posix()}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _sources(root: Path) -> Iterator[Path]:
    for package in _PACKAGES:
        yield from sorted(p for p in (root / package).rglob("*") if p.suffix in {".py", ".md"})


def judging(settings: Settings) -> "Completing":
    """Return the model that judges and drafts; that of `eval.judge.provider`, or the first.

    Raises:
        SettingsError: There is no such model.
    """
    from footnote_qa.bot.llm import build_models
    from footnote_qa.eval.judging import Completing

    name = settings.eval.judge.provider
    models = [m for m in build_models(settings.models) if name in {None, m.provider.name}]
    if not models:
        what = f"no provider is named {name!r}" if name else "no model is configured"
        raise SettingsError(f"eval.judging.judge: {what}: add it to [[models.providers]]")
    chosen = models[0]
    return Completing(name=f"{chosen.provider.name} ({chosen.provider.model})", model=chosen)


def journals(settings: Settings) -> Path:
    """Return the folder in which rows are kept as soon as they are measured."""
    return settings.data_dir / "cache" / "runs"


def with_values(settings: Settings, values: Mapping[str, object]) -> Settings:
    """Return *settings* with some of them changed, such as `{"search.k": 4}`.

    Raises:
        SettingsError: There is no such setting, or it cannot have that value.
    """
    changed: dict[str, dict[str, object]] = {}
    for name, value in values.items():
        table, _, key = name.partition(".")
        if table not in {"index", "search", "models"} or not key:
            raise SettingsError(f"{name}: name a setting of index, search or models, as search.k")
        changed.setdefault(table, {})[key] = value
    try:
        tables = {
            name: type(old := getattr(settings, name)).model_validate({**dict(old), **new})
            for name, new in changed.items()
        }
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise SettingsError("; ".join(faults)) from error
    return settings.model_copy(update=tables)


def gate(settings: Settings) -> Gate | None:
    """Return the condition that answers do not get worse; None if no question set is configured.

    The questions are put to the generation that is served and to the new one, and compared as by
    `footnote eval compare`. Rows of the served one that were measured before are taken over.
    """
    configured = settings.eval.gate
    path = configured.set
    if path is None:
        return None

    def check(generation: Generation) -> list[GateCheck]:
        questions = on_files(load(path))
        directory = composition.index_directory(settings)
        name = directory.current()
        if name is None:
            return [_check(passed=True, message="the first generation: nothing to compare it with")]
        served = directory.open(name)
        try:
            before = _measured(settings, questions, served)
        finally:
            served.close()
        after = _measured(settings, questions, generation)
        rule = Unclear(configured.unclear)
        return [judged(compare_runs(before, after, configured.margins, rule=rule))]

    return check


def judged(found: Comparison) -> GateCheck:
    """Return a comparison as a condition for promotion."""
    count = max((difference.n for difference in found.differences.values()), default=0)
    unclear = [note for note in found.notes if note.startswith("cannot tell")]
    if found.passed:
        message = "; ".join([f"{count} questions: nothing fell by more than its margin", *unclear])
        return _check(passed=True, message=message)
    fell = ", ".join(
        f"{name} from {found.differences[name].before:.3f} to {found.differences[name].after:.3f}"
        for name in found.fell
    )
    if set(found.fell) <= found.unclear.keys():
        return _check(passed=False, message=_not_clear(found, fell, unclear))
    message = (
        f"answers got worse on {count} questions ({fell}): see `footnote eval compare "
        f"{found.before} {found.after}`, or run `footnote index build --force`"
    )
    return _check(passed=False, message=message)


def _not_clear(found: Comparison, fell: str, unclear: list[str]) -> str:
    return (
        f"{'; '.join(unclear)} ({fell}), and eval.gate.unclear is {found.rule}: use more "
        f"questions, see `footnote eval compare {found.before} {found.after}`, or run "
        "`footnote index build --force`"
    )


def _check(*, passed: bool, message: str) -> GateCheck:
    return GateCheck(name="questions", passed=passed, message=message)


def _measured(settings: Settings, questions: QuestionSet, generation: Generation) -> RunRecord:
    options = Options(limit=settings.eval.gate.limit, journals=journals(settings))
    asked = run_questions(questions, subject(settings, generation), options)
    # In a thread of its own, since a build may itself be run from an event loop
    with ThreadPoolExecutor(max_workers=1) as pool:
        result = pool.submit(asyncio.run, asked).result()
    save(result, settings.data_dir)
    return to_record(result)
