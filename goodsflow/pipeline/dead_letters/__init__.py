"""Dead letters: records of ``goods`` that are no card, with what is wrong with them.

Here: their topic and headers, reading them, sending them again, deleting them. Not
here: what makes a record a dead letter (``goodsflow.pipeline.filter``).
"""

from goodsflow.pipeline.dead_letters.errors import DeadLetterError
from goodsflow.pipeline.dead_letters.model import (
    ERROR,
    ERROR_KIND,
    FAILED_AT,
    HEADER_PREFIX,
    ORIGIN_OFFSET,
    ORIGIN_PARTITION,
    ORIGIN_TOPIC,
    REPLAYED_FROM,
    SCHEMA_ID,
    TOPIC,
    TRUNCATED_FROM,
    DeadLetter,
    Place,
)

__all__ = [
    "ERROR",
    "ERROR_KIND",
    "FAILED_AT",
    "HEADER_PREFIX",
    "ORIGIN_OFFSET",
    "ORIGIN_PARTITION",
    "ORIGIN_TOPIC",
    "REPLAYED_FROM",
    "SCHEMA_ID",
    "TOPIC",
    "TRUNCATED_FROM",
    "DeadLetter",
    "DeadLetterError",
    "Place",
]
