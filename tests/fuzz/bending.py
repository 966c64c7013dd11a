"""Good bytes, bent: flipped, cut, doubled, moved, or with something else in their place."""

from hypothesis import strategies as st

ODD = (
    *(b"\x00", b"\xff", b"\x00" * 4, b"\xff" * 4, b"\xff" * 8, b"\x7f\xff\xff\xff", b"\x80\x00\x00\x00", b"\x00" * 64),
    *(
        b"\n",
        b"\r",
        b"\r\n",
        b",",
        b'"',
        b'""',
        b"\t",
        b";",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xfe\xff",
        b"\xed\xa0\x80",
    ),
    *(
        b"\xc3\x28",
        b"\xe9",
        b"1e999",
        b"[" * 50,
        b"(" * 200,
        b"-" * 500,
        b"\x1f\x8b",
        b"PK\x03\x04",
        b"PAR1",
        b"\x93NUMPY",
    ),
)


@st.composite
def bent(draw: st.DrawFn, content: bytes, most: int = 3) -> bytes:
    """The content, changed in one to `most` places."""
    for _ in range(draw(st.integers(1, most))):
        at = draw(st.integers(0, max(0, len(content) - 1)))
        length = draw(st.sampled_from([1, 1, 2, 4, 8, 40, 400]))
        odd = draw(st.one_of(st.sampled_from(ODD), st.binary(min_size=1, max_size=8)))
        before, part, after = content[:at], content[at : at + length], content[at + length :]
        match draw(st.sampled_from(["flip", "cut", "remove", "double", "insert", "replace", "turn", "move", "append"])):
            case "flip":
                content = before + bytes(byte ^ (1 << draw(st.integers(0, 7))) for byte in part[:1]) + part[1:] + after
            case "cut":
                content = before
            case "remove":
                content = before + after
            case "double":
                content = before + part * draw(st.sampled_from([2, 3, 50])) + after
            case "insert":
                content = before + odd + part + after
            case "replace":
                content = before + odd + content[at + len(odd) :]
            case "turn":
                content = before + part[::-1] + after
            case "move":
                content = after + part + before
            case "append":
                content += odd
    return content
