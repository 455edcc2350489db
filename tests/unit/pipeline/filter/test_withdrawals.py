"""What is taken back, and how far the block list is worked off."""

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
    """Finds what it is told to, when it is let."""

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
    """Return those of partition 0, of which the group has committed offset 7."""
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
    """Take until what is looked for was found."""
    for _ in range(1000):
        taken = keys(found, rules, position)
        if taken:
            return list(taken)
        threading.Event().wait(0.01)
    raise AssertionError("nothing was taken")


def test_a_product_is_taken_back_once() -> None:
    """At each turn again, the topic would fill with tombstones."""
    found, rules = withdrawals(str(at(3))), BlockRules()
    rules.add(X, 4)
    assert keys(found, rules, at(5)) == [b"x"]
    assert found.metadata(0) == "t@5"
    assert keys(found, rules, at(5)) == []
    rules.add(Y, 5)
    assert keys(found, rules, at(6)) == [b"y"]


def test_what_was_worked_off_before_a_restart_is_not_again() -> None:
    """A hundred thousand tombstones at each start would reach search and mirror."""
    rules = BlockRules()
    rules.add(X, 4)
    assert keys(withdrawals(str(at(5))), rules, at(5)) == []
    assert keys(withdrawals(str(at(4))), rules, at(5)) == [b"x"]


@pytest.mark.parametrize("metadata", [None, "", "of somebody else", str(at(9, "old"))])
def test_where_nothing_is_known_the_whole_list_is_worked_off(
    metadata: str | None,
) -> None:
    """Offsets that somebody set by hand say nothing; a new topic starts at 0."""
    rules = BlockRules()
    rules.add(X, 4)
    assert keys(withdrawals(metadata), rules, at(5)) == [b"x"]


def test_on_a_new_platform_there_is_nothing_to_take_back() -> None:
    """A tombstone of a product that never passed would be its first record there."""
    found, rules = Withdrawals(Finder()), BlockRules()
    rules.add(X, 0)
    found.load({0: Committed(None, None, never_written=True)}, 1)
    assert keys(found, rules, at(1)) == []
    assert found.metadata(0) == "t@1"
    rules.add(Y, 1)
    assert keys(found, rules, at(2)) == [b"y"]


def test_what_is_off_the_list_again_is_not_taken_back() -> None:
    """Its next card may have passed since."""
    found, rules = withdrawals(), BlockRules([X, Y])
    assert keys(found, rules, at(5), limit=1) == [b"x"]
    rules.remove(Y)
    assert keys(found, rules, at(6)) == []
    assert found.metadata(0) == "t@5"
    assert keys(found, rules, at(6)) == []
    assert found.metadata(0) == "t@6"


def test_a_part_of_a_long_list_is_not_committed_as_the_whole() -> None:
    """A kill between two transactions would leave the rest where it is."""
    found, rules = withdrawals(), BlockRules([X, Y])
    assert keys(found, rules, at(5), limit=1) == [b"x"]
    assert found.metadata(0) == ""
    assert keys(found, rules, at(5), limit=1) == [b"y"]
    assert found.metadata(0) == "t@5"


def test_an_aborted_transaction_is_made_again() -> None:
    """Its tombstones are not there."""
    found, rules = withdrawals(), BlockRules([X])
    assert keys(found, rules, at(5)) == [b"x"]
    found.reset()
    assert found.missing({0}) == [0]
    found.load({0: Committed(7, None)}, 1)
    assert keys(found, rules, at(5)) == [b"x"]


def test_each_product_is_taken_back_by_who_reads_its_partition() -> None:
    """Another copy could let its card pass a moment later."""
    products = [Rule("product", str(number)) for number in range(50)]
    taken: list[bytes | None] = []
    for partition in (0, 1):
        found = Withdrawals(Finder())
        found.load({partition: Committed(0, None)}, 2)
        mine = keys(found, BlockRules(products), at(5))
        assert {partition_of(key or b"", 2) for key in mine} == {partition}
        taken += mine
    assert sorted(taken) == sorted(rule.text.encode() for rule in products)  # type: ignore[type-var]


def test_a_key_is_where_java_and_faust_put_it() -> None:
    """Kafka's own test values of its murmur2."""
    assert partition_of(b"21", 1000) == (-973932308 & 0x7FFFFFFF) % 1000
    assert partition_of(b"foobar", 1000) == (-790332482 & 0x7FFFFFFF) % 1000


def test_for_a_brand_cards_are_looked_for_and_products_do_not_wait() -> None:
    """Reading the topic may take seconds."""
    finder = Finder((BRAND, b"k"))
    found, rules = withdrawals(finder=finder), BlockRules([X, BRAND])
    assert keys(found, rules, at(5)) == [b"x"]
    assert found.metadata(0) == ""
    finder.go_on.set()
    assert settle(found, rules, at(5)) == [b"k"]
    assert found.metadata(0) == "t@5"
    assert finder.asked == [(0, [BRAND])]


def test_a_search_that_failed_is_made_again() -> None:
    """An outage must not leave a blocked brand where it is."""
    finder = Finder(ClusterUnavailableError("away"), (BRAND, b"k"))
    finder.go_on.set()
    found, rules = withdrawals(finder=finder), BlockRules([BRAND])
    assert settle(found, rules, at(5)) == [b"k"]
    assert len(finder.asked) == 2


def test_a_partition_that_went_away_is_forgotten() -> None:
    """It comes back with what another copy has committed."""
    found = withdrawals()
    assert found.position(0) == 7
    assert found.missing({1}) == [1]
    assert found.position(0) is None
    assert found.metadata(0) == ""


def test_a_position_is_read_as_it_was_written() -> None:
    """It stands in the metadata of an offset, which other tools may write."""
    assert Position.parse(str(at(17, "a_B-c"))) == at(17, "a_B-c")
    for text in (None, "", "@1", "a@", "a@x", "7"):
        assert Position.parse(text) is None
