"""A file's bytes as text: UTF-8 (with or without BOM), GB18030, UTF-16 with a BOM; bounded, with a digest."""

from __future__ import annotations

import codecs
import hashlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cssim.errors import Wrong
from cssim.scenario.spelling import near

MOST_BYTES: Final = 4 * 2**20
"""Largest file that is read; a scenario has a few kilobytes, a year of counts by the quarter hour 1.5 MB."""
STDIN: Final = "-"


@dataclass(frozen=True)
class Source:
    """A text and where it came from.

    Attributes:
        name: what messages call it: the path as it was given.
        text: without BOM.
        sha256: of its bytes.
    """

    name: str
    text: str
    sha256: str


def read_source(path: str | os.PathLike[str]) -> Source:
    """A file, or standard input for ``-``.

    Raises:
        Wrong: nothing there, a folder, unreadable, too large, not a text.
    """
    name = os.fspath(path)
    if name == STDIN:
        return _source("<stdin>", sys.stdin.buffer.read(MOST_BYTES + 1))
    return _source(name, read_bytes(name))


def read_bytes(name: str) -> bytes:
    """A file's bytes, at most one more than are taken.

    Raises:
        Wrong: nothing there, a folder, unreadable.
    """
    file = Path(name)
    try:
        if file.is_dir():
            raise Wrong("file.folder_given", file=name)
        with file.open("rb") as stream:
            return stream.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise _missing(file) from None
    except Wrong:
        raise
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise Wrong("file.unreadable", file=name, why=getattr(error, "strerror", None) or error) from None


def text_source(text: str, name: str) -> Source:
    """A text that is already at hand.

    Raises:
        Wrong: too large, or not a text.
    """
    return _source(name, text.encode("utf-8", "surrogatepass"))


def _source(name: str, content: bytes) -> Source:
    if len(content) > MOST_BYTES:
        raise Wrong("file.large", file=name, most=MOST_BYTES // 2**20)
    digest = hashlib.sha256(content).hexdigest()
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))  # as `>` of PowerShell writes it
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return Source(name, text, digest)
    raise Wrong("file.binary" if b"\0" in content else "file.encoding", file=name)


def _missing(file: Path) -> Wrong:
    """The fault of a file that is not there, with a neighbour of a like name."""
    try:
        names = {neighbour.stem: neighbour.name for neighbour in file.parent.iterdir()}
    except (OSError, ValueError):
        names = {}
    alike = near(file.stem, names)
    if alike is None:
        return Wrong("file.missing", file=str(file))
    return Wrong("file.missing.near", file=str(file), near=names[alike])
