"""The report of a recommender run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from goodsflow.clients.hdfs import TopicFile
from goodsflow.common.counting import counted


@dataclass(frozen=True)
class Recommendation:
    """A recommended card.

    Attributes:
        window: The window's index within the run.
        rank: From 1 within the window.
        product_id: The key of the published record.
        score: As ``docs/explanation/recommender.md`` has it.
        mean_amount: The mean of all the product's prices so far, in its currency.
        amount: The latest price.
        currency: Of both prices; empty if the card has none.
        free_stock: Pieces in stock that aren't reserved.
        interest: The weight of the searches that match it.
        card: The card's original JSON, byte for byte.
    """

    window: int
    rank: int
    product_id: str
    score: float
    mean_amount: float
    amount: float
    currency: str
    free_stock: int
    interest: float
    card: bytes


@dataclass(frozen=True)
class RunReport:
    """What a run found and published.

    Attributes:
        windows: Windows processed; 0 means that nothing was done.
        files: Files processed, in order.
        files_waiting: Files after the offsets at the start of the run.
        files_needed: Files in a complete window.
        cards_in: Lines that are cards.
        bad_lines: Lines that aren't cards and were skipped.
        recommendations: The published recommendations, in order.
        offsets_before: Committed offsets by partition at the start of the run.
        offsets_after: Committed offsets by partition at its end.
        event_files: Files of events processed.
        searches: Different searches known at the last window.
        rebuilt_from: Files that were read again because the state was missing; 0 if it
            was there.
        snapshot: The name of the state that the run saved.
        seconds: By phase: ``start``, ``plan``, ``compute``, ``save``, ``publish``.
    """

    windows: int
    files: tuple[TopicFile, ...]
    files_waiting: int
    files_needed: int
    offsets_before: Mapping[int, int]
    offsets_after: Mapping[int, int]
    cards_in: int = 0
    bad_lines: int = 0
    recommendations: tuple[Recommendation, ...] = ()
    event_files: int = 0
    searches: int = 0
    rebuilt_from: int = 0
    snapshot: str | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def cards_out(self) -> int:
        """The number of published cards."""
        return len(self.recommendations)

    def summary(self) -> str:
        """Return the result of the run in one line."""
        if not self.windows:
            return (
                f"Nothing to recommend: {counted(self.files_waiting, 'file')} waiting, "
                f"{self.files_needed} needed for a window."
            )
        rebuilt = (
            f" The state of earlier windows was missing and was rebuilt from "
            f"{counted(self.rebuilt_from, 'file')}."
            if self.rebuilt_from
            else ""
        )
        return (
            f"Published {counted(self.cards_out, 'card')} from "
            f"{counted(self.windows, 'window')}: {counted(len(self.files), 'file')} "
            f"with {counted(self.cards_in, 'card')}, "
            f"{counted(self.bad_lines, 'bad line')} skipped.{rebuilt}"
        )

    def preview(self, limit: int = 10) -> list[dict[str, object]]:
        """Return the first recommendations as rows for a person."""
        return [
            {
                "window": row.window,
                "rank": row.rank,
                "product_id": row.product_id,
                "score": round(row.score, 4),
                "price": row.amount,
                "mean_price": round(row.mean_amount, 2),
                "currency": row.currency,
                "free_stock": row.free_stock,
                "interest": round(row.interest, 3),
            }
            for row in self.recommendations[:limit]
        ]
