"""Files that somebody sends to a page: none is taken, and none is written to a disk."""

from __future__ import annotations

from typing import Any, NoReturn

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.core.files.uploadhandler import FileUploadHandler


class NoFiles(FileUploadHandler):
    """Named in the setting FILE_UPLOAD_HANDLERS; a page that ever takes a file needs a handler of its own."""

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, boundary: str, encoding: str | None = None) -> None:  # noqa: N803 # fmt: skip
        """Refuses before anything is read what is longer than any form."""
        if content_length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise RequestDataTooBig("more than any form holds")

    def new_file(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuses the file itself."""
        raise SuspiciousOperation("no page takes a file")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Never reached."""
        return None

    def file_complete(self, file_size: int) -> None:
        """Never reached."""
