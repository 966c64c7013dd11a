"""From the command to a page: in which order things are imported and read."""

import pytest

from goru.errors import InputError
from goru.live import serving


def test_a_table_is_read_before_the_engine_is_imported(monkeypatch):
    """Both at once, pandas could go through a table of NumPy's types while JAX changes it."""
    order = []

    def table(*_):
        order.append("table")
        raise InputError("no such table")

    monkeypatch.setattr(serving, "table", table)
    monkeypatch.setattr(serving, "_import_engine", lambda: order.append("engine"))
    with pytest.raises(InputError, match="no such table"):
        serving.open_page("a.csv", browser=False)
    assert order == ["table"]
