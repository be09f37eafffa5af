//! The profiles that ship with Plimsoll.

/// Id and text of every profile that ships with Plimsoll.
const PROFILES: [(&str, &str); 13] = [
    ("quick", include_str!("../../../../profiles/quick.toml")),
    ("web-service", include_str!("../../../../profiles/web-service.toml")),
    ("web-hardening", include_str!("../../../../profiles/web-hardening.toml")),
    ("api-hardening", include_str!("../../../../profiles/api-hardening.toml")),
    ("soak", include_str!("../../../../profiles/soak.toml")),
    ("supply-chain", include_str!("../../../../profiles/supply-chain.toml")),
    ("faults", include_str!("../../../../profiles/faults.toml")),
    ("recovery", include_str!("../../../../profiles/recovery.toml")),
    ("observability", include_str!("../../../../profiles/observability.toml")),
    ("project-ai", include_str!("../../../../profiles/project-ai.toml")),
    ("deployment-engine", include_str!("../../../../profiles/deployment-engine.toml")),
    ("code-platform", include_str!("../../../../profiles/code-platform.toml")),
    ("agent-flow", include_str!("../../../../profiles/agent-flow.toml")),
];

/// Id and text of every profile that ships with Plimsoll.
pub fn builtin_profiles() -> &'static [(&'static str, &'static str)] {
    &PROFILES
}
