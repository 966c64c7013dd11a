"""What a file is by its first bytes, where its name says something else."""

#: Of the formats that are met under wrong names: how they begin, what they are, and what is to be done.
_SIGNATURES = (
    (b"\x1f\x8b", "gzipped", "Unpack it, or give its name the ending .gz"),
    (b"PAR1\x15", "a Parquet file", "Give its name the ending .parquet"),
    (b"PK\x03\x04", "a ZIP archive, or a workbook of Excel", "Unpack it, or save the table as CSV"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1", "a workbook of Excel", "Save the table as CSV"),
    (b"\x93NUMPY", "an array of NumPy", "Save the arrays X and y with numpy.savez"),
    (b"ARROW1\0\0", "a Feather file", "Save the table as Parquet"),
    (b"\x89HDF", "an HDF5 file", "Save the table as Parquet or CSV"),
    (b"SQLite format 3\0", "a database of SQLite", "Export the table as CSV"),
    (b"BZh91AY&SY", "compressed by bzip2", "Unpack it"),
    (b"\xfd7zXZ\0", "compressed by xz", "Unpack it"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd", "Unpack it"),
    (b"%PDF-", "a PDF", "Save the table as CSV"),
    (b"\xff\xfe", "text in UTF-16", "Save it as UTF-8"),
    (b"\xfe\xff", "text in UTF-16", "Save it as UTF-8"),
)
#: The same of texts, whatever blanks they begin with, in small letters.
_TEXTS = (
    (b"<!doctype html", "a web page (HTML)", "Download the table itself; the page may say how"),
    (b"<html", "a web page (HTML)", "Download the table itself; the page may say how"),
    (b"<?xml", "XML", "Save the table as CSV"),
    (b'{"', "JSON", "Save the table as CSV"),
    (b"[{", "JSON", "Save the table as CSV"),
    (b"version https://git-lfs.github.com/", "a pointer of Git LFS, and not the file", "Fetch it with git lfs pull"),
)
HEAD = 512  # bytes that are enough


def disguise(head: bytes) -> tuple[str, str] | None:
    """Return what a file is that begins like this, and what is to be done; None of text, and of what is not known."""
    text = head[:HEAD].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for known, begun in ((_SIGNATURES, head), (_TEXTS, text)):
        for beginning, what, remedy in known:
            if begun.startswith(beginning):
                return what, remedy
    return None


def looks_like_text(head: bytes) -> bool:
    """Whether a file that begins like this is text, as far as that shows."""
    return b"\0" not in head and not any(byte < 9 for byte in head) and disguise(head) is None
