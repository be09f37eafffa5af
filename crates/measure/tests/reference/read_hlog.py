"""Reads windows.hlog with another implementation of HdrHistogram and prints what it found: window, value, count.

    python3 -m venv VENV && VENV/bin/pip install hdrhistogram && VENV/bin/python read_hlog.py > windows.csv
"""

import importlib.metadata
import pathlib

from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

print(f"# hdrhistogram {importlib.metadata.version('hdrhistogram')}")
path = pathlib.Path(__file__).with_name("windows.hlog")
reader = HistogramLogReader(str(path), HdrHistogram(1, 2**53 - 1, 3))
window = 0
while (histogram := reader.get_next_interval_histogram()) is not None:
    assert reader.start_time_sec == 1_795_294_753.0, reader.start_time_sec
    for item in histogram.get_recorded_iterator():
        upper = histogram.get_highest_equivalent_value(item.value_iterated_to)
        print(f"{window},{upper},{item.count_at_value_iterated_to}")
    window += 1
