"""Banner tables of noise: at most one row in twenty has a letter, in 2,000 tables of 30 uneven columns."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from cxlib.banner import banner

pytestmark = pytest.mark.soak
TABLES, BATCH = 2000, 200


@pytest.mark.parametrize("drawn", ["0.1", "0.3", "0.5", "lognormal"])
@pytest.mark.parametrize("design", ["plain", "weights and clusters"])
def test_noise_has_a_letter_in_one_row_of_twenty_at_most(drawn, design):
    rng = np.random.default_rng(2000)
    group = np.repeat([f"g{i:02d}" for i in range(30)], np.linspace(30, 300, 30).astype(int))
    n, marked = len(group), 0
    for _ in range(TABLES // BATCH):
        if drawn == "lognormal":
            names = [f"q{i}" for i in range(BATCH)]
            answers = {name: rng.lognormal(0, 0.5, n) for name in names}
        else:
            names = ["q"]
            answers = {f"q.{i}": (rng.random(n) < float(drawn)).astype(float) for i in range(BATCH)}
        frame, how = pd.DataFrame({"g": group} | answers), {}
        if design != "plain":
            frame = frame.assign(w=rng.lognormal(0, 0.4, n), c=rng.integers(0, 600, n))
            how = {"weights": "w", "clusters": "c"}
        cells = banner(frame, names, "g", **how).cells
        marked += int(cells["letters"].str.contains("[A-Z]").groupby([cells["question"], cells["line"]]).any().sum())
    print(f"\n{drawn}, {design}: a letter in {marked} of {TABLES} tables, {marked / TABLES:.4f}")
    assert marked <= binom.isf(0.001, TABLES, 0.05)
