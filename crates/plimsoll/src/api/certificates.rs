//! Certificates: listed, downloaded, verified.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use plimsoll_certify::register::{Certificates, CertificationId, Trial};
use plimsoll_certify::report_json;
use plimsoll_evidence::{FileEntry, REPORT_FILE};
use schemars::{JsonSchema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use super::archive::{self, Archive};
use super::certifications::{ById, CertificateView, CertificationView, of_certification, of_forgotten, view};
use super::grammar;
use super::page::{Listing, Page, cut};
use super::piecewise::written_by;
use super::problem::Problem;
use super::reply::{Answer, Bytes, Content, Download, PlainText, Reply, Tar};
use super::route::{Call, Json, Nothing};
use crate::app::App;
use crate::record::utc;

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

/// A certificate in the list.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Listed {
    /// The certification that it came from: 20 hexadecimal digits.
    id: String,
    /// What it says; none if its file cannot be read.
    certificate: Option<CertificateView>,
}

/// A certificate, and what it consists of.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct WithFiles {
    id: String,
    certificate: CertificateView,
    /// The certification that it came from; none if it is so old that it has been forgotten.
    certification: Option<CertificationView>,
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

/// The newest first: those that the register remembers, and what lies in the folder of those it has forgotten.
pub(crate) async fn list_certificates(call: Call<Nothing, Page>) -> Result<Json<Listing<Listed>>, Problem> {
    let limit = call.query.limit()?;
    let before = call.query.after()?.map(|id| CertificationId::new(&id)).transpose()?;
    let app = Arc::clone(&call.app);
    let found = reading(&call.app, move |certificates| {
        // One more than asked for tells that there is another page.
        let max = limit + 1;
        let mut found: BTreeMap<CertificationId, Option<CertificateView>> = app.runner.read(|register| {
            let issued = register.certifications().rev().filter_map(|(id, one)| {
                let view = of_certification(one).filter(|_| before.as_ref().is_none_or(|before| id < before));
                Some((id.clone(), Some(view?)))
            });
            issued.take(max).collect()
        });
        let is_forgotten =
            |id: &CertificationId| app.runner.read(|register| register.certification(id).is_err());
        found.extend(
            certificates.newest(before.as_ref(), max, is_forgotten)?.into_iter().map(|id| (id, None)),
        );
        let now_ms = app.clock.unix_ms();
        let listed = |(id, remembered): (CertificationId, Option<CertificateView>)| Listed {
            certificate: remembered
                .or_else(|| certificates.said(&id).ok().map(|said| of_forgotten(&said, now_ms))),
            id: id.to_string(),
        };
        Ok(found.into_iter().rev().take(max).map(listed).collect())
    });
    Ok(Json(cut(found.await?, limit, |one| one.id.clone())))
}

pub(crate) async fn show_certificate(call: Call<ById>) -> Result<Json<WithFiles>, Problem> {
    let id = CertificationId::new(&call.path.id)?;
    let remembered = call.app.runner.read(|register| {
        let one = register.certification(&id).ok()?;
        Some((view(&id, one), of_certification(one)))
    });
    let (name, now_ms) = (id.to_string(), call.app.clock.unix_ms());
    let read =
        reading(&call.app, move |certificates| Ok((certificates.files(&id)?, certificates.said(&id)?)));
    let (files, said) = read.await?;
    let (certification, certificate) = remembered.unzip();
    Ok(Json(WithFiles {
        id: name,
        certificate: certificate.flatten().unwrap_or_else(|| of_forgotten(&said, now_ms)),
        certification,
        files: files.into_iter().map(FileView::from).collect(),
    }))
}

/// The whole folder as one file: what `tar -x` unpacks is what `plimsoll verify` reads.
pub(crate) async fn download_certificate(call: Call<ById>) -> Result<Download<Tar>, Problem> {
    let id = CertificationId::new(&call.path.id)?;
    let name = id.to_string();
    let files = reading(&call.app, move |certificates| certificates.list(&id)).await?;
    let archive = Archive::of(&name, files)?;
    let bytes = archive.bytes();
    let body = written_by(&call.app, &call.caller, |pieces| archive::send(archive, pieces))?;
    Ok(Download::new(&format!("certificate-{name}.tar"), body).of_bytes(bytes))
}

pub(crate) async fn download_file(call: Call<ByIdAndPath>) -> Result<Download<Bytes>, Problem> {
    let (id, path) = (CertificationId::new(&call.path.id)?, call.path.path);
    let name = format!("certificate-{id}-{path}");
    let file = reading(&call.app, move |certificates| certificates.file(&id, &path)).await?;
    Ok(Download::new(&name, file))
}

/// The report: a page that was written by a certification and may hold what a subject has said. It runs nothing.
pub(crate) struct Report(Vec<u8>);

impl Reply for Report {
    fn describe(_: &mut SchemaGenerator) -> Answer {
        let schema = schemars::json_schema!({ "type": "string" });
        Answer::new(StatusCode::OK, "The report as a page").body("text/html; charset=utf-8", schema)
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
    let at = utc(call.app.clock.unix_ms());
    let object = format!("/api/v1/certificates/{id}");
    let report = reading(&call.app, move |certificates| certificates.verify(&id, at, after.as_ref())).await?;
    let verification = match report_json(&report) {
        serde_json::Value::Object(found) => Json(Verification(found)),
        _ => Json(Verification(serde_json::Map::new())),
    };
    call.record(&object, &(&verification).into()).await?;
    Ok(verification)
}

/// What others put into their trust file to verify what this server issues.
pub(crate) async fn show_issuer(call: Call) -> Result<Content<PlainText>, Problem> {
    Ok(Content::new(call.app.issuer.clone()))
}
