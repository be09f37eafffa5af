//! The page as a whole, on whole made-up certifications.

use plimsoll_evidence::{Issuance, Status, SubjectKind};

use super::fixture::{Story, signed_at};
use super::*;

fn page(story: &Story, issuance: Issuance) -> String {
    let (documents, judgement) = story.judged();
    render(&documents, &judgement, issuance)
}

fn render(documents: &Documents, judgement: &Judgement, issuance: Issuance) -> String {
    render_report(&ReportInput {
        documents,
        judgement,
        issuance,
        issuer_fingerprint: "7c1e 09af 33d2 5b80 41c6 e2a9 8d07 f4b3 6a15 c9d8 20e7 b46f 915c 3ad0 88f2 174e",
        at: signed_at(),
    })
}

/// Where each of `parts` stands in the page; a part that is missing fails the test.
fn places(page: &str, parts: &[&str]) -> Vec<usize> {
    parts.iter().map(|part| page.find(part).unwrap_or_else(|| panic!("{part} is missing"))).collect()
}

/// Reads the page as strictly as XML is read, but for elements without content. Gives the elements' names.
fn elements(page: &str) -> Vec<String> {
    let mut open: Vec<String> = Vec::new();
    let mut names = Vec::new();
    let body = page.strip_prefix("<!doctype html>\n").unwrap();
    for piece in body.split('<').skip(1) {
        let (tag, _) = piece.split_once('>').unwrap_or_else(|| panic!("<{piece} is not closed"));
        assert_eq!(tag.matches('"').count() % 2, 0, "unbalanced quotes in <{tag}>");
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop().as_deref(), Some(name), "</{name}> closes another element"),
            None => {
                let name = tag.split(' ').next().unwrap().to_owned();
                names.push(name.clone());
                if name != "meta" {
                    open.push(name);
                }
            }
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
    names
}

