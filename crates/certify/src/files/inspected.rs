//! What of a subject's files is looked at, beside what the certificate is bound to.

use std::path::{Component, Path, PathBuf};

use globset::Glob;
use plimsoll_base::Unit;
use plimsoll_evidence::{Gravity, ImportFormat};
use serde_json::{Map, Value, json};

use super::criterion::phrases;
use super::error::FileError;
use super::subject::located;
use super::table::Table;
use super::value::Field;

pub(super) const SOURCE_KEYS: [&str; 8] = [
    "git",
    "artifacts",
    "folder",
    "bill_of_materials",
    "licences",
    "advisories",
    "advisories_max_age",
    "documents",
];
const OPERATION_KEYS: [&str; 1] = ["alerts"];
const IMPORT_KEYS: [&str; 5] = ["format", "file", "tool", "max_age", "severity_from"];
const ALLOW_KEYS: [&str; 3] = ["secret", "path", "reason"];
/// More exceptions than this are the rule.
const ALLOWED_MAX: usize = 200;
/// More files than this are not read one by one.
const FILES_MAX: usize = 200;
/// Advisories are published every day; a week without one is a copy that nobody renews.
const ADVISORIES_AGE_S_DEFAULT: u64 = 7 * 86_400;
/// What is older says nothing of today, and a number of ns has no room for it.
const AGE_NS_MAX: u64 = 100 * 86_400 * SECOND_NS;
const SECOND_NS: u64 = 1_000_000_000;

/// What of the subject's files is looked at, and what may be where it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inspected {
    /// What it is made of.
    pub bill: Option<BillFile>,
    /// The documents that it has, relative to its folder.
    pub documents: Vec<String>,
    /// Files of rules with its alerts, relative to its folder.
    pub alerts: Vec<String>,
    /// Results that other tools have measured.
    pub imports: Vec<Import>,
    /// Exceptions from the search for secrets.
    pub allowed: Vec<Allowed>,
}

/// A bill of materials, and against what it is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillFile {
    /// Its path, relative to the subject's folder.
    pub path: String,
    /// The licences that are accepted.
    pub licences: Vec<String>,
    /// What is known of vulnerabilities.
    pub advisories: Option<Advisories>,
}

/// Advisories in the format of OSV, one a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advisories {
    /// Where they lie.
    pub folders: Vec<PathBuf>,
    /// How old the newest may be, in seconds.
    pub max_age_s: u64,
}

/// A file of results that another tool has measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// In what form.
    pub format: ImportFormat,
    /// Its path, relative to the subject's folder.
    pub path: String,
    /// The tool.
    pub tool: String,
    /// How old it may be, in seconds.
    pub max_age_s: u64,
    /// From where on a finding counts.
    pub gravity_from: Gravity,
}

/// Something that looks like a secret and may be where it is: named by a secret, by a path, or by both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    /// The first eight hex digits of its SHA-256.
    pub secret: Option<String>,
    /// Where it is, a glob.
    pub path: Option<String>,
    /// Why.
    pub reason: String,
}

/// What a subject's file says of its files. `base_dir` is what the folder of advisories is relative to.
pub(super) fn parse_inspected(root: &Table<'_>, base_dir: &Path) -> Result<Inspected, FileError> {
    let source = root.optional("source").map(|field| field.table("[source]", &SOURCE_KEYS)).transpose()?;
    let operation =
        root.optional("operation").map(|field| field.table("[operation]", &OPERATION_KEYS)).transpose()?;
    Ok(Inspected {
        bill: source.as_ref().map(|source| parse_bill(source, base_dir)).transpose()?.flatten(),
        documents: source.map_or(Ok(Vec::new()), |source| paths(source.optional("documents")))?,
        alerts: operation.map_or(Ok(Vec::new()), |operation| paths(operation.optional("alerts")))?,
        imports: several(root, "import", parse_import, FILES_MAX)?,
        allowed: several(root, "allow", parse_allowed, ALLOWED_MAX)?,
    })
}

