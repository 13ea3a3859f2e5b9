"""The SQL of workers' figures."""

from __future__ import annotations

from hatobin.ports import Session

FIGURES_KEPT_S = 60.0
"""A worker that has told nothing for so long is gone."""


def put_figures(session: Session, node: str, worker: int, figures: str, now: float) -> None:
    """Write down what a worker counts; what workers told that are gone is forgotten, also other nodes'."""
    session.execute(
        """INSERT INTO worker_figures (node, worker, at, figures) VALUES (:node, :worker, :now, :figures)
        ON CONFLICT (node, worker) DO UPDATE SET at = excluded.at, figures = excluded.figures""",
        {"node": node, "worker": worker, "now": now, "figures": figures},
    )
    session.execute("DELETE FROM worker_figures WHERE at < :before", {"before": now - FIGURES_KEPT_S})


def shared_figures(session: Session, node: str, now: float) -> list[tuple[int, str]]:
    """Give what the workers of a node told, in their order."""
    rows = session.execute(
        "SELECT worker, figures FROM worker_figures WHERE node = :node AND at >= :since ORDER BY worker",
        {"node": node, "since": now - FIGURES_KEPT_S},
    )
    return [(int(worker), figures) for worker, figures in rows]
