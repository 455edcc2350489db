"""What is sent on for what came in."""

from dataclasses import replace

from goodsflow.blocking.filtering import PASSED, Verdict
from goodsflow.blocking.records import Origin, Record, outgoing

RECORD = Record(
    topic="goods",
    key=b"12345",
    value=b"\x00\xff",
    headers=(("trace", b"a"), ("trace", b"b"), ("empty", None)),
    timestamp=1_700_000_000_123,
)
ORIGIN = Origin("goods", 1, 42)


def test_what_passes_is_the_same_record_on_the_other_topic() -> None:
    """A re-encoded card would lose its schema ID, or fields we do not know."""
    assert outgoing(RECORD, ORIGIN, PASSED) == replace(RECORD, topic="goods-filtered")


def test_what_is_blocked_goes_nowhere() -> None:
    """Not to the dead letters either: there is nothing wrong with it."""
    assert outgoing(RECORD, ORIGIN, Verdict("blocked", "why")) is None


def test_a_dead_letter_is_the_record_with_its_origin_and_the_error() -> None:
    """Without them nobody finds the record, or its sender, again."""
    letter = outgoing(RECORD, ORIGIN, Verdict("undecodable", "нет"))
    assert letter is not None
    assert (letter.topic, letter.key, letter.value) == (
        "goods-dead-letter",
        b"12345",
        b"\x00\xff",
    )
    assert letter.timestamp == RECORD.timestamp
    assert letter.headers == (
        *RECORD.headers,
        ("goodsflow.origin.topic", b"goods"),
        ("goodsflow.origin.partition", b"1"),
        ("goodsflow.origin.offset", b"42"),
        ("goodsflow.error", "нет".encode()),
    )


def test_a_dead_letter_near_the_brokers_limit_is_cut() -> None:
    """Made larger by its headers, it would be refused, again after each restart."""
    large = replace(RECORD, value=b"x" * 1_000_000)
    letter = outgoing(large, ORIGIN, Verdict("undecodable", "no JSON"))
    assert letter is not None
    assert letter.value == b"x" * 900_000
    assert letter.headers[-1] == ("goodsflow.truncated.from", b"1000000")
