//! Certificates: listed, downloaded, verified.

use std::sync::Arc;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use plimsoll_base::Utc;
use plimsoll_certify::register::{Certificates, CertificationId, Trial};
use plimsoll_certify::report_json;
use plimsoll_evidence::{FileEntry, REPORT_FILE};
use schemars::{JsonSchema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use super::certifications::{ById, CertificationView, newest_first, view};
use super::grammar;
use super::page::{Listing, Page};
use super::problem::Problem;
use super::reply::{Answer, Content, PlainText, Reply, Tar};
use super::route::{Call, Json, Nothing};
use crate::app::App;

/// A file of a certificate in the path.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ByIdAndPath {
    /// The certificate: 20 hexadecimal digits.
    #[schemars(regex(pattern = grammar::CERTIFICATION))]
    id: String,
    /// The file, as the list of files has it.
    path: String,
}

/// A certificate to compare with.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Following {
    /// An earlier certificate, whose log this one's must continue.
    #[schemars(regex(pattern = grammar::CERTIFICATION))]
    after: Option<String>,
}

/// A certificate, and what it consists of.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct WithFiles {
    certification: CertificationView,
    files: Vec<FileView>,
}

/// One file.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct FileView {
    path: String,
    bytes: u64,
    sha256: String,
}

/// One trial, drill, control or sham.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct TrialView {
    /// `load`, `start`, `stop` or `crash`.
    sort: &'static str,
    /// `measured`, or a planted defect or its sham.
    scene: &'static str,
    /// Counts from 1 within its sort, scene and rate.
    trial: u64,
    /// The rate of the load, in requests per 1,000 s.
    rate_per_ks: Option<u64>,
    at: String,
    /// The file of the certificate that holds what was observed.
    evidence: String,
}

/// What a verification found: what `plimsoll verify --json` prints.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(transparent)]
pub(crate) struct Verification(serde_json::Map<String, serde_json::Value>);

impl From<Trial> for TrialView {
    fn from(trial: Trial) -> Self {
        let Trial { sort, scene, trial, rate_per_ks, at, evidence } = trial;
        Self { sort, scene, trial, rate_per_ks, at: at.to_string(), evidence }
    }
}

impl From<FileEntry> for FileView {
    fn from(file: FileEntry) -> Self {
        Self { path: file.path, bytes: file.size, sha256: file.sha256.to_string() }
    }
}

/// Looks at certificates on a thread where waiting for the disk holds up nobody.
pub(crate) async fn reading<T: Send + 'static>(
    app: &App,
    read: impl FnOnce(&Certificates) -> Result<T, plimsoll_certify::Error> + Send + 'static,
) -> Result<T, Problem> {
    let certificates = app.runner.certificates().clone();
    let permit = Arc::clone(&app.reading).acquire_owned().await;
    let permit = permit.map_err(|_| plimsoll_store::Error::Closed)?;
    let read = tokio::task::spawn_blocking(move || {
        // Held by the work, which goes on although whoever asked has gone.
        let _permit = permit;
        read(&certificates)
    });
    let read = read.await;
    Ok(read.map_err(|_| plimsoll_store::Error::Closed)??)
}

pub(crate) async fn list_certificates(
    call: Call<Nothing, Page>,
) -> Result<Json<Listing<CertificationView>>, Problem> {
    newest_first(&call, |one| one.certificate().is_some())
}

pub(crate) async fn show_certificate(call: Call<ById>) -> Result<Json<WithFiles>, Problem> {
    let id = CertificationId::new(&call.path.id)?;
    let certification =
        call.app.runner.read(|register| Ok::<_, Problem>(view(&id, register.certification(&id)?)))?;
    let files = reading(&call.app, move |certificates| certificates.files(&id)).await?;
    Ok(Json(WithFiles { certification, files: files.into_iter().map(FileView::from).collect() }))
}

