"""Files that wait for their person, sealed in parts in the database: where the key goes, the file is gone."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from hashlib import sha256

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pipeline_crm.sealing import seal, unseal

from .models import Export, ExportPart

PART = 1 << 18  # bytes that are sealed at a time; no more of a file is ever in memory


class Vault:
    """Takes a file in as it is written; nothing of it touches a disk in clear."""

    def __init__(self, export: Export) -> None:
        self.export = export
        self.size = 0
        self._key = AESGCM.generate_key(bit_length=256)
        self._digest = sha256()
        self._waiting = bytearray()
        self._parts = 0

    def write(self, content: bytes) -> int:
        """Adds to the file."""
        self._waiting += content
        while len(self._waiting) >= PART:
            self._put(bytes(self._waiting[:PART]))
            del self._waiting[:PART]
        return len(content)

    def close(self) -> None:
        """Puts the last part away and tells the export what it has."""
        if self._waiting:
            self._put(bytes(self._waiting))
            self._waiting.clear()
        self.export.size = self.size
        self.export.digest = self._digest.hexdigest()
        self.export.sealed_key = seal(base64.b64encode(self._key).decode())

    def _put(self, content: bytes) -> None:
        # One key a file and one number a part: no two parts share both.
        sealed = AESGCM(self._key).encrypt(_number(self._parts), content, _place(self.export, self._parts))
        ExportPart.objects.create(export=self.export, position=self._parts, sealed=sealed)
        self._digest.update(content)
        self.size += len(content)
        self._parts += 1


def read(export: Export) -> Iterator[bytes]:
    """The file, part by part; ends early when it is taken away meanwhile."""
    key = AESGCM(base64.b64decode(unseal(export.sealed_key)))
    for position in range(-(-export.size // PART)):
        part = ExportPart.objects.filter(export=export, position=position).values_list("sealed", flat=True).first()
        if part is None:
            return
        yield key.decrypt(_number(position), bytes(part), _place(export, position))


def empty(export: Export) -> None:
    """Throws the file away, and its key with it; the export is saved by whoever asks."""
    ExportPart.objects.filter(export=export).delete()
    export.sealed_key, export.size = "", 0


def _number(position: int) -> bytes:
    return position.to_bytes(12, "big")


def _place(export: Export, position: int) -> bytes:
    return f"{export.pk}/{position}".encode()