/// The tables of one name, none where there are none.
fn several<T>(
    root: &Table<'_>,
    key: &'static str,
    parse: impl Fn(&Field<'_>) -> Result<T, FileError>,
    max: usize,
) -> Result<Vec<T>, FileError> {
    let Some(field) = root.optional(key) else { return Ok(Vec::new()) };
    let fields = field.some_list()?;
    if fields.len() > max {
        return Err(field.error(format!("{} of [[{key}]] are more than {max}", fields.len())));
    }
    fields.iter().map(parse).collect()
}

fn paths(field: Option<Field<'_>>) -> Result<Vec<String>, FileError> {
    let Some(field) = field else { return Ok(Vec::new()) };
    let fields = field.some_list()?;
    if fields.len() > FILES_MAX {
        return Err(field.error(format!("{} files are more than {FILES_MAX}", fields.len())));
    }
    fields.iter().map(path).collect()
}

/// A path within the subject's folder.
fn path(field: &Field<'_>) -> Result<String, FileError> {
    let text = field.phrase()?;
    let is_within = Path::new(text).components().all(|part| matches!(part, Component::Normal(_)));
    if is_within {
        return Ok(text.to_owned());
    }
    let error = field.error(format!("`{text}` does not lie in the subject's folder"));
    Err(error.with_hint(
        "write a path relative to `folder` of [source], else to `git`, else to this file, without ..",
    ))
}

fn parse_bill(source: &Table<'_>, base_dir: &Path) -> Result<Option<BillFile>, FileError> {
    let max_age = source.optional("advisories_max_age");
    let Some(field) = source.optional("bill_of_materials") else {
        let keys = ["licences", "advisories"].into_iter().find_map(|key| source.optional(key)).or(max_age);
        return match keys {
            None => Ok(None),
            Some(key) => Err(key
                .error(format!("`{}` is held against a bill of materials, and there is none", key.key()))
                .with_hint("add bill_of_materials = \"sbom.cdx.json\"")),
        };
    };
    let licences = source.required("licences").map_err(|error| {
        error.with_hint("write the licences that you accept, like licences = [\"MIT\", \"Apache-2.0\"]")
    })?;
    let advisories = match (source.optional("advisories"), max_age) {
        (None, Some(field)) => {
            return Err(field.error("`advisories_max_age` is of advisories, and there are none"));
        }
        (None, None) => None,
        (Some(folder), max_age) => Some(Advisories {
            folders: vec![located(base_dir, folder.phrase()?)],
            max_age_s: max_age.map_or(Ok(ADVISORIES_AGE_S_DEFAULT), |field| age_s(&field))?,
        }),
    };
    licences.some_list()?;
    Ok(Some(BillFile { path: path(&field)?, licences: phrases(Some(licences))?, advisories }))
}

fn parse_import(field: &Field<'_>) -> Result<Import, FileError> {
    let table = field.table("[[import]]", &IMPORT_KEYS)?;
    let format = table.required("format")?.choice(&ImportFormat::ALL, ImportFormat::name)?;
    let severity = table.required("severity_from")?;
    let gravity_from = severity.choice(&Gravity::ALL, Gravity::name)?;
    if gravity_from > format.gravest() {
        let problem =
            format!("{} knows nothing that is graver than {}", format.name(), format.gravest().name());
        return Err(severity.error(problem).with_hint("write a severity that its findings can have"));
    }
    Ok(Import {
        format,
        path: path(&table.required("file")?)?,
        tool: table.required("tool")?.phrase()?.into(),
        max_age_s: age_s(&table.required("max_age")?)?,
        gravity_from,
    })
}

fn age_s(field: &Field<'_>) -> Result<u64, FileError> {
    Ok(field.quantity_in(Unit::Ns, SECOND_NS..=AGE_NS_MAX)? / SECOND_NS)
}

fn parse_allowed(field: &Field<'_>) -> Result<Allowed, FileError> {
    let table = field.table("[[allow]]", &ALLOW_KEYS)?;
    let secret = table.optional("secret").map(|field| parse_secret(&field)).transpose()?;
    let path = table.optional("path").map(|field| parse_glob(&field)).transpose()?;
    if secret.is_none() && path.is_none() {
        let error = table.error("[[allow]] names nothing");
        return Err(
            error.with_hint("write secret = \"89abcdef\" as the report has it, path = \"tests/**\", or both")
        );
    }
    Ok(Allowed { secret, path, reason: table.required("reason")?.phrase()?.into() })
}

fn parse_secret(field: &Field<'_>) -> Result<String, FileError> {
    let text = field.text()?;
    let is_digest = text.len() == 8 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if is_digest {
        return Ok(text.to_owned());
    }
    // What stands here instead may be the secret.
    let error = field.error("`secret` is not eight hex digits");
    Err(error
        .with_hint("write the first eight digits of its SHA-256, as the report has them, never the secret"))
}

fn parse_glob(field: &Field<'_>) -> Result<String, FileError> {
    let glob = field.phrase()?;
    match Glob::new(glob) {
        Ok(_) => Ok(glob.to_owned()),
        Err(error) => Err(field.error(format!("`{glob}` is not a glob: {}", error.kind()))),
    }
}

/// What is added to the subject's description: nothing where nothing is named.
pub(super) fn describe(
    files: &Inspected,
    path: impl Fn(&Path) -> String,
    described: &mut Map<String, Value>,
) {
    let mut add = |key: &str, values: Vec<Value>| {
        if !values.is_empty() {
            described.insert(key.to_owned(), Value::Array(values));
        }
    };
    let texts = |list: &[String]| list.iter().map(|text| json!(text)).collect::<Vec<_>>();
    let bill = |bill: &BillFile| {
        let advisories = bill.advisories.as_ref().map(|given| {
            let folders: Vec<String> = given.folders.iter().map(|folder| path(folder)).collect();
            json!({ "folders": folders, "max_age_s": given.max_age_s })
        });
        json!({ "path": bill.path, "licences": bill.licences, "advisories": advisories })
    };
    let import = |import: &Import| {
        json!({
            "format": import.format.name(), "file": import.path, "tool": import.tool,
            "max_age_s": import.max_age_s, "severity_from": import.gravity_from.name(),
        })
    };
    let allowed = |allowed: &Allowed| json!({ "secret": allowed.secret, "path": allowed.path, "reason": allowed.reason });
    add("bills", files.bill.iter().map(bill).collect());
    add("documents", texts(&files.documents));
    add("alerts", texts(&files.alerts));
    add("imports", files.imports.iter().map(import).collect());
    add("allow", files.allowed.iter().map(allowed).collect());
}
