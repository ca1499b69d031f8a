"""Answers without a language model: blocks and sentences taken from the documents."""

from bot.extractive.answerer import NAME, ExtractiveAnswerer, SpanReranker, above
from bot.extractive.ranking import (
    FEATURES,
    OVERALL,
    WORDS_ONLY,
    FeatureExtractor,
    overall,
    parse_question,
    probabilities,
)
from bot.extractive.span_model import (
    INFO_FILE,
    MODEL_FILE,
    SHIPPED,
    TOKENIZER_FILE,
    SpanModel,
    checksums,
)

__all__ = [
    "FEATURES",
    "INFO_FILE",
    "MODEL_FILE",
    "NAME",
    "OVERALL",
    "SHIPPED",
    "TOKENIZER_FILE",
    "WORDS_ONLY",
    "ExtractiveAnswerer",
    "FeatureExtractor",
    "SpanModel",
    "SpanReranker",
    "above",
    "checksums",
    "overall",
    "parse_question",
    "probabilities",
]
