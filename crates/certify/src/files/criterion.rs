//! One criterion of a profile.

use globset::Glob;
use plimsoll_base::Unit;
use plimsoll_evidence::{Criterion, Family, Fault, Op, Probe, Rule, Scene, Severity};
use plimsoll_measure::Probability;

use super::error::FileError;
use super::table::Table;
use super::value::Field;

pub(super) const KEYS: [&str; 17] = [
    "id",
    "statement",
    "domain",
    "probe",
    "quantile",
    "fault",
    "op",
    "limit",
    "rule",
    "severity",
    "ttl",
    "scope",
    "control",
    "may_not_apply",
    "mappings",
    "asked",
    "rows",
];

/// A month: long enough to be of use, short enough that somebody still knows what was measured.
const TTL_S_DEFAULT: u64 = 30 * 86_400;
/// What was measured more than a year ago says nothing of today.
const TTL_S_MAX: u64 = 366 * 86_400;
const SECOND_NS: u64 = 1_000_000_000;
/// A share of all.
const ONE_PPB: u64 = 1_000_000_000;

pub(super) fn parse_criterion(table: &Table<'_>) -> Result<Criterion, FileError> {
    let id = table.required("id")?.name()?;
    let probe = table.required("probe")?.choice(&Probe::ALL, Probe::name)?;
    let rule = parse_rule(table, probe)?;
    let severity = table.required("severity")?.choice(&Severity::ALL, Severity::name)?;
    let (limit, unit) = parse_limit(table, probe, rule)?;
    let asked = table.optional("asked").map(|field| Ok(field.phrase()?.to_owned())).transpose()?;
    Ok(Criterion {
        id: id.into(),
        statement: table.required("statement")?.phrase()?.into(),
        domain: table.required("domain")?.phrase()?.into(),
        probe,
        quantile_ppb: parse_quantile(table, probe)?,
        fault: parse_fault(table, probe)?,
        op: parse_op(table, probe)?,
        limit,
        asked,
        unit,
        rule,
        severity,
        ttl_s: parse_ttl(table)?,
        scope: parse_scope(table)?,
        control: parse_control(table, probe, severity)?,
        may_not_apply: table.optional("may_not_apply").map_or(Ok(false), |flag| flag.boolean())?,
        mappings: phrases(table.optional("mappings"))?,
    })
}

/// The rule: guard-95 unless it says otherwise. A probe that gives no bound has the other one.
fn parse_rule(table: &Table<'_>, probe: Probe) -> Result<Rule, FileError> {
    let Some(field) = table.optional("rule") else {
        return Ok(if probe.gives_bounds() { Rule::Guard95 } else { Rule::Simple });
    };
    match field.choice(&[Rule::Guard95, Rule::Simple], Rule::name)? {
        Rule::Guard95 if !probe.gives_bounds() => {
            let problem = format!("{} gives no bound, so that guard-95 could never pass", probe.name());
            Err(field.error(problem).with_hint("write rule = \"simple\", or leave it out"))
        }
        rule => Ok(rule),
    }
}

fn parse_quantile(table: &Table<'_>, probe: Probe) -> Result<Option<u64>, FileError> {
    let hint = "write it like quantile = \"p99\" or \"p99.9\"";
    let field = match (table.optional("quantile"), probe) {
        (Some(field), Probe::Latency) => field,
        (None, Probe::Latency) => {
            return Err(table.error("a latency criterion needs a `quantile`").with_hint(hint));
        }
        (Some(field), _) => {
            let problem = format!("`quantile` belongs to the probe latency, not to {}", probe.name());
            return Err(field.error(problem).with_hint("remove it"));
        }
        (None, _) => return Ok(None),
    };
    let text = field.text()?;
    let inside = |quantile: &Probability| ![Probability::ZERO, Probability::ONE].contains(quantile);
    let quantile = text.strip_prefix('p').and_then(Probability::from_percent).filter(inside);
    match quantile {
        Some(quantile) => Ok(Some(quantile.ppb())),
        None => Err(field.error(format!("`{text}` is not a quantile")).with_hint(hint)),
    }
}

fn parse_fault(table: &Table<'_>, probe: Probe) -> Result<Option<Fault>, FileError> {
    match (table.optional("fault"), probe.family()) {
        (Some(field), Family::Fault) => Ok(Some(field.choice(&Fault::ALL, Fault::name)?)),
        (None, Family::Fault) => {
            let names = Fault::ALL.map(Fault::name).join(", ");
            let error = table.error(format!("a criterion of {} needs a `fault`", probe.name()));
            Err(error.with_hint(format!("it is one of: {names}")))
        }
        (Some(field), _) => {
            let names: Vec<&str> = Probe::of(Family::Fault).map(Probe::name).collect();
            let problem =
                format!("`fault` belongs to the probes {}, not to {}", names.join(" and "), probe.name());
            Err(field.error(problem).with_hint("remove it"))
        }
        (None, _) => Ok(None),
    }
}

