//! Verdicts, criteria and plans as tables for people and as JSON for machines.

use plimsoll_base::{Kind, Quantity, Unit, inert, inert_json};
use plimsoll_certify::{Intact, Issued, expected_ns};
use plimsoll_evidence::{
    Amount, CertificatePredicate, ControlResult, EffectiveStatus, Family, Fault, Gap, JudgedCriterion,
    Judgement, Plan, Probe, Profile, Role, State, Status, Verdict,
};
use serde_json::{Value, json};

use super::columns::{self, Side};
use crate::failure::Failure;
use crate::print::{Printer, Style};

/// The verdicts of a certificate: status, criteria, load line, conditions, what is not proven.
pub(crate) fn judgement(
    certificate: &CertificatePredicate,
    judgement: &Judgement,
    printer: &Printer,
) -> String {
    let rows: Vec<[String; 5]> = judgement.criteria.iter().map(row).collect();
    let head = ["criterion", "verdict", "measured", "limit", "control"];
    let table = table(head, &rows, |line, row| painted(line, row, &judgement.criteria, printer));
    format!("{}\n{table}\n{}", heading(certificate, None, printer), findings(certificate, printer))
}

/// The same for a reader: with the state of each claim at the time asked about, and bounds in a column of their own.
pub(crate) fn shown(intact: &Intact<'_>, printer: &Printer) -> String {
    let (certificate, judgement) = (intact.certificate, intact.judgement);
    let rows: Vec<[String; 6]> =
        intact.criteria().map(|(judged, summary)| state_row(judged, intact.state(summary))).collect();
    let head = ["criterion", "verdict", "state", "measured", "bounds", "limit"];
    let table = table(head, &rows, |line, row| painted(line, row, &judgement.criteria, printer));
    let now = intact.report.standing.as_ref().map(|standing| standing.status);
    format!("{}\n{table}\n{}", heading(certificate, now, printer), findings(certificate, printer))
}

/// The subject, the profile and the status: that which was signed, and that which it has `now`, if it is another.
fn heading(certificate: &CertificatePredicate, now: Option<EffectiveStatus>, printer: &Printer) -> String {
    let subject = &certificate.subject;
    let title = inert(format!("{} {}", subject.name, subject.version).trim_end());
    let status = printer.styled(status_style(certificate.status), certificate.status.name());
    let now = now.filter(|now| now.name() != certificate.status.name());
    let now = now.map_or_else(String::new, |now| format!(", now {}", effective(now, printer)));
    format!("{title} · profile {} · {status}{now}\n", inert(&certificate.level))
}

/// A status with all that was said since, in its colour.
pub(super) fn effective(status: EffectiveStatus, printer: &Printer) -> String {
    let style = match status {
        EffectiveStatus::Judged(status) => status_style(status),
        _ => Style::Bad,
    };
    printer.styled(style, status.name())
}

/// What stands below the criteria.
fn findings(certificate: &CertificatePredicate, printer: &Printer) -> String {
    let mut text = String::new();
    if let Some(line) = &certificate.load_line {
        let (rate, next) = (printer.styled(Style::Strong, &line.rate_text()), inert(&line.next));
        text.push_str(&format!("load line    {rate}; {next}\n"));
    }
    text.push_str(&sentences("condition", &certificate.conditions));
    text.push_str(&sentences("excluded", &certificate.exclusions));
    text.push_str(&sentences("not proven", &certificate.not_proven));
    text.push_str(&format!("valid        {} to {}\n", certificate.not_before, certificate.not_after));
    text
}

/// A line of a table of criteria in the colour of its verdict.
fn painted(line: &str, row: Option<usize>, criteria: &[JudgedCriterion], printer: &Printer) -> String {
    match row.and_then(|row| criteria.get(row)) {
        Some(judged) => printer.styled(verdict_style(judged.verdict), line),
        None => printer.styled(Style::Faint, line),
    }
}

fn sentences(label: &str, sentences: &[String]) -> String {
    sentences.iter().map(|sentence| format!("{label:<12} {}\n", inert(sentence))).collect()
}

fn row(judged: &JudgedCriterion) -> [String; 5] {
    [
        judged.criterion.id.clone(),
        with_state(judged),
        judged.measurement.text().unwrap_or_else(|| "-".into()),
        judged.criterion.limit_text(),
        judged.control.as_ref().map_or_else(|| "-".into(), ControlResult::text),
    ]
}

