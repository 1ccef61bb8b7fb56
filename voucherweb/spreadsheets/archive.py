"""The zip container of a workbook, read without trusting a single number that it states."""

import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from voucherweb.errors import Refusal
from voucherweb.spreadsheets import limits
from voucherweb.spreadsheets.limits import corrupt, unreadable

BLOCK = 1 << 18
_OLE_MAGIC = bytes.fromhex("D0CF11E0A1B11AE1")
_LOCAL_HEADER = b"PK\x03\x04"
_ENCRYPTED_FLAG = 0x1


class Archive:
    """An opened .xlsx container. `inflate` spends from one budget of `limits.MAX_INFLATED`."""

    def __init__(self, path: Path) -> None:
        """Open and check the directory of entries.

        Raises `Refusal` IMPORT_FILE_NOT_READABLE: no zip, encrypted, damaged, or a bomb.
        """
        with path.open("rb") as file:
            refuse_other_formats(file)
        try:
            with zipfile.ZipFile(path) as archive:
                entries = archive.infolist()
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as problem:
            raise corrupt(f"no zip directory ({problem})", "壓縮目錄無法讀取") from problem
        _refuse_bad_directory(entries)
        self.path = path
        self.inflated: dict[str, int] = {}
        self._entries = {entry.filename.lower(): entry for entry in entries}

    def has(self, part: str) -> bool:
        """Whether the part exists; part names compare without case (OPC)."""
        return part.lower() in self._entries

    def inflate(self, part: str, most: int = limits.MAX_INFLATED) -> Iterator[bytes]:
        """Yield the part's bytes in blocks. Raises the refusal of a damaged part or of a bomb.

        `most` is how many bytes the caller would want to keep of this part.

        The size is counted as it comes out of zlib: an archive may state any size, and a reader
        that believes it stops early while another one inflates to the end.
        """
        entry = self._entries.get(part.lower())
        if entry is None:
            raise corrupt(f"{part} is missing", f"缺少 {part}")
        spent_before = sum(size for name, size in self.inflated.items() if name != part)
        size = checksum = 0
        with self.path.open("rb") as file:
            _seek_to_data(file, entry)
            for block in _blocks(file, entry):
                size += len(block)
                if size > most or spent_before + size > limits.MAX_INFLATED:
                    raise _bomb()
                _refuse_ratio(entry, size)
                checksum = zlib.crc32(block, checksum)
                yield block
        if size != entry.file_size or checksum != entry.CRC:
            raise corrupt(f"{part} fails its checksum", f"{part} 檢查碼不符")
        self.inflated[part] = size


def refuse_other_formats(file: BinaryIO) -> None:
    """Raises `Refusal` IMPORT_FILE_NOT_READABLE for what its first bytes show to be no zip."""
    head = file.read(8)
    if head.startswith(_OLE_MAGIC):
        if "EncryptedPackage".encode("utf-16-le") in file.read():
            raise _encrypted()
        raise unreadable(
            "This is an old .xls file; save it as .xlsx", "這是舊版 .xls 檔，請另存為 .xlsx"
        )
    if not head:
        raise unreadable("The file is empty", "檔案是空的")
    if not head.startswith(b"PK"):
        raise unreadable("This is not an .xlsx workbook", "這不是 .xlsx 檔案")


def _encrypted() -> Refusal:
    return unreadable(
        "The workbook is encrypted; remove its password first", "檔案已加密，請先移除密碼"
    )


def _refuse_bad_directory(entries: list[zipfile.ZipInfo]) -> None:
    if any(entry.flag_bits & _ENCRYPTED_FLAG for entry in entries):
        raise _encrypted()
    declared = sum(entry.file_size for entry in entries)
    if len(entries) > limits.MAX_ENTRIES or declared > limits.MAX_DECLARED:
        raise _bomb()
    # Two entries of one name are read differently by different readers: what one of them
    # checked, another would not parse.
    if len({entry.filename.lower() for entry in entries}) != len(entries):
        raise corrupt("two parts have the same name", "內含同名的部件")


def _bomb() -> Refusal:
    return unreadable(
        "The workbook inflates to far more than a workbook of coupons holds (zip bomb)",
        "檔案解壓縮後過大（壓縮炸彈）",
    )


def _refuse_ratio(entry: zipfile.ZipInfo, size: int) -> None:
    if size > limits.RATIO_FREE_BYTES and size > limits.MAX_RATIO * max(entry.compress_size, 1):
        raise _bomb()


def _seek_to_data(file: BinaryIO, entry: zipfile.ZipInfo) -> None:
    # A damaged directory may point before the file's beginning.
    file.seek(min(max(entry.header_offset, 0), sys.maxsize))
    header = file.read(30)
    if len(header) < 30 or not header.startswith(_LOCAL_HEADER):
        raise corrupt(f"{entry.filename} has no header", f"{entry.filename} 缺少標頭")
    name_length = int.from_bytes(header[26:28], "little")
    extra_length = int.from_bytes(header[28:30], "little")
    file.seek(name_length + extra_length, 1)


def _blocks(file: BinaryIO, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    if entry.compress_type == zipfile.ZIP_STORED:
        return _raw(file, entry)
    if entry.compress_type == zipfile.ZIP_DEFLATED:
        return _deflated(file, entry)
    raise corrupt(
        f"{entry.filename} uses an unknown compression", f"{entry.filename} 使用未知的壓縮方式"
    )


def _raw(file: BinaryIO, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    left = entry.compress_size
    while left and (block := file.read(min(BLOCK, left))):
        left -= len(block)
        yield block
    if left:
        raise corrupt(f"{entry.filename} is cut off", f"{entry.filename} 不完整")


def _deflated(file: BinaryIO, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for raw in _raw(file, entry):
            data = raw
            while data and not inflater.eof:
                if block := inflater.decompress(data, BLOCK):
                    yield block
                data = inflater.unconsumed_tail
        if block := inflater.flush():
            yield block
    except zlib.error as problem:
        raise corrupt(
            f"{entry.filename} does not inflate", f"{entry.filename} 無法解壓縮"
        ) from problem
    if not inflater.eof or inflater.unused_data:
        raise corrupt(f"{entry.filename} is cut off", f"{entry.filename} 不完整")
