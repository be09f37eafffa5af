//! The profiles that ship with Plimsoll.

/// Id and text of every profile that ships with Plimsoll.
const PROFILES: [(&str, &str); 3] = [
    ("quick", include_str!("../../../../profiles/quick.toml")),
    ("web-service", include_str!("../../../../profiles/web-service.toml")),
    ("web-hardening", include_str!("../../../../profiles/web-hardening.toml")),
];

/// Id and text of every profile that ships with Plimsoll.
pub fn builtin_profiles() -> &'static [(&'static str, &'static str)] {
    &PROFILES
}