/// The verdict; where a PASS proves nothing, with what it shows instead.
fn with_state(judged: &JudgedCriterion) -> String {
    let verdict = format!("{} {}", symbol(judged.verdict), judged.verdict.name());
    match (judged.verdict, judged.state()) {
        (Verdict::Pass, State::Proven) => verdict,
        (Verdict::Pass, state) => format!("{verdict} ({} only)", state.name()),
        _ => verdict,
    }
}

fn state_row(judged: &JudgedCriterion, state: State) -> [String; 6] {
    let measurement = &judged.measurement;
    let shown = |amount: Amount| amount.display(measurement.unit);
    [
        judged.criterion.id.clone(),
        format!("{} {}", symbol(judged.verdict), judged.verdict.name()),
        state.name().into(),
        measurement.value.map_or_else(|| "-".into(), shown),
        match (measurement.lower, measurement.upper) {
            (Some(lower), Some(upper)) => format!("{} to {}", shown(lower), shown(upper)),
            (Some(lower), None) => format!("from {}", shown(lower)),
            (None, Some(upper)) => format!("to {}", shown(upper)),
            (None, None) => "-".into(),
        },
        judged.criterion.limit_text(),
    ]
}

fn symbol(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "✓",
        Verdict::Fail | Verdict::ConditionalFail => "✗",
        Verdict::NotApplicable => "-",
        _ => "?",
    }
}

fn verdict_style(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Pass => Style::Good,
        Verdict::Fail | Verdict::ConditionalFail => Style::Bad,
        Verdict::NotApplicable => Style::Faint,
        _ => Style::Doubtful,
    }
}

fn status_style(status: Status) -> Style {
    match status {
        Status::Certified | Status::Preliminary => Style::Good,
        Status::Denied => Style::Bad,
        Status::Conditional | Status::Pending => Style::Doubtful,
    }
}

/// A head and rows in columns; cells may be foreign. `paint` gets each line with the index of its row; the head has none.
pub(super) fn table<const N: usize>(
    head: [&str; N],
    rows: &[[String; N]],
    paint: impl Fn(&str, Option<usize>) -> String,
) -> String {
    let rows = rows.iter().map(|row| row.each_ref().map(|cell| inert(cell)));
    let with_head: Vec<[String; N]> = std::iter::once(head.map(str::to_owned)).chain(rows).collect();
    let lines = columns::lines([Side::Left; N], &with_head);
    let painted = lines.iter().enumerate().map(|(line, text)| paint(text, line.checked_sub(1)) + "\n");
    painted.collect()
}

/// What came of a certification, as one JSON object.
pub(crate) fn issued_json(issued: &Issued) -> Result<String, Failure> {
    let criteria: Vec<Value> = issued.judgement.criteria.iter().map(criterion_json).collect();
    let certificate = &issued.certificate;
    pretty(&json!({
        "folder": issued.folder.display().to_string(),
        "status": certificate.status.name(),
        "level": certificate.level,
        "subject": certificate.subject.name,
        "not_before": certificate.not_before,
        "not_after": certificate.not_after,
        "load_line": certificate.load_line,
        "reproduction": certificate.reproduction,
        "conditions": certificate.conditions,
        "exclusions": certificate.exclusions,
        "criteria": criteria,
    }))
}

pub(super) fn criterion_json(judged: &JudgedCriterion) -> Value {
    json!({
        "id": judged.criterion.id,
        "verdict": judged.verdict.name(),
        "state": judged.state().name(),
        "reason": judged.reason,
        "unit": judged.measurement.unit.name(),
        "value": judged.measurement.value,
        "lower": judged.measurement.lower,
        "upper": judged.measurement.upper,
        "limit": judged.criterion.limit,
        "control": judged.control,
    })
}

