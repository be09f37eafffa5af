//! How the server is set up, as far as it is no secret.

use schemars::JsonSchema;
use serde::Serialize;

use super::problem::Problem;
use super::route::{Call, Json};

/// How the server is set up. It is changed in its configuration file, and holds from the next start on.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SettingsView {
    version: &'static str,
    listen: String,
    data: String,
    public_url: Option<String>,
    /// Whether the server itself speaks TLS.
    tls: bool,
    /// Roles that demand a second factor.
    second_factor_for: Vec<String>,
    /// A session that is not used ends after so long.
    idle_minutes: u64,
    /// A session ends after so long, however much it is used.
    absolute_hours: u64,
    subjects_may_start_programs: bool,
    subjects_may_reach_other_machines: bool,
    /// The key that signs the journal's checkpoints.
    journal_key: String,
}

pub(crate) async fn show_settings(call: Call) -> Result<Json<SettingsView>, Problem> {
    let settings = &call.app.settings;
    Ok(Json(SettingsView {
        version: env!("CARGO_PKG_VERSION"),
        listen: settings.listen.to_string(),
        data: settings.data.display().to_string(),
        public_url: settings.public_url.as_ref().map(ToString::to_string),
        tls: settings.tls.is_some(),
        second_factor_for: settings.rules.second_factor_for.iter().map(ToString::to_string).collect(),
        idle_minutes: settings.rules.idle_ms / 60_000,
        absolute_hours: settings.rules.absolute_ms / 3_600_000,
        subjects_may_start_programs: settings.subjects.subjects_may_start_programs,
        subjects_may_reach_other_machines: settings.subjects.subjects_may_reach_other_machines,
        journal_key: call.app.journal_key.to_string(),
    }))
}
