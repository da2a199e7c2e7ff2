"""Efron's partial likelihood of times until an event, with weights and late entry; its derivatives and residuals.

Sums over those at risk run through the T event times, never through pairs of customers. Source: Efron, JASA 72 (1977)
557-565; Therneau and Grambsch, Modeling Survival Data (2000), 3.3 and 4.6 (weights and score residuals).
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Partial:
    """Efron's partial likelihood. A row stands for as many customers as its number says, tied with one another."""

    z: np.ndarray
    w: np.ndarray  # sums of weights of the rows
    left: np.ndarray  # 1 where the customers of a row left
    last: np.ndarray  # place of the row's time among the T event times (the last at or before it), -1 for none
    first: np.ndarray  # place of the first event time after entry
    place: np.ndarray  # event time of each step; a time with d events has d steps
    share: np.ndarray  # l / d of each step: how far the tied events have left already
    mean: np.ndarray  # mean weight of an event at each step's time
    rank: np.ndarray  # mean rank of each event time among all customers' times, T

    @classmethod
    def of(cls, z, w, rows, left, at, since) -> "Partial":
        """The likelihood of these times."""
        gone = left > 0
        times = np.unique(at[gone])
        last = np.searchsorted(times, at, "right") - 1
        first = np.searchsorted(times, since, "right")
        events = np.bincount(last[gone], rows[gone], len(times)).astype(int)
        place = np.repeat(np.arange(len(times)), events)
        step = np.arange(len(place)) - np.repeat(np.cumsum(events) - events, events)
        mean = np.bincount(last[gone], w[gone], len(times)) / events
        order = np.argsort(at)
        count = np.r_[0.0, np.cumsum(rows[order])]
        earlier, upto = (count[np.searchsorted(at[order], times, side)] for side in ("left", "right"))
        return cls(z, w, left, last, first, place, step / events[place], mean[place], (earlier + upto + 1) / 2)

    def _at_risk(self, values: np.ndarray) -> np.ndarray:
        """Sums over those at risk at each event time (T x …)."""
        steps = self.place.max() + 2
        flow = np.zeros((steps, *values.shape[1:]))
        seen = self.last >= self.first
        np.add.at(flow, self.first[seen], values[seen])
        np.add.at(flow, self.last[seen] + 1, -values[seen])
        return np.cumsum(flow, axis=0)[:-1]

    def _tied(self, values: np.ndarray) -> np.ndarray:
        """Sums over those who leave at each event time."""
        sums = np.zeros((self.place.max() + 1, *values.shape[1:]))
        gone = self.left > 0
        np.add.at(sums, self.last[gone], values[gone])
        return sums

    def _means(self, b):
        """Relative risk of each row; the sum at risk and the mean of the terms in it at each step."""
        predictor = self.z @ b
        risk = np.exp(predictor - predictor.max())
        weight = (self.w * risk)[:, None]
        sums = self._at_risk(np.hstack([weight, weight * self.z]))[self.place]
        sums = sums - self.share[:, None] * self._tied(np.hstack([weight, weight * self.z]))[self.place]
        return risk, predictor, sums[:, 0], sums[:, 1:] / sums[:, :1]

    def value(self, b) -> float:
        """The log partial likelihood."""
        _, predictor, total, _ = self._means(b)
        if not (total > 0).all():
            return -np.inf
        return float((self.w * self.left) @ predictor - self.mean @ (np.log(total) + predictor.max()))

    def slopes(self, b, when: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Gradient and information; each event time counted `when` (T) times, if given."""
        when = np.ones(self.place.max() + 1) if when is None else when
        risk, _, total, centre = self._means(b)
        mean = self.mean * when[self.place]
        gradient = (self.w * self.left * when[np.maximum(self.last, 0)]) @ self.z - mean @ centre
        # Sums of squares at risk, through the steps at which each row is at risk: no T x p x p table is needed.
        hazard, early = self._cumulated((mean / total)[:, None])
        within = self.w * risk * (hazard[:, 0] - early[:, 0])
        squares = (self.z * within[:, None]).T @ self.z
        return gradient, squares - (centre * mean[:, None]).T @ centre

    def changes(self, b, when: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Gradient in coefficients that change as `when` (T), and the information that goes with them.

        The second is shared by constant and changing coefficients, the third is of the changing ones.
        """
        gradient, crossed = self.slopes(b, when)
        return gradient, crossed, self.slopes(b, when**2)[1]

    def _cumulated(self, steps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Sums of step values over the event times at which a row is at risk; and what its own tied event takes off."""
        times = self.place.max() + 1
        by_time, tied = (np.zeros((times, steps.shape[1])) for _ in range(2))
        np.add.at(by_time, self.place, steps)
        np.add.at(tied, self.place, steps * self.share[:, None])
        running = np.vstack([np.zeros(steps.shape[1]), np.cumsum(by_time, axis=0)])
        seen = (self.last >= self.first)[:, None]
        whole = np.where(seen, running[self.last + 1] - running[self.first * seen[:, 0]], 0.0)
        own = np.where((self.left > 0)[:, None], tied[np.maximum(self.last, 0)], 0.0)
        return whole, own

    def residuals(self, b, when: np.ndarray | None = None) -> np.ndarray:
        """The score of each row, per unit of weight: its event less what was expected of it, term by term."""
        when = np.ones(self.place.max() + 1) if when is None else when
        risk, _, total, centre = self._means(b)
        increment = (self.mean * when[self.place] / total)[:, None]
        hazard, own_hazard = self._cumulated(increment)
        drift, own_drift = self._cumulated(increment * centre)
        expected = risk[:, None] * (self.z * (hazard - own_hazard) - (drift - own_drift))
        means = np.zeros((self.place.max() + 1, self.z.shape[1]))
        np.add.at(means, self.place, centre)
        means /= np.bincount(self.place)[:, None]
        place = np.maximum(self.last, 0)
        return np.where((self.left > 0)[:, None], (self.z - means[place]) * when[place, None], 0.0) - expected
