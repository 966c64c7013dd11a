"""What may become of a file."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

SHARES = (0.01, 0.37, 0.5, 0.93)


def damages(content: bytes, seed: int, flips: int = 12) -> Iterator[tuple[str, bytes | None]]:
    """In words, and its new content; `None` if it is gone."""
    rng = np.random.default_rng(seed)
    yield "deleted", None
    yield "emptied", b""
    for length in sorted({int(share * len(content)) for share in SHARES} | {len(content) - 1}):
        yield f"truncated to {length} bytes", content[:length]
    for place in rng.integers(len(content), size=flips):
        changed = bytearray(content)
        changed[place] ^= 1 << rng.integers(8)
        yield f"byte {place} changed", bytes(changed)
    yield "longer", content + b"?"
    yield "of zeros", bytes(len(content))
    yield "another program's", b'{"format": "another program"}'


def damage(path: Path, content: bytes | None) -> None:
    path.unlink()
    if content is not None:
        path.write_bytes(content)