/// The whole folder as one file: what `tar -x` unpacks is what `plimsoll verify` reads.
pub(crate) async fn download_certificate(call: Call<ById>) -> Result<Content<Tar>, Problem> {
    let id = CertificationId::new(&call.path.id)?;
    let mtime = call.app.clock.unix_ms() / 1_000;
    let archive = reading(&call.app, move |certificates| {
        let mut archive = tar::Builder::new(Vec::new());
        for (path, bytes) in certificates.folder(&id)?.iter() {
            let mut entry = tar::Header::new_ustar();
            entry.set_size(bytes.len() as u64);
            entry.set_mode(0o644);
            entry.set_mtime(mtime);
            let path = format!("{id}/{path}");
            archive.append_data(&mut entry, &path, bytes).map_err(packing(&path))?;
        }
        archive.into_inner().map_err(packing("the archive"))
    });
    Ok(Content::new(archive.await?))
}

fn packing(path: &str) -> impl FnOnce(std::io::Error) -> plimsoll_certify::Error {
    let path = path.into();
    move |source| plimsoll_certify::Error::Io { doing: "packing", path, source }
}

/// A file of a certificate, to be saved and not to be shown.
pub(crate) struct Saved(Vec<u8>);

impl Reply for Saved {
    fn describe(_: &mut SchemaGenerator) -> Answer {
        let schema = schemars::json_schema!({ "type": "string", "format": "binary" });
        let body = Some(("application/octet-stream", schema));
        Answer { status: axum::http::StatusCode::OK, says: "The file", body }
    }
}

impl IntoResponse for Saved {
    fn into_response(self) -> Response {
        let fixed =
            [(header::CONTENT_TYPE, "application/octet-stream"), (header::CONTENT_DISPOSITION, "attachment")];
        (fixed, self.0).into_response()
    }
}

pub(crate) async fn download_file(call: Call<ByIdAndPath>) -> Result<Saved, Problem> {
    let (id, path) = (CertificationId::new(&call.path.id)?, call.path.path);
    reading(&call.app, move |certificates| certificates.file(&id, &path)).await.map(Saved)
}

/// The report: a page that was written by a certification and may hold what a subject has said. It runs nothing.
pub(crate) struct Report(Vec<u8>);

impl Reply for Report {
    fn describe(_: &mut SchemaGenerator) -> Answer {
        let schema = schemars::json_schema!({ "type": "string" });
        let body = Some(("text/html; charset=utf-8", schema));
        Answer { status: axum::http::StatusCode::OK, says: "The report as a page", body }
    }
}

impl IntoResponse for Report {
    fn into_response(self) -> Response {
        const POLICY: &str =
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; sandbox";
        let mut response = ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], self.0).into_response();
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        response
    }
}

pub(crate) async fn show_report(call: Call<ById>) -> Result<Report, Problem> {
    let id = CertificationId::new(&call.path.id)?;
    reading(&call.app, move |certificates| certificates.file(&id, REPORT_FILE)).await.map(Report)
}

pub(crate) async fn verify_certificate(call: Call<ById, Following>) -> Result<Json<Verification>, Problem> {
    let id = CertificationId::new(&call.path.id)?;
    let after = call.query.after.as_deref().map(CertificationId::new).transpose()?;
    let at = Utc::from_unix_seconds(i64::try_from(call.app.clock.unix_ms() / 1_000).unwrap_or(i64::MAX));
    let report = reading(&call.app, move |certificates| certificates.verify(&id, at, after.as_ref())).await?;
    match report_json(&report) {
        serde_json::Value::Object(found) => Ok(Json(Verification(found))),
        _ => Ok(Json(Verification(serde_json::Map::new()))),
    }
}

/// What others put into their trust file to verify what this server issues.
pub(crate) async fn show_issuer(call: Call) -> Result<Content<PlainText>, Problem> {
    Ok(Content::new(call.app.issuer.clone()))
}
