"""The local store as a whole: every object it holds, and another set of objects in their place."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from voucherweb.storage.keys import InvalidKey, check_key
from voucherweb.storage.local import LocalStorage

_CHUNK = 256 * 1024


def keys(store: LocalStorage) -> Iterator[str]:
    """Every object's key, in the order of the directories; what is being written is not yet one."""
    for path in sorted(_folders(store.directory)):
        yield from _below(path, path.name)


def _folders(directory: Path) -> list[Path]:
    """Objects lie in folders; names with a dot are the store's own."""
    if not directory.is_dir():
        return []
    return [path for path in directory.iterdir() if path.is_dir() and "." not in path.name]


def _below(folder: Path, prefix: str) -> Iterator[str]:
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            yield from _below(path, f"{prefix}/{path.name}")
            continue
        # The last folder is the first two characters of the name, and no part of the key.
        key = f"{prefix.rpartition('/')[0]}/{path.name}"
        try:
            check_key(key)
        except InvalidKey:
            continue  # A stranger's file, such as a desktop's .DS_Store.
        yield key


class Replacement:
    """Objects that are staged beside those in use and take their place at once.

        with Replacement(store) as fresh:
            fresh.stage(key, stream)
            fresh.swap()
            …                        # Whatever is raised here puts the old objects back.

    Staging is on the same disk, which must have room for both sets. Raises `OSError`.
    """

    def __init__(self, store: LocalStorage) -> None:
        self._directory = store.directory
        self._place = store.directory / ".restore"
        self._staged = LocalStorage(self._place / "new", "unused", lambda: "")
        self._old = self._place / "old"
        self._moved: list[tuple[Path, Path]] = []

    def __enter__(self) -> Self:
        shutil.rmtree(self._place, ignore_errors=True)
        self._staged.directory.mkdir(parents=True)
        self._old.mkdir()
        return self

    def stage(self, key: str, stream: IO[bytes]) -> None:
        """Write one object beside; raises `InvalidKey` for a key that the store would not take."""
        target = self._staged._path(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            shutil.copyfileobj(stream, file, _CHUNK)

    def swap(self) -> None:
        """Put the staged objects, once they are on the disk, in the place of the others."""
        os.sync()
        for folder in _folders(self._directory):
            self._move(folder, self._old / folder.name)
        for folder in _folders(self._staged.directory):
            self._move(folder, self._directory / folder.name)

    def _move(self, source: Path, target: Path) -> None:
        source.rename(target)
        self._moved.append((source, target))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            for source, target in reversed(self._moved):
                target.rename(source)
        shutil.rmtree(self._place)
