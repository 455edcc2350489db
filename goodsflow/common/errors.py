"""The one base of every expected failure; each room derives its own from it."""


class GoodsflowError(Exception):
    """An expected failure: its text is one message for a person.

    The text says what was attempted, on which object, what was found against what was
    expected, and what to do next. It never carries a secret.
    """
