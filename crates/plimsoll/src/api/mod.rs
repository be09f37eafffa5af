//! The API: every route of the server on one screen.

mod account;
mod act;
mod archive;
mod audit;
mod auth;
mod badge;
mod certificates;
mod certifications;
mod claims;
mod client;
mod console;
mod grammar;
mod health;
mod journal;
mod layers;
mod once;
mod openapi;
mod page;
mod pages;
mod piecewise;
mod problem;
mod reply;
mod route;
mod secret;
mod sent;
mod settings;
mod sign_in;
mod texts;
mod time;
mod tokens;
mod users;

use axum::http::Method;
use plimsoll_policy::Action as A;
use route::Access::{Anyone, Known, May, OnThisMachineOr, Recorded};
use route::route;

use crate::print::one_line;
use crate::telemetry::Series;

pub(crate) use certifications::tell_of_refresh;
pub(crate) use health::Readiness;
pub(crate) use journal::look_through;
pub(crate) use layers::{IN_FLIGHT_MAX, behind_layers};
pub(crate) use once::forget_old;
pub(crate) use piecewise::STREAMS_MAX;
pub(crate) use problem::Problem;
pub(crate) use route::Route;

const GET: Method = Method::GET;
const POST: Method = Method::POST;
const PUT: Method = Method::PUT;
const DELETE: Method = Method::DELETE;

/// The table of routes.
pub(crate) fn routes() -> Vec<Route> {
    [open_to_all(), about_people(), about_certifications(), about_records()].into_iter().flatten().collect()
}

/// Pages, the reference, and how the server is.
#[rustfmt::skip]
fn open_to_all() -> Vec<Route> {
    vec![
        route(GET,    "/",                                 Anyone, "The console, or how to begin", pages::show_start),
        route(GET,    "/set-up",                           Anyone, "The page behind the set-up link", pages::show_set_up),
        route(GET,    "/console",                          Anyone, "The console", console::show_console),
        route(GET,    "/console/{*path}",                  Anyone, "A page of the console, or a file of it", console::console_file),
        route(GET,    "/reference",                        Anyone, "This reference as a page, with a form for every call", pages::show_reference),
        route(GET,    "/pages/{file}",                     Anyone, "A script of the pages, or their style", pages::page_file),
        route(GET,    "/favicon.svg",                      Anyone, "The icon of the pages", pages::page_icon),
        route(GET,    "/openapi.json",                     Anyone, "This reference for programs", pages::openapi_document),
        route(GET,    "/health/live",                      Anyone, "Whether the process is alive", health::is_alive),
        route(GET,    "/health/ready",                     Anyone, "Whether it can work: keeps a row in the journal", health::is_ready),
        route(GET,    "/metrics",                          OnThisMachineOr(A::MetricsRead), "Measurements in OpenMetrics", health::read_metrics),
    ]
}

