//! JUnit and XCCDF. No document type is read, so that no entity can grow.

use plimsoll_evidence::Gravity;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::Parsed;
use crate::inspection::place::time;

/// Deeper documents were made to exhaust whoever reads them.
const DEPTH_MAX: usize = 64;

/// What is read of a document: where elements begin and end, and the text in them.
enum Piece<'a> {
    Open(&'a BytesStart<'a>),
    Close(&'a str),
    Text(&'a str),
}

/// Reads a whole document and gives each piece.
fn each(bytes: &[u8], mut take: impl FnMut(Piece<'_>) -> Result<(), String>) -> Result<(), String> {
    let wrong = |error: quick_xml::Error| format!("it is not XML: {error}");
    let text = std::str::from_utf8(bytes).map_err(|_| "it is no text in UTF-8")?;
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let (mut depth, mut elements) = (0usize, 0u64);
    loop {
        match reader.read_event().map_err(wrong)? {
            Event::DocType(_) => return Err("it has a document type, which is not read".into()),
            Event::Start(start) => {
                (depth, elements) = (depth + 1, elements + 1);
                if depth > DEPTH_MAX {
                    return Err("it is nested too deep".into());
                }
                take(Piece::Open(&start))?;
            }
            Event::Empty(start) => {
                elements += 1;
                take(Piece::Open(&start))?;
                take(Piece::Close(start.local_name().into_inner()))?;
            }
            Event::End(end) => {
                depth = depth.saturating_sub(1);
                take(Piece::Close(end.local_name().into_inner()))?;
            }
            Event::Text(text) => take(Piece::Text(text.xml10_content().trim()))?,
            Event::Eof if depth > 0 || elements == 0 => return Err("it is not XML: it ends too early".into()),
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

/// An attribute; `None` if it is not there.
fn attribute(start: &BytesStart<'_>, name: &str) -> Result<Option<String>, String> {
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| format!("it is not XML: {error}"))?;
        if attribute.key.local_name().into_inner() == name {
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            return value
                .map(|value| Some(value.into_owned()))
                .map_err(|error| format!("it is not XML: {error}"));
        }
    }
    Ok(None)
}

/// JUnit as pytest, Maven and nextest write it. What was examined are tests that were not skipped.
pub(super) fn junit(bytes: &[u8]) -> Result<Parsed, String> {
    let (mut parsed, mut is_junit) = (Parsed::default(), false);
    let mut case: Option<(String, String)> = None;
    let (mut is_skipped, mut is_failed) = (false, false);
    each(bytes, |piece| {
        match piece {
            Piece::Open(start) => match start.local_name().into_inner() {
                "testsuites" | "testsuite" => {
                    is_junit = true;
                    parsed.measured_at(attribute(start, "timestamp")?.as_deref().and_then(time));
                }
                "testcase" => {
                    let name = attribute(start, "name")?.unwrap_or_default();
                    case = Some((name, attribute(start, "classname")?.unwrap_or_default()));
                    (is_skipped, is_failed) = (false, false);
                }
                "failure" | "error" if case.is_some() => is_failed = true,
                "skipped" => is_skipped = true,
                "property" if attribute(start, "name")?.as_deref() == Some("git.commit") => {
                    parsed.of = attribute(start, "value")?;
                }
                _ => {}
            },
            Piece::Close("testcase") => {
                if let Some((name, class)) = case.take() {
                    parsed.examined += u64::from(!is_skipped);
                    if is_failed {
                        parsed.found(Gravity::High, &name, &class);
                    }
                }
            }
            Piece::Close(_) | Piece::Text(_) => {}
        }
        Ok(())
    })?;
    if is_junit { Ok(parsed) } else { Err("it is not JUnit".into()) }
}

/// The results of XCCDF as OpenSCAP writes them. What was examined are rules with a result that says something.
pub(super) fn xccdf(bytes: &[u8]) -> Result<Parsed, String> {
    let (mut parsed, mut is_result) = (Parsed::default(), false);
    let mut rule: Option<(String, Gravity)> = None;
    let mut is_in_result = false;
    each(bytes, |piece| {
        match piece {
            Piece::Open(start) => match start.local_name().into_inner() {
                "TestResult" => {
                    is_result = true;
                    parsed.measured_at(attribute(start, "end-time")?.as_deref().and_then(time));
                }
                "rule-result" => {
                    let id = attribute(start, "idref")?.ok_or("it has a result of no rule")?;
                    rule = Some((id, gravity(attribute(start, "severity")?.as_deref())));
                }
                "result" => is_in_result = rule.is_some(),
                _ => {}
            },
            Piece::Text(text) if is_in_result && !text.is_empty() => {
                if let Some((id, gravity)) = &rule {
                    match text {
                        "pass" | "fixed" => parsed.examined += 1,
                        "notapplicable" | "notchecked" | "notselected" | "informational" => {}
                        other => {
                            parsed.examined += 1;
                            parsed.found(*gravity, id, other);
                        }
                    }
                }
            }
            Piece::Close("result") => is_in_result = false,
            Piece::Close("rule-result") => rule = None,
            Piece::Close(_) | Piece::Text(_) => {}
        }
        Ok(())
    })?;
    if is_result { Ok(parsed) } else { Err("it has no TestResult of XCCDF".into()) }
}

fn gravity(word: Option<&str>) -> Gravity {
    match word {
        Some("high") => Gravity::High,
        Some("low") => Gravity::Low,
        Some("info") => Gravity::Note,
        _ => Gravity::Medium,
    }
}
