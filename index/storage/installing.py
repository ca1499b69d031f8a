"""Take over a complete generation that was made elsewhere, such as from a backup."""

import shutil
from dataclasses import replace
from pathlib import Path

from footnote_qa.index.errors import IndexDamagedError
from footnote_qa.index.storage.generation import IndexDirectory
from footnote_qa.index.storage.manifest import MANIFEST, faults, read_manifest
from footnote_qa.index.storage.names import staged_name


def install_generation(directory: IndexDirectory, folder: Path) -> str:
    """Copy the generation in *folder* into *directory*, and use it from now on.

    It keeps its name, unless another generation there has it.

    Returns:
        Its name.

    Raises:
        IndexDamagedError: A file does not match the manifest.
        IndexingError: A build is running, or the folder cannot be written.
    """
    manifest = read_manifest(folder)
    if wrong := faults(folder, manifest):
        raise IndexDamagedError(f"the generation in {folder.name} is damaged: {wrong[0]}")
    with directory.locked():
        name = manifest.generation
        there = directory.readable().get(name)
        if there is not None and there.files == manifest.files and not directory.verify(name):
            directory.promote(name)
            return name
        staged = directory.stage()
        if (directory.root / name).exists():
            name = staged_name(staged)
        shutil.copytree(folder, staged, dirs_exist_ok=True)
        (staged / MANIFEST).unlink()
        sealed = directory.seal(staged, replace(manifest, generation=name))
        if sealed.files != manifest.files:  # the copy differs from what was checked
            shutil.rmtree(directory.root / name)
            raise IndexDamagedError(f"the copy of {name} is damaged: try again")
        directory.promote(name)
    return name