/// Who may come in.
#[rustfmt::skip]
fn about_people() -> Vec<Route> {
    vec![
        route(POST,   "/api/v1/set-up",                    Anyone, "Creates the first administrator by the set-up link", sign_in::set_up),
        route(POST,   "/api/v1/session",                   Anyone, "Signs in", sign_in::sign_in),
        route(DELETE, "/api/v1/session",                   Known, "Signs out", sign_in::sign_out),
        route(GET,    "/api/v1/account",                   May(A::AccountRead), "Who is asking, and what he may do", account::show_account),
        route(PUT,    "/api/v1/account/password",          May(A::AccountChange), "Changes one's own password; all sessions and tokens end", account::change_password),
        route(POST,   "/api/v1/account/second-factor",     May(A::AccountChange), "Offers a second factor to who has typed the password again", account::offer_second_factor),
        route(PUT,    "/api/v1/account/second-factor",     May(A::AccountChange), "Takes the offered second factor into use", account::confirm_second_factor),
        route(POST,   "/api/v1/account/recovery-codes",    May(A::AccountChange), "Gives out new recovery codes instead of the old", account::renew_recovery_codes),
        route(GET,    "/api/v1/account/sessions",          May(A::AccountRead), "Lists one's own sessions", account::list_own_sessions),
        route(DELETE, "/api/v1/account/sessions/{id}",     May(A::AccountChange), "Ends one of one's own sessions", account::end_own_session),
        route(GET,    "/api/v1/account/tokens",            May(A::OwnTokenList), "Lists one's own tokens", tokens::list_own_tokens),
        route(POST,   "/api/v1/account/tokens",            May(A::OwnTokenCreate), "Gives out a token", tokens::create_own_token),
        route(DELETE, "/api/v1/account/tokens/{id}",       May(A::OwnTokenRevoke), "Revokes one of one's own tokens", tokens::revoke_own_token),
        route(GET,    "/api/v1/users",                     May(A::UserList), "Lists the users", users::list_users),
        route(POST,   "/api/v1/users",                     May(A::UserCreate), "Creates a user", users::create_user),
        route(GET,    "/api/v1/users/{name}",              May(A::UserRead), "Shows a user", users::show_user),
        route(PUT,    "/api/v1/users/{name}/roles",        May(A::UserSetRoles), "Gives a user other roles; all his sessions and tokens end", users::set_roles),
        route(PUT,    "/api/v1/users/{name}/password",     May(A::UserReset), "Gives a user another password; all his sessions and tokens end", users::reset_password),
        route(DELETE, "/api/v1/users/{name}/second-factor", May(A::UserReset), "Takes away a lost second factor; all his sessions end", users::remove_second_factor),
        route(POST,   "/api/v1/users/{name}/disable",      May(A::UserDisable), "Keeps a user out; all his sessions and tokens end", users::disable_user),
        route(POST,   "/api/v1/users/{name}/enable",       May(A::UserDisable), "Lets a user in again", users::enable_user),
        route(GET,    "/api/v1/users/{name}/sessions",     May(A::SessionList), "Lists a user's sessions", users::list_sessions),
        route(DELETE, "/api/v1/users/{name}/sessions",     May(A::SessionEnd), "Ends all of a user's sessions", users::end_sessions),
        route(DELETE, "/api/v1/users/{name}/sessions/{id}", May(A::SessionEnd), "Ends one of a user's sessions", users::end_session),
        route(GET,    "/api/v1/users/{name}/tokens",       May(A::TokenList), "Lists a user's tokens", users::list_tokens),
        route(DELETE, "/api/v1/users/{name}/tokens/{id}",  May(A::TokenRevoke), "Revokes one of a user's tokens", users::revoke_token),
    ]
}

