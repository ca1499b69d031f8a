"""Answers without a language model: blocks and sentences taken from the documents."""

from footnote_qa.bot.extractive.answerer import NAME, ExtractiveAnswerer, SpanReranker, above
from footnote_qa.bot.extractive.groups import Group, GroupKind, groups
from footnote_qa.bot.extractive.loading import load_ahead, loaded
from footnote_qa.bot.extractive.other_languages import shares
from footnote_qa.bot.extractive.question_forms import Form, form_of, subjects_of
from footnote_qa.bot.extractive.question_parts import parts_of
from footnote_qa.bot.extractive.ranking import (
    FEATURES,
    OVERALL,
    WORDS_ONLY,
    FeatureExtractor,
    overall,
    parse_question,
    probabilities,
)
from footnote_qa.bot.extractive.span_model import (
    INFO_FILE,
    MODEL_FILE,
    SHIPPED,
    TOKENIZER_FILE,
    SpanModel,
    checksums,
)
from footnote_qa.bot.extractive.units import block_text, cells, named

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
    "Form",
    "Group",
    "GroupKind",
    "SpanModel",
    "SpanReranker",
    "above",
    "block_text",
    "cells",
    "checksums",
    "form_of",
    "groups",
    "load_ahead",
    "loaded",
    "named",
    "overall",
    "parse_question",
    "parts_of",
    "probabilities",
    "shares",
    "subjects_of",
]
