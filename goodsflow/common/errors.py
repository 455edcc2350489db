"""The base of all expected errors; each package derives its own from it."""


class GoodsflowError(Exception):
    """An expected error, whose text is a message for the user.

    The text says what was attempted and on which object, what was found and what was
    expected, and what to do next. It never contains a secret.
    """
