"""Counts in messages: "1 rule", "2 rules", "10,000 rules"."""


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """Return a count with its noun in the right number.

    Args:
        count: How many there are.
        noun: One of them.
        plural: Several of them; by default the noun with an "s".
    """
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"
