//! What a subject promises to those who use its interface: who may do what, how often one may ask, and that a write may be
//! sent again.

use plimsoll_base::Unit;
use plimsoll_load::Request;

use super::error::FileError;
use super::placeholder::check_spelling;
use super::request::{is_token, mentions, parse_parts};
use super::table::Table;
use super::value::Field;

const USER_KEYS: [&str; 5] = ["name", "header", "file", "may", "values"];
const LIMIT_KEYS: [&str; 3] = ["request", "allow", "window"];
const RETRY_KEYS: [&str; 3] = ["write", "read", "count"];
const REQUEST_KEYS: [&str; 4] = ["method", "path", "headers", "body"];

/// Each of them tries each operation.
const USERS_MAX: usize = 16;
/// Three times as many are sent, one after the other.
const ALLOW_MAX: u64 = 1_000;
const WINDOW_NS_MIN: u64 = 1_000_000_000;
/// Nobody waits for longer.
const WINDOW_NS_MAX: u64 = 120_000_000_000;

/// A user of the API, and what he may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiUser {
    /// What he is called in the report.
    pub name: String,
    /// The field in which his credential stands.
    pub header: String,
    /// The file whose first line it is; `{dir}` stands for the subject's own folder.
    pub file: String,
    /// What he may do: names of operations of the reference, in which `*` stands for anything.
    pub may: Vec<String>,
    /// His own ids: what stands in the place of parameters where the operation is upon what is his.
    pub values: Vec<(String, String)>,
}

/// How often one may ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitPromise {
    /// What is limited.
    pub request: Request,
    /// How many are served.
    pub allow: u64,
    /// Within what time, in ns.
    pub window_ns: u64,
}

/// A write that may be sent again under the same `Idempotency-Key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPromise {
    /// The write; `{value}` stands for what is drawn for each.
    pub write: Request,
    /// The read by which effects are counted.
    pub read: Request,
    /// Where in its JSON the number of effects stands; without it the value is counted in the reply.
    pub count: Option<String>,
}

pub(super) fn parse_users(field: &Field<'_>) -> Result<Vec<ApiUser>, FileError> {
    let fields = field.some_list()?;
    let users: Vec<ApiUser> = fields.iter().map(parse_user).collect::<Result<_, _>>()?;
    if !(2..=USERS_MAX).contains(&users.len()) {
        let error = field.error(format!("{} users show nothing of who may do what", users.len()));
        return Err(error.with_hint(format!("name 2 to {USERS_MAX}")));
    }
    for (index, user) in users.iter().enumerate() {
        if users[..index].iter().any(|earlier| earlier.name == user.name) {
            return Err(fields[index].error(format!("user `{}` stands twice", user.name)));
        }
    }
    Ok(users)
}

fn parse_user(field: &Field<'_>) -> Result<ApiUser, FileError> {
    let table = field.table("[[api.user]]", &USER_KEYS)?;
    let header = table.required("header")?;
    let name = header.text()?;
    if !is_token(name) {
        return Err(header.error(format!("`header` is {name:?}, a name that HTTP does not know")));
    }
    let file = table.required("file")?;
    check_spelling(&file, file.phrase()?, &["{dir}"])?;
    let may = match table.optional("may") {
        Some(field) => {
            field.list()?.iter().map(|item| Ok(item.phrase()?.to_owned())).collect::<Result<_, _>>()?
        }
        None => Vec::new(),
    };
    let value = |field: Field<'_>| Ok((field.key().to_owned(), field.phrase()?.to_owned()));
    let values = match table.optional("values") {
        Some(field) => field.free_table()?.into_iter().map(value).collect::<Result<_, FileError>>()?,
        None => Vec::new(),
    };
    let (header, file) = (name.to_owned(), file.phrase()?.to_owned());
    Ok(ApiUser { name: table.required("name")?.name()?.into(), header, file, may, values })
}

pub(super) fn parse_limit(field: &Field<'_>) -> Result<LimitPromise, FileError> {
    let table = field.table("[limit]", &LIMIT_KEYS)?;
    Ok(LimitPromise {
        request: parse_request(&table, "request", "[limit]", "GET", &[])?,
        allow: table.required("allow")?.integer(1..=ALLOW_MAX)?,
        window_ns: table.required("window")?.quantity_in(Unit::Ns, WINDOW_NS_MIN..=WINDOW_NS_MAX)?,
    })
}

pub(super) fn parse_retry(field: &Field<'_>) -> Result<RetryPromise, FileError> {
    let table = field.table("[retry]", &RETRY_KEYS)?;
    let write = parse_request(&table, "write", "[retry]", "POST", &["{value}"])?;
    if !mentions(&write, "{value}") {
        let error = table.required("write")?.error("`write` does not mention `{value}`");
        return Err(error.with_hint("the value tells writes apart, as in body = \"{value}\""));
    }
    let read = parse_request(&table, "read", "[retry]", "GET", &["{value}"])?;
    let count = table.optional("count").map(|field| {
        let pointer = field.phrase()?;
        if pointer.starts_with('/') {
            return Ok(pointer.to_owned());
        }
        Err(field.error("`count` is no JSON pointer").with_hint("write it like count = \"/count\""))
    });
    Ok(RetryPromise { write, read, count: count.transpose()? })
}

pub(super) fn parse_request(
    table: &Table<'_>,
    key: &'static str,
    of: &str,
    method: &'static str,
    placeholders: &[&str],
) -> Result<Request, FileError> {
    let field = table.required(key)?;
    parse_parts(&field.table(&format!("`{key}` of {of}"), &REQUEST_KEYS)?, method, placeholders)
}