fn parse_op(table: &Table<'_>, probe: Probe) -> Result<Op, FileError> {
    let name = |op| match op {
        Op::AtMost => "at-most",
        Op::AtLeast => "at-least",
    };
    let op = probe.op();
    match table.optional("op") {
        Some(field) if field.choice(&[Op::AtMost, Op::AtLeast], name)? != op => {
            let problem = format!("a limit of {} lies on the other side", probe.name());
            Err(field.error(problem).with_hint(format!("write op = \"{}\", or leave it out", name(op))))
        }
        _ => Ok(op),
    }
}

/// The limit and its unit. One that is a rate may also be a share of the subject's rate, which the plan turns into one.
fn parse_limit(table: &Table<'_>, probe: Probe, rule: Rule) -> Result<(u64, Unit), FileError> {
    let field = table.required("limit")?;
    let is_share = probe.unit() == Unit::PerKs && field.text().is_ok_and(|text| text.ends_with('%'));
    let unit = if is_share { Unit::Ppb } else { probe.unit() };
    let limit = field.quantity(unit)?;
    // The load line may reach beyond the whole, and processor time beyond one core.
    if unit == Unit::Ppb && ![Probe::LoadLine, Probe::Cpu].contains(&probe) && limit > ONE_PPB {
        return Err(field.error("`limit` is a share above 100 %: it could not be broken"));
    }
    if probe.op() == Op::AtLeast && limit == 0 {
        return Err(field.error("`limit` is 0: it could not be broken"));
    }
    let is_never_nought =
        probe.unit() == Unit::Ns || (probe.family() == Family::Soak && probe != Probe::Leak);
    if is_never_nought && limit == 0 {
        return Err(field.error("`limit` is 0: it could not be kept"));
    }
    if probe == Probe::Leak && limit > 0 {
        return Err(field.error("whatever grows without end is too much").with_hint("write limit = \"0\""));
    }
    if probe == Probe::Errors && rule == Rule::Guard95 && limit == 0 {
        let error = field.error("no number of requests shows at 95 % that the share of errors is 0");
        return Err(error.with_hint("write a limit like \"0.1%\", or rule = \"simple\""));
    }
    Ok((limit, unit))
}

fn parse_ttl(table: &Table<'_>) -> Result<u64, FileError> {
    let Some(field) = table.optional("ttl") else { return Ok(TTL_S_DEFAULT) };
    let ttl_ns = field.quantity_in(Unit::Ns, SECOND_NS..=TTL_S_MAX * SECOND_NS)?;
    if !ttl_ns.is_multiple_of(SECOND_NS) {
        return Err(field
            .error("`ttl` must be a whole number of seconds")
            .with_hint("write it like ttl = \"30d\""));
    }
    Ok(ttl_ns / SECOND_NS)
}

fn parse_scope(table: &Table<'_>) -> Result<Vec<String>, FileError> {
    let Some(field) = table.optional("scope") else { return Ok(vec!["**".into()]) };
    let items = field.some_list()?;
    for item in &items {
        let glob = item.phrase()?;
        if let Err(error) = Glob::new(glob) {
            return Err(item.error(format!("`{glob}` is not a glob: {}", error.kind())));
        }
        if glob.starts_with('/') {
            let error = item.error(format!("`{glob}` starts at the root of the machine"));
            return Err(error.with_hint("globs are relative to the subject's source folder, like src/**"));
        }
    }
    phrases(Some(field))
}

fn parse_control(table: &Table<'_>, probe: Probe, severity: Severity) -> Result<Option<Scene>, FileError> {
    let Some(field) = table.optional("control") else {
        return match (severity, probe.scenes().first()) {
            (Severity::Blocking, None) => {
                Err(table.error(format!("no planted defect turns {} red: it cannot block", probe.name())))
            }
            (Severity::Blocking, first) => Ok(first.copied()),
            _ => Ok(None),
        };
    };
    let scene = field.choice(&Scene::DEFECTS, Scene::name)?;
    if probe.scenes().contains(&scene) {
        return Ok(Some(scene));
    }
    let names: Vec<&str> = probe.scenes().iter().map(|scene| scene.name()).collect();
    let error = field.error(format!("the control {} cannot turn {} red", scene.name(), probe.name()));
    Err(error.with_hint(format!("it can be turned red by: {}", names.join(", "))))
}

pub(super) fn phrases(field: Option<Field<'_>>) -> Result<Vec<String>, FileError> {
    let Some(field) = field else { return Ok(Vec::new()) };
    field.list()?.iter().map(|item| Ok(item.phrase()?.to_owned())).collect()
}
