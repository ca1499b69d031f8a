"""Recognise questions in another language than the documents."""

from footnote_qa.index.embedding import language_of, unread
from footnote_qa.index.storage import Generation

_MOSTLY_KNOWN = 0.7  # of its terms: then it is in the language of the documents
_HARDLY_KNOWN = 0.3
_MANY = 0.1  # of the chunks: a language with fewer may be a mistake


def is_in_another_language(question: str, generation: Generation) -> bool:
    """Return whether *question* is in another language than the documents, and the model reads it.

    Its words then find little, and meaning has to do more. If the model does not read the language
    either, the names in the question are the best that there is, so words keep their share.
    """
    known = generation.lexical.known_share(question)
    if known >= _MOSTLY_KNOWN:
        return False  # by far the most frequent case, and it needs no model
    language = language_of(question)
    if unread(generation.manifest.model, {language: 1}):
        return False
    counts = generation.lexical.languages
    spoken = {name for name, count in counts.items() if count >= _MANY * sum(counts.values())}
    return language not in spoken if language else known < _HARDLY_KNOWN
