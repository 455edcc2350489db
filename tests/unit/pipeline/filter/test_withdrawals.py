"""Which cards are withdrawn, and the progress in the block list."""

import threading
from collections.abc import Sequence

import pytest

from goodsflow.clients.kafka.errors import ClusterUnavailableError
from goodsflow.model.blocklist import BlockRules, Rule
from goodsflow.pipeline.blocklist.reader import Position
from goodsflow.pipeline.filter.withdrawals import (
    Committed,
    Withdrawal,
    Withdrawals,
    partition_of,
)

X, Y = Rule("product", "x"), Rule("product", "y")
BRAND = Rule("brand", "b")


class Finder:
    """Finds the given cards when the test allows it."""

    def __init__(self, *found: Withdrawal | Exception) -> None:
        self.found = list(found)
        self.asked: list[tuple[int, Sequence[Rule]]] = []
        self.go_on = threading.Event()

    def __call__(self, partition: int, rules: Sequence[Rule]) -> list[Withdrawal]:
        """Find."""
        self.asked.append((partition, rules))
        assert self.go_on.wait(10)
        first = self.found.pop(0) if self.found else None
        if isinstance(first, Exception):
            raise first
        return [first] if first else []


def at(offset: int, topic_id: str = "t") -> Position:
    """Return a position of the list."""
    return Position(topic_id, offset)


def withdrawals(
    metadata: str | None = None, finder: Finder | None = None, partitions: int = 1
) -> Withdrawals:
    """Return withdrawals of partition 0, with committed offset 7."""
    found = Withdrawals(finder or Finder())
    assert found.missing({0}) == [0]
    found.load({0: Committed(7, metadata)}, partitions)
    assert found.missing({0}) == []
    return found


def keys(
    found: Withdrawals, rules: BlockRules, position: Position, limit: int = 100
) -> list[bytes | None]:
    """Return the keys of the tombstones to write."""
    return [each.key for each in found.next_tombstones(rules, position, limit)]


def settle(found: Withdrawals, rules: BlockRules, position: Position) -> list[object]:
    """Call repeatedly until the search has ended."""
    for _ in range(1000):
        taken = keys(found, rules, position)
        if taken:
            return list(taken)
        threading.Event().wait(0.01)
    raise AssertionError("nothing was taken")


def test_a_product_is_withdrawn_once() -> None:
    """Otherwise, the topic would fill with tombstones."""
    found, rules = withdrawals(str(at(3))), BlockRules()
    rules.add(X, 4)
    assert keys(found, rules, at(5)) == [b"x"]
    assert found.metadata(0) == "t@5"
    assert keys(found, rules, at(5)) == []
    rules.add(Y, 5)
    assert keys(found, rules, at(6)) == [b"y"]


def test_withdrawals_are_not_repeated_after_a_restart() -> None:
    """Each start would send a hundred thousand tombstones to search and mirror."""
    rules = BlockRules()
    rules.add(X, 4)
    assert keys(withdrawals(str(at(5))), rules, at(5)) == []
    assert keys(withdrawals(str(at(4))), rules, at(5)) == [b"x"]


@pytest.mark.parametrize("metadata", [None, "", "of somebody else", str(at(9, "old"))])
def test_the_whole_list_is_processed_without_a_position(
    metadata: str | None,
) -> None:
    """Offsets that somebody set have no metadata, and a new topic starts at 0."""
    rules = BlockRules()
    rules.add(X, 4)
    assert keys(withdrawals(metadata), rules, at(5)) == [b"x"]


def test_nothing_is_withdrawn_on_a_new_platform() -> None:
    """The first record of a product would be a tombstone."""
    found, rules = Withdrawals(Finder()), BlockRules()
    rules.add(X, 0)
    found.load({0: Committed(None, None, never_written=True)}, 1)
    assert keys(found, rules, at(1)) == []
    assert found.metadata(0) == "t@1"
    rules.add(Y, 1)
    assert keys(found, rules, at(2)) == [b"y"]


def test_nothing_is_withdrawn_for_a_removed_rule() -> None:
    """A newer card may have passed since."""
    found, rules = withdrawals(), BlockRules([X, Y])
    assert keys(found, rules, at(5), limit=1) == [b"x"]
    rules.remove(Y)
    assert keys(found, rules, at(6)) == []
    assert found.metadata(0) == "t@5"
    assert keys(found, rules, at(6)) == []
    assert found.metadata(0) == "t@6"


def test_a_part_of_a_long_list_is_not_committed_as_the_whole() -> None:
    """After a kill between two transactions, the rest would never be withdrawn."""
    found, rules = withdrawals(), BlockRules([X, Y])
    assert keys(found, rules, at(5), limit=1) == [b"x"]
    assert found.metadata(0) == ""
    assert keys(found, rules, at(5), limit=1) == [b"y"]
    assert found.metadata(0) == "t@5"


def test_an_aborted_transaction_is_repeated() -> None:
    """Its tombstones were not written."""
    found, rules = withdrawals(), BlockRules([X])
    assert keys(found, rules, at(5)) == [b"x"]
    found.reset()
    assert found.missing({0}) == [0]
    found.load({0: Committed(7, None)}, 1)
    assert keys(found, rules, at(5)) == [b"x"]


def test_each_product_is_withdrawn_by_the_reader_of_its_partition() -> None:
    """Another copy could pass its card a moment later."""
    products = [Rule("product", str(number)) for number in range(50)]
    taken: list[bytes | None] = []
    for partition in (0, 1):
        found = Withdrawals(Finder())
        found.load({partition: Committed(0, None)}, 2)
        mine = keys(found, BlockRules(products), at(5))
        assert {partition_of(key or b"", 2) for key in mine} == {partition}
        taken += mine
    assert sorted(taken) == sorted(rule.text.encode() for rule in products)  # type: ignore[type-var]


def test_keys_are_partitioned_like_in_java_and_faust() -> None:
    """These are Kafka's own test values for murmur2."""
    assert partition_of(b"21", 1000) == (-973932308 & 0x7FFFFFFF) % 1000
    assert partition_of(b"foobar", 1000) == (-790332482 & 0x7FFFFFFF) % 1000


def test_products_are_withdrawn_while_a_brand_is_searched() -> None:
    """Reading the topic may take seconds."""
    finder = Finder((BRAND, b"k"))
    found, rules = withdrawals(finder=finder), BlockRules([X, BRAND])
    assert keys(found, rules, at(5)) == [b"x"]
    assert found.metadata(0) == ""
    finder.go_on.set()
    assert settle(found, rules, at(5)) == [b"k"]
    assert found.metadata(0) == "t@5"
    assert finder.asked == [(0, [BRAND])]


def test_a_failed_search_is_repeated() -> None:
    """After an outage, a blocked brand must still be withdrawn."""
    finder = Finder(ClusterUnavailableError("away"), (BRAND, b"k"))
    finder.go_on.set()
    found, rules = withdrawals(finder=finder), BlockRules([BRAND])
    assert settle(found, rules, at(5)) == [b"k"]
    assert len(finder.asked) == 2


def test_a_revoked_partition_is_dropped() -> None:
    """Another copy may have committed newer offsets when it comes back."""
    found = withdrawals()
    assert found.position(0) == 7
    assert found.missing({1}) == [1]
    assert found.position(0) is None
    assert found.metadata(0) == ""


def test_a_position_is_read_as_it_was_written() -> None:
    """It is the metadata of an offset, which other tools may write, too."""
    assert Position.parse(str(at(17, "a_B-c"))) == at(17, "a_B-c")
    for text in (None, "", "@1", "a@", "a@x", "7"):
        assert Position.parse(text) is None
