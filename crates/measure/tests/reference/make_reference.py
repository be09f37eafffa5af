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
from scipy.stats import beta, binom

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
