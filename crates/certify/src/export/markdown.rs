//! GitHub Flavored Markdown: a summary for a pull request or a wiki.

use plimsoll_base::inert;
use plimsoll_evidence::{Amount, Measurement, Outcome};

use super::claim::{Claim, Standing, certificate_facts};
use crate::intact::{Intact, conclusion};

/// Facts that stand elsewhere on the page.
const ELSEWHERE: [&str; 3] = ["verification", "status", "subject"];

pub(super) fn render(intact: &Intact<'_>) -> String {
    let (signed, level) = (intact.certificate.status.name(), &intact.certificate.level);
    let now = intact.report.standing.as_ref().map_or(signed, |standing| standing.status.name());
    let status = if now == signed { signed.to_owned() } else { format!("{signed}, now {now}") };
    let mut page = format!("## {}: {status}, profile {}\n\n", code(&intact.title()), code(level));
    let sign = match intact.report.outcome {
        Outcome::Valid | Outcome::ValidDemo => "✓",
        _ => "**Not trusted.**",
    };
    page.push_str(&format!("{sign} Verification: {}\n\n", text(&conclusion(intact.report))));
    page.push_str("| criterion | verdict | state | measured | bounds | limit | maps to |\n");
    page.push_str("|---|---|---|---|---|---|---|\n");
    page.extend(Claim::all(intact).iter().map(row));
    page.push('\n');
    for (name, value) in certificate_facts(intact) {
        if !ELSEWHERE.contains(&name) {
            page.push_str(&format!("- {}: {}\n", name.replace('-', " "), text(&value)));
        }
    }
    page.push_str("\nThis lists evidence and claims no compliance. `plimsoll verify` computes it again from the raw data.\n");
    page
}

fn row(claim: &Claim<'_>) -> String {
    let shown = |of: fn(&Measurement) -> Option<Amount>| {
        let measurement = &claim.measured()?.measurement;
        Some(of(measurement)?.display(measurement.unit))
    };
    let bounds = match (shown(|all| all.lower), shown(|all| all.upper)) {
        (Some(lower), Some(upper)) => format!("{lower} to {upper}"),
        (Some(lower), None) => format!("from {lower}"),
        (None, Some(upper)) => format!("to {upper}"),
        (None, None) => "–".into(),
    };
    let sign = match claim.standing {
        Standing::Proven => "✓",
        Standing::Contradicted | Standing::Broken => "✗",
        Standing::Open => "?",
        Standing::Told => "~",
        Standing::NotApplicable => "–",
    };
    let measured = match claim.measured() {
        Some(_) => shown(|all| all.value).unwrap_or_else(|| "–".into()),
        None => text(&claim.decision()),
    };
    let mappings: Vec<String> = claim.mappings().iter().map(|one| code(one)).collect();
    format!(
        "| {} | {sign} {} | {} | {} | {bounds} | {} | {} |\n",
        code(claim.id()),
        claim.verdict.name().replace('_', " "),
        claim.state.name(),
        measured,
        text(&claim.limit()),
        mappings.join(", "),
    )
}

/// A sentence that may hold foreign words: as it is where nothing in it is markup, else as code, in which nothing is. It
/// is never the first on its line, where more would be markup.
pub(super) fn text(text: &str) -> String {
    let is_plain = |one: char| one.is_alphanumeric() || " ,.;:()%/'-=<>±–≤≥·".contains(one);
    let small = text.to_lowercase();
    let is_link = small.contains("://") || small.contains("www.");
    if !text.chars().all(is_plain) || is_link {
        return code(text);
    }
    text.replace('<', "&lt;").replace('>', "&gt;")
}

/// Foreign words as code: no markup, no link, nobody notified. A bar would end a table's cell even there, and is written
/// out as are line ends and what is not seen.
pub(super) fn code(text: &str) -> String {
    let text = inert(text).replace('|', r"\u{7c}");
    let fence = "`".repeat(1 + longest_run(&text));
    // A space on either side is taken off again, and keeps back-ticks from the fence.
    let room = if text.is_empty() || text.contains('`') { " " } else { "" };
    format!("{fence}{room}{text}{room}{fence}")
}

/// The most back-ticks in a row.
fn longest_run(text: &str) -> usize {
    text.split(|one| one != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn foreign_words_are_code() {
        assert_eq!([code("notes 1.0"), code(""), code("`")], ["`notes 1.0`", "`  `", "`` ` ``"]);
        assert_eq!(code("a``b|c\nd"), r"``` a``b\u{7c}c\u{a}d ```");
        assert_eq!(text("at most 5 ms: p99 <= 250 ms"), "at most 5 ms: p99 &lt;= 250 ms");
        for marked in
            ["*a*", "@all", "[a](b)", "see http://a", "see WWW.a", "#1", "a_b_", "&amp;", "\\", "!", "~"]
        {
            assert_eq!(text(marked), format!("`{marked}`"));
        }
    }

    proptest! {
        #[test]
        fn no_text_leaves_its_line_its_cell_or_its_fence(words in any::<String>()) {
            for out in [code(&words), text(&words)] {
                let unsafe_here = ['\n', '\r', '|', '\u{202e}'];
                prop_assert!(!out.contains(unsafe_here));
            }
            let out = code(&words);
            let fence = out.chars().take_while(|one| *one == '`').count();
            let within = &out[fence..out.len() - fence];
            prop_assert!(longest_run(within) < fence);
            prop_assert!(!within.is_empty() && !within.starts_with('`') && !within.ends_with('`'));
        }
    }
}