/// The stories that are worth looking at, by the name of their file.
fn stories() -> [(&'static str, Story, Issuance); 7] {
    [
        ("certified", Story::certified(), Issuance::Issued),
        ("preliminary-demo", Story::preliminary(), Issuance::Demo),
        ("denied", Story::denied(), Issuance::Issued),
        ("pending", Story::pending(), Issuance::Issued),
        ("leaking", Story::leaking(), Issuance::Issued),
        ("by-url", Story::by_url(), Issuance::Issued),
        ("hostile", hostile(), Issuance::Issued),
    ]
}

fn hostile() -> Story {
    Story {
        name: "<script>alert(1)</script>\u{202e}\" onload='x".into(),
        version: "</title><img src=x>\0".into(),
        statement: "</td></table><style>*{display:none}</style> ]]> &amp;".into(),
        ..Story::preliminary()
    }
}

#[test]
fn every_page_is_well_formed_the_same_each_time_and_can_be_looked_at() {
    for (name, story, issuance) in stories() {
        let html = page(&story, issuance);
        assert!(elements(&html).len() > 300, "{name} is nearly empty");
        assert_eq!(html, page(&story, issuance), "{name} differs from itself");
        // For eyes: PLIMSOLL_REPORT_DIR=shots cargo nextest run report
        if let Some(folder) = std::env::var_os("PLIMSOLL_REPORT_DIR") {
            std::fs::write(std::path::Path::new(&folder).join(format!("{name}.html")), html).unwrap();
        }
    }
}

#[test]
fn the_verdict_and_what_it_does_not_prove_come_first() {
    let html = page(&Story::certified(), Issuance::Issued);
    let parts = [
        "<h1>notes 1.2.0</h1>",
        "<p class=\"status\">",
        "id=\"limits\"",
        "The same party measured and signed",
        "id=\"criteria\"",
        "id=\"load-line\"",
        "id=\"latency\"",
        "id=\"time\"",
        "id=\"controls\"",
        "id=\"gates\"",
        "id=\"calibration\"",
        "id=\"drills\"",
        "id=\"provenance\"",
        "id=\"verify\"",
    ];
    let places = places(&html, &parts);
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn every_criterion_stands_with_its_decision() {
    for story in [Story::certified(), Story::denied(), Story::by_url()] {
        let (_, judgement) = story.judged();
        let html = page(&story, Issuance::Issued);
        let table = html.split("class=\"criteria cards\"").nth(1).unwrap().split("</table>").next().unwrap();
        let rows: Vec<&str> = table.split("<tr").filter(|row| row.contains("scope=\"row\"")).collect();
        assert_eq!(rows.len(), judgement.criteria.len());
        for (judged, row) in judgement.criteria.iter().zip(rows) {
            assert!(row.contains(&format!("<code>{}</code>", judged.criterion.id)), "{row}");
            assert!(row.contains(&judged.verdict.name().replace('_', " ")), "{row}");
            assert!(row.contains(judged.state().name()), "{row}");
            if let Some(value) = judged.measurement.value {
                assert!(row.contains(&words::amount(Some(value), judged.measurement.unit)), "{row}");
            }
        }
    }
}

#[test]
fn nothing_hostile_leaves_its_place() {
    let honest = page(&Story::preliminary(), Issuance::Issued);
    let html = page(&hostile(), Issuance::Issued);
    assert_eq!(elements(&html), elements(&honest), "a value has become an element");
    assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;\\u{202e}&quot; onload=&#39;x"));
    assert!(!html.contains(['\u{202e}', '\0']));
}

#[test]
fn nothing_is_loaded_and_nothing_runs() {
    let html = page(&Story::certified(), Issuance::Issued);
    let names = elements(&html);
    for name in [
        "script",
        "img",
        "link",
        "iframe",
        "object",
        "embed",
        "base",
        "form",
        "image",
        "use",
        "foreignObject",
    ] {
        assert!(!names.iter().any(|element| element == name), "<{name}> in the page");
    }
    for text in [" src=", " onload", "@import", "url(", "://", "style=\""] {
        assert!(!html.contains(text), "{text} in the page");
    }
    assert!(html.contains("content=\"default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;;"));
}

#[test]
fn the_status_is_said_in_words() {
    let (_, certified) = Story::certified().judged();
    let (_, preliminary) = Story::preliminary().judged();
    let (_, denied) = Story::denied().judged();
    assert_eq!(
        [certified.status, preliminary.status, denied.status],
        [Status::Certified, Status::Preliminary, Status::Denied]
    );
    for judgement in [&certified, &preliminary, &denied] {
        assert!(plimsoll_evidence::without_control(judgement).is_empty(), "the stories are issuable");
    }
    assert!(page(&Story::certified(), Issuance::Issued).contains("</span> certified</span>"));
    assert!(page(&Story::preliminary(), Issuance::Issued).contains("but on fewer than five trials"));
    let html = page(&Story::denied(), Issuance::Issued);
    assert!(html.contains("</span> denied</span>") && html.contains("Speaks until"));
}

#[test]
fn a_probe_that_was_not_seen_red_is_named_on_the_first_screen() {
    let seen = "Each blocking probe that decided was seen red on a planted defect.";
    assert!(page(&Story::certified(), Issuance::Issued).contains(seen));
    let (documents, mut judgement) = Story::certified().judged();
    judgement.criteria[0].control = None;
    let html = render(&documents, &judgement, Issuance::Issued);
    assert!(!html.contains(seen) && html.contains("latency-p99: no planted defect was tried"));
}

#[test]
fn a_gate_that_does_not_hold_is_open_to_the_eye() {
    let (_, judgement) = Story::pending().judged();
    assert_eq!(judgement.status, Status::Pending);
    let html = page(&Story::pending(), Issuance::Issued);
    assert!(html.contains("</span> pending</span>") && html.contains("INCONCLUSIVE"));
    let gates = html.split("id=\"gates\"").nth(1).unwrap().split("</section>").next().unwrap();
    assert!(gates.contains("<details open=\"\">") && gates.contains("≤ 80\u{a0}%"));
    let honest = page(&Story::certified(), Issuance::Issued);
    assert!(!honest.contains("<details open"), "what holds is folded");
}

#[test]
fn a_long_trial_is_summed_up_to_what_a_page_can_show() {
    let story = Story { trial_ns: 300_000_000_000, ..Story::preliminary() };
    let html = page(&story, Issuance::Issued);
    assert!(html.contains("Windows of 3 seconds."));
    let rows =
        html.split("<caption>Latency over time</caption>").nth(1).unwrap().split("</table>").next().unwrap();
    assert_eq!(rows.matches("scope=\"row\"").count(), 100, "300 windows by threes");
    let good =
        html.split("<caption>Replies over time</caption>").nth(1).unwrap().split("</table>").next().unwrap();
    assert_eq!(good.matches(">600</td>").count(), 300, "3 trials of 100 points of 3 seconds at 200/s");
}

#[test]
fn documents_without_a_plan_make_a_page_that_says_so() {
    let (_, judgement) = Story::preliminary().judged();
    let html = render(&Documents::default(), &judgement, Issuance::Issued);
    assert!(html.contains("No report: ") && html.contains("plan"));
    elements(&html);
}

#[test]
fn what_never_ended_is_inf_in_words_and_in_plots() {
    let html = page(&Story::denied(), Issuance::Issued);
    assert!(
        html.contains("<span class=\"value\">inf</span>"),
        "p99 of a subject that drops 1.5 % is infinite"
    );
    let percentiles = html.rsplit("plot-percentiles-title").next().unwrap();
    assert!(percentiles.split("</svg>").next().unwrap().contains(">inf</text>"), "the axis names infinity");
    assert!(!html.contains("NaN"), "a place on a plot is not a number");
}

#[test]
fn a_demonstration_says_so_before_anything_else() {
    let demo = page(&Story::preliminary(), Issuance::Demo);
    let places = places(&demo, &["class=\"banner\"", "Demonstration. Signed with a throw-away key", "<h1>"]);
    assert!(places.is_sorted());
    assert!(!page(&Story::preliminary(), Issuance::Issued).contains("class=\"banner\""));
}

#[test]
fn what_does_not_apply_is_an_exclusion_and_makes_no_section() {
    let story = Story::by_url();
    assert_eq!(story.kind, SubjectKind::Url);
    let html = page(&story, Issuance::Issued);
    assert!(html.contains("start-up: the subject is known by URL only"));
    assert!(html.contains("none applies"), "a domain without criteria that apply has no score");
    assert!(!html.contains("id=\"drills\""), "no drill was made");
}

#[test]
fn what_nothing_measures_stands_with_what_is_missing() {
    let html = page(&Story::by_url(), Issuance::Issued);
    let parts = ["have no probe yet", "id=\"gaps\"", "penetration", "NOT MEASURED", "canary server"];
    assert!(places(&html, &parts).is_sorted());
    assert!(!page(&Story::certified(), Issuance::Issued).contains("id=\"gaps\""));
}

#[test]
fn whoever_has_to_sign_off_is_named() {
    let html = page(&Story::by_url(), Issuance::Issued);
    let parts =
        ["id=\"sign-offs\"", "wants 1 of 2 roles", "security-reviewer", "reads the code", "a@example.org"];
    assert!(places(&html, &parts).is_sorted());
    assert!(!page(&Story::certified(), Issuance::Issued).contains("id=\"sign-offs\""));
}

#[test]
fn plots_have_words_and_numbers_beside_them() {
    let html = page(&Story::certified(), Issuance::Issued);
    for id in ["plot-load-line", "plot-percentiles", "plot-time", "plot-replies"] {
        let figure =
            html.split(&format!("{id}-title {id}-description")).nth(1).unwrap_or_else(|| panic!("{id}"));
        let figure = figure.split("</figure>").next().unwrap();
        for part in ["<title id=", "<desc id=", "<figcaption>", "<details>", "<caption>"] {
            assert!(figure.contains(part), "{id} has no {part}");
        }
    }
    assert!(html.contains("load line 600/s"));
    assert!(html.contains("The next step, 800/s, does not pass: latency-p99"));
}

/// What each was at most, its limit, and how it went; a limit that is far away is told and not drawn.
#[test]
fn a_soak_is_drawn_with_its_limits_and_its_trends() {
    let html = page(&Story::leaking(), Issuance::Issued);
    let section = html.split("id=\"soak\"").nth(1).unwrap().split("</section>").next().unwrap();
    for part in [
        "30\u{a0}s of load at 200/s",
        "Resident memory still grew at the end: 58.83 MiB to 70.52 MiB in the second half.",
        "The number of open files does not grow: 24 at the end.",
        "at most 26, limit ≤ 512.",
        "limit ≤ 256\u{a0}MiB",
        "limit ≤ 50\u{a0}%",
    ] {
        assert!(section.contains(part), "{part}\n{section}");
    }
    let figures: Vec<&str> = section.split("<figure>").skip(1).collect();
    let named = |figure: &&str| figure.contains("class=\"limit\"");
    assert_eq!(figures.iter().map(named).collect::<Vec<_>>(), [true, false, false, false]);
    assert!(figures.iter().all(|figure| figure.matches("scope=\"row\"").count() >= 80), "every look");
    assert!(!section.contains("NaN"));
    assert!(!page(&Story::certified(), Issuance::Issued).contains("id=\"soak\""));
}

/// When a fault began and ended is drawn, and what failed and how long it took to be as before is told.
#[test]
fn a_fault_drill_shows_when_the_fault_held() {
    let html = page(&Story::faulted(), Issuance::Issued);
    let section = html.split("id=\"faults\"").nth(1).unwrap().split("</section>").next().unwrap();
    for part in ["3.02\u{a0}s", "6.021\u{a0}s", "98.3\u{a0}%", "0 of 620", "979\u{a0}ms", "slowest reply"] {
        assert!(section.contains(part), "{part}\n{section}");
    }
    let figures: Vec<&str> = section.split("<figure>").skip(1).collect();
    assert_eq!(figures.len(), 2);
    for figure in figures {
        assert_eq!(figure.matches("class=\"limit\"").count(), 2, "the fault's beginning and end");
        assert!(figure.contains(">paused<") && figure.contains(">over<"), "{figure}");
    }
    assert!(!section.contains("NaN"));
    assert!(!page(&Story::certified(), Issuance::Issued).contains("id=\"faults\""));
}

/// A trial of 5.5 s has a last window of half a second.
#[test]
fn a_window_that_is_no_whole_one_says_so() {
    let html = page(&Story::preliminary(), Issuance::Issued);
    let table = html.split("<caption>Replies over time").nth(1).unwrap().split("</table>").next().unwrap();
    assert_eq!(table.matches(" in 0.5\u{a0}s").count(), 3, "{table}");
    assert!(!page(&Story::certified(), Issuance::Issued).contains(" in 0.5\u{a0}s"));
}

/// Not one rate was judged: no word, mark or line may look as if one had passed.
#[test]
fn a_rate_without_a_decision_does_not_look_passed() {
    let html = page(&Story::pending(), Issuance::Issued);
    let section = html.split("id=\"load-line\"").nth(1).unwrap().split("</section>").next().unwrap();
    for part in ["nothing is decided at the lowest rate", "class=\"unsure\"", "</span> not measurable</span>"]
    {
        assert!(section.contains(part), "{part}");
    }
    for part in ["class=\"dot\"", "class=\"cross\"", "</span> passes", "does not pass</span>"] {
        assert!(!section.contains(part), "{part}");
    }
}

#[test]
fn the_page_shows_no_signature_and_tells_how_to_verify() {
    let html = page(&Story::certified(), Issuance::Issued);
    assert!(html.contains("<code>plimsoll verify DIR</code>"));
    assert!(html.contains("verify recomputes them from evidence/ and never reads this page"));
    assert!(!html.contains("tlog") && !html.contains("seq "), "written before signing");
}
