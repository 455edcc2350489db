"""What a run of the recommender tells of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from goodsflow.clients.hdfs import TopicFile


@dataclass(frozen=True)
class Recommendation:
    """A recommended card.

    Attributes:
        window: The window's index within the run.
        rank: From 1 within the window.
        product_id: The key it is published under.
        score: As ``docs/explanation/recommender.md`` has it.
        mean_amount: The mean of all the product's prices so far, in its currency.
        amount: The latest price.
        currency: Of both; empty where the card names none.
        free_stock: Pieces that are there and not reserved.
        interest: The weight of the searches that would find it.
        card: The card's JSON, byte for byte as it came.
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
    """What a run found and did.

    Attributes:
        windows: Windows taken; 0 means that nothing was done.
        files: Files taken, in order.
        files_waiting: Files beyond the offsets when the run looked.
        files_needed: Files that make a window complete.
        cards_in: Lines read that are cards.
        bad_lines: Lines read that are not, and were skipped.
        recommendations: What was published, in order.
        offsets_before: Committed offsets by partition when the run looked.
        offsets_after: Committed offsets by partition when it had ended.
        event_files: Files of events taken.
        searches: Different searches that were known at the last window.
        rebuilt_from: Files that were read again because the state of these offsets was
            gone; 0 where it was there.
        snapshot: The name of the state that the run has left.
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
        """How many cards were published."""
        return len(self.recommendations)

    def summary(self) -> str:
        """Say in one line what came of the run."""
        if not self.windows:
            return (
                f"Nothing to recommend: {self.files_waiting} files wait, "
                f"{self.files_needed} make a window."
            )
        rebuilt = (
            f" What was known of earlier windows was gone: it was computed anew from "
            f"{self.rebuilt_from} files."
            if self.rebuilt_from
            else ""
        )
        return (
            f"Published {self.cards_out} cards of {self.windows} windows: "
            f"{len(self.files)} files with {self.cards_in} cards, "
            f"{self.bad_lines} bad lines skipped.{rebuilt}"
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