/// What is certified, and against what.
#[rustfmt::skip]
fn about_certifications() -> Vec<Route> {
    vec![
        route(GET,    "/api/v1/subjects",                  May(A::SubjectList), "Lists what can be certified", texts::list_subjects),
        route(GET,    "/api/v1/subjects/{name}",           May(A::SubjectRead), "Shows a subject", texts::show_subject),
        route(PUT,    "/api/v1/subjects/{name}",           May(A::SubjectWrite), "Writes a subject, or a new text of it", texts::write_subject).conditional(),
        route(DELETE, "/api/v1/subjects/{name}",           May(A::SubjectWrite), "Removes a subject; its certificates stay, and go stale", texts::remove_subject).conditional(),
        route(GET,    "/api/v1/profiles",                  May(A::ProfileList), "Lists what is demanded of subjects", texts::list_profiles),
        route(GET,    "/api/v1/profiles/{name}",           May(A::ProfileRead), "Shows a profile", texts::show_profile),
        route(PUT,    "/api/v1/profiles/{name}",           May(A::ProfileWrite), "Writes a profile, or a new text of it", texts::write_profile).conditional(),
        route(DELETE, "/api/v1/profiles/{name}",           May(A::ProfileWrite), "Removes a profile by which no subject is kept fresh", texts::remove_profile).conditional(),
        route(GET,    "/api/v1/certifications",            May(A::CertificationList), "Lists certifications, the newest first", certifications::list_certifications),
        route(POST,   "/api/v1/certifications",            May(A::CertificationStart), "Asks for a certification; one is made at a time", certifications::start_certification),
        route(GET,    "/api/v1/certifications/{id}",       May(A::CertificationRead), "Shows a certification", certifications::show_certification),
        route(POST,   "/api/v1/certifications/{id}/cancel", May(A::CertificationCancel), "Cancels a certification", certifications::cancel_certification),
        route(GET,    "/api/v1/certifications/{id}/events", May(A::CertificationRead), "Follows a certification to its outcome", certifications::follow_certification),
        route(GET,    "/api/v1/certifications/{id}/trials", May(A::CertificationRead), "Shows what was tried", certifications::list_trials),
        route(GET,    "/api/v1/certificates",              May(A::CertificationList), "Lists certificates, the newest first", certificates::list_certificates),
        route(GET,    "/api/v1/certificates/{id}",         May(A::CertificationRead), "Shows a certificate and its files", certificates::show_certificate),
        route(GET,    "/api/v1/certificates/{id}/claims",  May(A::CertificationRead), "Shows what a certificate claims, each number computed again", claims::show_claims),
        route(GET,    "/api/v1/certificates/{id}/report",  May(A::CertificationRead), "Shows the report as a page", certificates::show_report),
        route(GET,    "/api/v1/certificates/{id}/archive", Recorded(A::CertificationDownload), "Downloads a certificate with its evidence", certificates::download_certificate),
        route(GET,    "/api/v1/certificates/{id}/files/{*path}", Recorded(A::CertificationDownload), "Downloads one file of a certificate", certificates::download_file),
        route(POST,   "/api/v1/certificates/{id}/verify",  May(A::CertificationVerify), "Verifies a certificate anew, from its raw data", certificates::verify_certificate),
        route(GET,    "/badge/{name}/{file}",              May(A::CertificationRead), "Draws the newest certificate of a subject by a profile as a badge", badge::show_badge),
        route(GET,    "/api/v1/issuer",                    Anyone, "The keys by which others verify what this server issues", certificates::show_issuer),
    ]
}

/// What was done, and how the server is set up.
#[rustfmt::skip]
fn about_records() -> Vec<Route> {
    vec![
        route(GET,    "/api/v1/audit",                     May(A::AuditList), "Lists the audit trail, the newest first", audit::list_audit),
        route(GET,    "/api/v1/audit/events",              May(A::AuditList), "Follows the audit trail", audit::follow_audit),
        route(GET,    "/api/v1/audit/export",              Recorded(A::AuditExport), "Downloads the audit trail with the checkpoint that covers it", audit::export_audit),
        route(GET,    "/api/v1/settings",                  May(A::SettingsRead), "Shows how the server is set up", settings::show_settings),
        route(GET,    "/api/v1/journal/checkpoint",        May(A::JournalProve), "Signs all that the journal holds", journal::show_checkpoint),
        route(GET,    "/api/v1/journal/proofs/{position}", May(A::JournalProve), "Proves that a record is in the journal", journal::prove_record),
        route(POST,   "/api/v1/journal/verify",            May(A::JournalVerify), "Looks through the whole journal for damage", journal::verify_journal),
        route(GET,    "/api/v1/journal/export",            Recorded(A::JournalExport), "Downloads the whole journal", journal::export_journal),
    ]
}

/// The OpenAPI document as text.
pub(crate) fn reference(routes: &[Route]) -> String {
    one_line(&openapi::document(routes))
}

impl Route {
    /// What it is counted under.
    pub(crate) fn series(&self) -> Series {
        Series { method: layers::method_name(&self.method), path: self.permit.path }
    }
}