/// Which planted defect turned which criterion red.
pub(crate) fn sabotage(judgement: &Judgement, as_json: bool, printer: &Printer) -> Result<String, Failure> {
    let controlled: Vec<&JudgedCriterion> =
        judgement.criteria.iter().filter(|judged| judged.control.is_some()).collect();
    if as_json {
        let rows: Vec<Value> = controlled
            .iter()
            .map(|judged| json!({"criterion": judged.criterion.id, "caught": is_caught(judged), "control": judged.control}))
            .collect();
        return pretty(&json!({"caught": all_caught(judgement), "criteria": rows}));
    }
    let rows: Vec<[String; 5]> = controlled.iter().map(|judged| sabotage_row(judged)).collect();
    let paint = |line: &str, row: Option<usize>| match row.and_then(|row| controlled.get(row)) {
        Some(judged) if is_caught(judged) => printer.styled(Style::Good, line),
        Some(_) => printer.styled(Style::Bad, line),
        None => printer.styled(Style::Faint, line),
    };
    Ok(table(["criterion", "planted defect", "on the defect", "on its sham", "caught"], &rows, paint))
}

fn sabotage_row(judged: &JudgedCriterion) -> [String; 5] {
    let shown = |verdict: Verdict, value: Option<Amount>| {
        let value = value.map_or_else(|| "-".into(), |value| value.display(judged.measurement.unit));
        format!("{} ({value})", verdict.name())
    };
    match &judged.control {
        Some(control) => [
            judged.criterion.id.clone(),
            control.scene.name().into(),
            shown(control.on_defect, control.defect_value),
            shown(control.on_sham, control.sham_value),
            if is_caught(judged) { "✓ yes".into() } else { "✗ no".into() },
        ],
        None => [judged.criterion.id.clone(), "-".into(), "-".into(), "-".into(), "✗ no".into()],
    }
}

fn is_caught(judged: &JudgedCriterion) -> bool {
    judged.control.as_ref().is_some_and(|control| control.supports(Verdict::Pass))
}

/// Whether every criterion that names a control was seen red on it, and green without it.
pub(crate) fn all_caught(judgement: &Judgement) -> bool {
    let mut controlled = judgement.criteria.iter().filter(|judged| judged.control.is_some()).peekable();
    controlled.peek().is_some() && controlled.all(is_caught)
}

/// The criteria of profiles.
pub(crate) fn criteria(profiles: &[Profile], as_json: bool) -> Result<String, Failure> {
    if as_json {
        return pretty(&json!({ "profiles": profiles }));
    }
    Ok(profiles.iter().map(profile).collect::<Vec<_>>().join("\n"))
}

/// The criteria of one profile.
fn profile(profile: &Profile) -> String {
    let row = |criterion: &plimsoll_evidence::Criterion| {
        [
            criterion.id.clone(),
            criterion.severity.name().into(),
            criterion.limit_text(),
            criterion.rule.name().into(),
            criterion.control.map_or("-", plimsoll_evidence::Scene::name).into(),
            match &criterion.asked {
                Some(asked) => format!("{} (asked for: {asked})", criterion.statement),
                None => criterion.statement.clone(),
            },
        ]
    };
    let rows: Vec<[String; 6]> = profile.criteria.iter().map(row).collect();
    let head = ["criterion", "severity", "limit", "rule", "control", "statement"];
    let table = table(head, &rows, |line, _| line.to_owned());
    let (gaps, sign_offs) = (gaps(profile), sign_offs(profile));
    format!("{} {}: {}\n\n{table}{gaps}{sign_offs}", profile.id, profile.version, profile.title)
}

/// That people have to sign a fresh certificate off before it is worth what was signed.
pub(crate) fn to_be_signed(profile: &Profile) -> String {
    let Some(demand) = &profile.sign_off else { return String::new() };
    let roles: Vec<&str> = demand.roles.iter().map(|role| role.id.as_str()).collect();
    let (need, roles) = (demand.need, roles.join(", "));
    format!(
        "sign-offs    0 of {need}: at most conditional until as many of {roles} have run `plimsoll cert sign`\n"
    )
}

/// Who has to sign a certificate off.
fn sign_offs(profile: &Profile) -> String {
    let Some(demand) = &profile.sign_off else { return String::new() };
    let row = |role: &Role| [role.id.clone(), role.title.clone(), role.contact.clone()];
    let rows: Vec<[String; 3]> = demand.roles.iter().map(row).collect();
    let table = table(["role", "title", "contact"], &rows, |line, _| line.to_owned());
    format!("\n{} of {} roles have to sign off:\n\n{table}", demand.need, demand.roles.len())
}

