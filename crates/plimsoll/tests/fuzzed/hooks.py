"""What the fuzzer must know of the server that no reference says."""

import os
import pathlib

import schemathesis
from hypothesis import strategies

ROOT = pathlib.Path(__file__).resolve().parents[4]
# The names and ids of those who ask: whoever ends his own session asks nothing more.
KEPT = set(os.environ["PLIMSOLL_KEPT"].split())

texts = [path.read_bytes() for folder in ("examples/subjects", "profiles") for path in (ROOT / folder).glob("*.toml")]
schemathesis.openapi.media_type(
    "application/toml", strategies.sampled_from(sorted(texts)) | strategies.text().map(str.encode) | strategies.binary()
)


@schemathesis.hook
def filter_case(_context, case):
    named = {str(text) for text in (case.path_parameters or {}).values()}
    return case.method == "GET" or not named & KEPT
