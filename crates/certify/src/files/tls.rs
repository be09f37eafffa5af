//! Where a subject speaks TLS.

use super::error::FileError;
use super::placeholder::check_spelling;
use super::subject::StartCommand;
use super::table::Table;
use super::value::Field;

const KEYS: [&str; 3] = ["name", "port", "roots"];
/// What stands in a command for a port that is drawn for each trial.
const PLACEHOLDER: &str = "{tls_port}";

/// Where a subject speaks TLS, beside the port of its target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsSpoken {
    /// The name or address for which its certificate is.
    pub name: String,
    /// The port; none where it is drawn for each trial.
    pub port: Option<u16>,
    /// The file of certificates that are trusted, in PEM; `{dir}` stands for the subject's own folder.
    pub roots: String,
}

pub(super) fn parse_tls(field: &Field<'_>) -> Result<TlsSpoken, FileError> {
    let table = field.table("[tls]", &KEYS)?;
    let port = table.optional("port").map(|field| field.integer(1..=u64::from(u16::MAX))).transpose()?;
    let roots = table.required("roots")?;
    check_spelling(&roots, roots.phrase()?, &["{dir}"])?;
    let name = table.required("name")?;
    Ok(TlsSpoken {
        name: name.phrase()?.to_owned(),
        port: port.and_then(|port| u16::try_from(port).ok()),
        roots: roots.phrase()?.to_owned(),
    })
}

/// A port that is drawn for each trial must be told to the subject, and asked at.
pub(super) fn check_tls_port(
    root: &Table<'_>,
    tls: Option<&TlsSpoken>,
    start: Option<&StartCommand>,
) -> Result<(), FileError> {
    let tells = |start: &StartCommand| {
        start.command.iter().chain(start.env.values()).any(|text| text.contains(PLACEHOLDER))
    };
    let is_told = start.is_some_and(tells);
    let is_drawn = tls.is_some_and(|tls| tls.port.is_none());
    match (is_told, is_drawn) {
        (true, false) => {
            let error = root.required("start")?.error("`{tls_port}` stands for nothing");
            Err(error.with_hint("add [tls] without a `port`, or write a port in its place"))
        }
        (false, true) => {
            let error = root.required("tls")?.error("nothing says at which port TLS is spoken");
            Err(error.with_hint("write `port`, or use `{tls_port}` in `command` or `env` of [start]"))
        }
        _ => Ok(()),
    }
}
