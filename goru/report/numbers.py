"""Figures in a few digits."""


def number(value: float | None) -> str:
    """A figure in a few digits."""
    if value is None:
        return "not finite"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"
    return f"{value:.2e}"


def signed(value: float | None) -> str:
    """A figure with its sign."""
    return "not finite" if value is None else ("+" if value > 0 else "") + number(value)


def share(value: float | None, of: float) -> str:
    """A figure in percent of another."""
    return percent(None if value is None else value / of)


def percent(value: float | None) -> str:
    """A share with its sign, in percent."""
    if value is None:
        return "not finite"
    return f"{value:+.1%}" if abs(value) < 0.1 else f"{value:+.0%}" if abs(value) < 100 else f"{value:+.1e}"