/// What a profile requires and nothing measures, with the numbers of both.
fn gaps(profile: &Profile) -> String {
    let (measured, missing) = (profile.criteria.len(), profile.gaps.len());
    if missing == 0 {
        return String::new();
    }
    let row = |gap: &Gap| {
        [
            gap.id.clone(),
            gap.severity.name().into(),
            gap.asked.clone(),
            gap.missing.clone(),
            gap.statement.clone(),
        ]
    };
    let rows: Vec<[String; 5]> = profile.gaps.iter().map(row).collect();
    let head = ["not measured", "severity", "asked for", "missing", "statement"];
    let table = table(head, &rows, |line, _| line.to_owned());
    format!("\n{measured} measured, {missing} not measured:\n\n{table}")
}

/// What a plan runs, and how long it takes.
pub(crate) fn plan(plan: &Plan, as_json: bool) -> Result<String, Failure> {
    let expected = Quantity { amount: expected_ns(plan), unit: Unit::Ns };
    if as_json {
        return pretty(&json!({"plan": plan, "expected_ns": expected.amount}));
    }
    let profile = &plan.profile;
    let rate = Quantity { amount: plan.rate_per_ks, unit: Unit::PerKs };
    let trials = format!("{} of {}", counted(profile.trials, "trial"), time(profile.trial_ns));
    let mut rows = vec![["steady load".to_owned(), format!("{trials} at {rate}, each a fresh process")]];
    if profile.asks_for(&[Probe::LoadLine]) {
        let line = &profile.line;
        let trials = format!("{} fresh trials of {}", profile.trials, time(line.trial_ns));
        rows.push(["load line".into(), format!("search in steps of {}, then {trials}", time(line.step_ns))]);
    }
    let drills = [(plan.stop_drills(), "stop"), (plan.crash_drills(), "crash")];
    let drills: Vec<String> = drills
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, noun)| counted(*number, noun))
        .collect();
    if !drills.is_empty() {
        rows.push(["drills".into(), format!("{} under load", drills.join(" and "))]);
    }
    if plan.restore_drills() > 0 {
        let restores = counted(plan.restore_drills(), "restore");
        rows.push(["restores".into(), format!("{restores} of a backup made amid writes, onto nothing")]);
    }
    let checklists: Vec<&str> =
        Probe::of(Family::Check).filter(|probe| plan.check_runs(*probe) > 0).map(Probe::name).collect();
    if !checklists.is_empty() {
        rows.push(["checklists".into(), format!("{}, once each", checklists.join(" and "))]);
    }
    let inspections: Vec<&str> =
        Probe::of(Family::Inspection).filter(|probe| plan.check_runs(*probe) > 0).map(Probe::name).collect();
    if !inspections.is_empty() {
        rows.push(["files".into(), format!("{}, looked at once each", inspections.join(" and "))]);
    }
    if let Some(soak_ns) = profile.soak_ns.filter(|_| plan.soak_runs() > 0) {
        rows.push(["soak".into(), format!("{} at {rate} on a fresh process", time(soak_ns))]);
    }
    let faults: Vec<&str> = plan.faults().into_iter().map(Fault::name).collect();
    if let Some(fault_ns) = profile.fault_ns.filter(|_| !faults.is_empty()) {
        let length = format!("{} of load at {rate} each, a third of it with the fault", time(fault_ns));
        rows.push(["faults".into(), format!("{}: {length}", faults.join(" and "))]);
    }
    let scenes: Vec<&str> = plan.scenes.iter().map(|scene| scene.name()).collect();
    rows.push(["controls".into(), scenes.join(", ")]);
    rows.push(["time".into(), format!("about {expected} for a subject that starts in 0.5 s")]);
    Ok(table(["part", "what is run"], &rows, |line, _| line.to_owned()))
}

fn time(amount: u64) -> Quantity {
    Quantity { amount, unit: Unit::Ns }
}

/// `1 stop`, `5 crashes`.
fn counted(number: u64, noun: &str) -> String {
    match (number, noun.ends_with("sh")) {
        (1, _) => format!("1 {noun}"),
        (_, true) => format!("{number} {noun}es"),
        (_, false) => format!("{number} {noun}s"),
    }
}

pub(crate) fn pretty<T: serde::Serialize + ?Sized>(value: &T) -> Result<String, Failure> {
    let text =
        serde_json::to_string_pretty(value).map_err(|error| Failure::new(Kind::Bug, error.to_string()))?;
    Ok(format!("{}\n", inert_json(text)))
}
