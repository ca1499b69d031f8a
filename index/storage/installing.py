"""Take over a complete generation that was made elsewhere, such as from a backup."""

import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from footnote_qa.index.errors import IndexDamagedError
from footnote_qa.index.sources import service_prefixes
from footnote_qa.index.sources.sync import numbers_in
from footnote_qa.index.storage.generation import PASSAGES, IndexDirectory
from footnote_qa.index.storage.manifest import MANIFEST, Manifest, faults, read_manifest
from footnote_qa.index.storage.names import staged_name
from footnote_qa.index.storage.passages import PassageReader


def install_generation(directory: IndexDirectory, folder: Path) -> str:
    """Copy the generation in *folder* into *directory*, and use it from now on.

    It keeps its name, unless another generation there has it. Documents of a service whose groups
    and permissions are not known as of this generation are shown to nobody until its next sync.

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
        _withhold_services(directory, folder, manifest)
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


def _withhold_services(directory: IndexDirectory, folder: Path, manifest: Manifest) -> None:
    access, numbers = directory.access, numbers_in(folder)
    prefixes = service_prefixes(manifest.sources)
    with closing(PassageReader(folder / PASSAGES)) as passages:
        documents = [row.document for row in passages.rows()]
    for key, number in numbers.items():
        note = access.note_of(key)
        if note is not None and note.number == number:
            continue  # the table is in step with this generation
        prefix = prefixes.get(key, "")
        hidden = [one for one in documents if one.startswith(prefix)]
        access.withhold(key, hidden, number=max(number, note.number if note else 0) + 1)
