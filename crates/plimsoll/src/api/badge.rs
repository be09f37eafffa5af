//! A subject's certificate as a picture of two words, for those who may see certifications.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use plimsoll_certify::Badge;
use plimsoll_certify::register::{Certification, Name, Register, Stale};
use plimsoll_evidence::Issuance;
use schemars::{JsonSchema, SchemaGenerator};
use serde::Deserialize;

use super::grammar;
use super::problem::Problem;
use super::reply::{Answer, Reply};
use super::route::Call;
use crate::record::utc;

/// A picture that was fetched so long ago is fetched again: what was withdrawn or has gone stale shows soon.
const MAX_AGE_S: u64 = 300;

/// A subject and a picture of it in the path.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ByNameAndFile {
    /// The name of a subject.
    #[schemars(regex(pattern = grammar::NAME))]
    name: String,
    /// The name of a profile, and `.svg`.
    #[schemars(regex(pattern = r"^[a-z0-9-]{1,40}\.svg$"), example = &"quick.svg")]
    file: String,
}

/// A picture, and how long it may be kept.
pub(crate) struct Picture {
    svg: String,
    max_age_s: u64,
}

impl Reply for Picture {
    fn describe(_: &mut SchemaGenerator) -> Answer {
        let schema = schemars::json_schema!({ "type": "string" });
        Answer::new(StatusCode::OK, "A picture of two words; grey where nothing holds")
            .body("image/svg+xml", schema)
    }
}

impl IntoResponse for Picture {
    fn into_response(self) -> Response {
        let kept = format!("private, max-age={}", self.max_age_s);
        ([(header::CONTENT_TYPE, "image/svg+xml".to_owned()), (header::CACHE_CONTROL, kept)], self.svg)
            .into_response()
    }
}

pub(crate) async fn show_badge(call: Call<ByNameAndFile>) -> Result<Picture, Problem> {
    let Some(profile) = call.path.file.strip_suffix(".svg") else {
        return Err(Problem::new(StatusCode::NOT_FOUND, "a badge is the name of a profile and `.svg`"));
    };
    let (name, profile) = (Name::new(&call.path.name)?, Name::new(profile)?);
    let profile = profile.as_str();
    let now_ms = call.app.clock.unix_ms();
    let picture = call.app.runner.read(|register| match newest(register, name.as_str(), profile) {
        Some(one) => picture(one, profile, now_ms),
        None => Picture { svg: Badge::unknown(profile).svg(), max_age_s: MAX_AGE_S },
    });
    Ok(picture)
}

/// The last certification of a subject against a profile that a certificate came of.
fn newest<'a>(register: &'a Register, subject: &str, profile: &str) -> Option<&'a Certification> {
    let mut newest_first = register.certifications().rev().map(|(_, one)| one);
    newest_first.find(|one| {
        (one.subject.name.as_str(), one.profile.name.as_str()) == (subject, profile)
            && one.certificate().is_some()
    })
}

fn picture(one: &Certification, profile: &str, now_ms: u64) -> Picture {
    let grey = |word| Picture { svg: Badge::grey(profile, word).svg(), max_age_s: MAX_AGE_S };
    let Some(certificate) = one.certificate() else { return grey("unknown") };
    // The register learns of the end of a certificate's time when it next looks.
    match certificate.stale {
        _ if certificate.not_after_ms <= now_ms => grey("expired"),
        Some(Stale::Expired) => grey("expired"),
        Some(Stale::SubjectChanged | Stale::ProfileChanged) => grey("stale"),
        None if one.issuance() == Issuance::Demo => grey("demo"),
        None => {
            let svg = Badge::of_status(profile, certificate.status, utc(certificate.not_after_ms)).svg();
            // Whoever keeps it must not show it when the certificate's time is over.
            let left_s = certificate.not_after_ms.saturating_sub(now_ms) / 1_000;
            Picture { svg, max_age_s: left_s.min(MAX_AGE_S) }
        }
    }
}
