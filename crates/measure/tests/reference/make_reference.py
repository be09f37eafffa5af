"""Makes reference.csv: values that the tests of plimsoll-measure are held against.

    python3 -m venv VENV && VENV/bin/pip install scipy && VENV/bin/python make_reference.py > reference.csv

Each line is a kind, its arguments and the expected answer. Probabilities are parts per billion. A tail that equals
1 - confidence in exact arithmetic counts as reached: SciPy's last digits decide otherwise at random.
"""

import math
import platform
import random

import numpy
import scipy
from scipy.stats import beta, binom, kendalltau, norm

ONE = 10**9
TIE = 1 + 1e-12


def upper_rank(n, q, c):
    """Smallest u with P(Bin(n, q) >= u) <= 1 - c."""
    alpha = (ONE - c) / ONE
    u = int(binom.isf(alpha, n, q / ONE)) + 1
    while u > 1 and binom.sf(u - 2, n, q / ONE) <= alpha * TIE:
        u -= 1
    while binom.sf(u - 1, n, q / ONE) > alpha * TIE:
        u += 1
    return u if u <= n else "none"


def lower_rank(n, q, c):
    """Largest l with P(Bin(n, q) <= l - 1) <= 1 - c."""
    alpha = (ONE - c) / ONE
    l = int(binom.ppf(alpha, n, q / ONE)) + 1
    while l > 0 and binom.cdf(l - 1, n, q / ONE) > alpha * TIE:
        l -= 1
    while l < n and binom.cdf(l, n, q / ONE) <= alpha * TIE:
        l += 1
    return l if l > 0 else "none"


def cp_upper(k, n, c):
    return ONE if k == n else math.ceil(beta.isf((ONE - c) / ONE, k + 1, n - k) * ONE)


def cp_lower(k, n, c):
    return 0 if k == 0 else math.floor(beta.ppf((ONE - c) / ONE, k, n - k + 1) * ONE)


def mann_kendall(*lists):
    """Score, and two-sided p with continuity correction and correction for ties (Mann 1945, Kendall 1975), pooled over
    several lists (Hirsch, Slack and Smith 1982)."""
    parts = [score_and_variance(xs) for xs in lists]
    s, var = (sum(column) for column in zip(*parts))
    return s, min(1.0, 2 * norm.sf(max(abs(s) - 1, 0) / math.sqrt(var))) if var else 1.0


def score_and_variance(xs):
    n = len(xs)
    s = sum((b > a) - (b < a) for i, a in enumerate(xs) for b in xs[i + 1 :])
    ties = [xs.count(x) for x in set(xs)]
    var = (n * (n - 1) * (2 * n + 5) - sum(t * (t - 1) * (2 * t + 5) for t in ties)) / 18
    if var == 0:
        return s, 0.0
    # Without the continuity correction this is SciPy's own asymptotic test of Kendall's tau against time.
    plain = 2 * norm.sf(abs(s) / math.sqrt(var))
    assert math.isclose(plain, kendalltau(range(n), xs, method="asymptotic").pvalue, rel_tol=1e-9, abs_tol=1e-12)
    return s, var


print(f"# SciPy {scipy.__version__}, NumPy {numpy.__version__}, Python {platform.python_version()}")

quantiles = [1, 1_000_000, 250_000_000, 500_000_000, 900_000_000, 950_000_000, 990_000_000, 999_000_000, 999_900_000]
confidences = [500_000_000, 900_000_000, 950_000_000, 975_000_000, 990_000_000, 999_999_000]
for n in [1, 2, 4, 5, 28, 29, 30, 59, 100, 298, 299, 1000, 2994, 2995, 4521, 29_956, 150_000, 10**6, 10**7]:
    for q in quantiles:
        for c in confidences:
            print(f"rank,{n},{q},{c},{lower_rank(n, q, c)},{upper_rank(n, q, c)}")

rng = random.Random(20261121)
cases = {(k, n) for n in (1, 2, 3, 5, 10, 20, 59, 100, 299, 1000, 2995, 10**5, 10**7, 10**8) for k in (0, 1, n // 2, n - 1, n)}
cases |= {(19, 20), (4, 5), (50_000, 10**7), (9_990_000, 10**7), (12_345_678, 10**8)}
for _ in range(150):
    n = int(10 ** rng.uniform(0, 7))
    cases.add((rng.randint(0, n), n))
for k, n in sorted(cases):
    for c in confidences:
        print(f"ratio,{k},{n},{c},{cp_lower(k, n, c)},{cp_upper(k, n, c)}")

series = [[5] * 12, list(range(12)), list(range(30, 0, -1)), [1, 2] * 10]
for n in (10, 15, 30, 60, 120):
    for drift in (0, 0.5, 3):
        series.append([rng.randint(0, 40) + int(drift * i) for i in range(n)])
        series.append([rng.randint(0, 3) + int(drift * i / 8) for i in range(n)])
pooled = [series[i : i + 3] for i in range(4, len(series), 3)]
for lists in [[xs] for xs in series] + pooled:
    s, p = mann_kendall(*lists)
    print(f"trend,{' | '.join(' '.join(map(str, xs)) for xs in lists)},{s},{p:.15e}")
