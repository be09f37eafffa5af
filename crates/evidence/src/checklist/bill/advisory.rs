//! Advisories as OSV writes them, and whether a version is one of which they warn.

use std::cmp::Ordering;

use plimsoll_base::Utc;
use serde::{Deserialize, Serialize};

use super::version::Scheme;

/// A package as OSV names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// The ecosystem, as `crates.io`.
    pub ecosystem: String,
    /// The name in it.
    pub name: String,
}

/// What an advisory says of one package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Advisory {
    /// Its id, as `RUSTSEC-2024-0001`.
    pub id: String,
    /// Of which package.
    pub package: Package,
    /// Ranges of versions.
    pub ranges: Vec<VersionRange>,
    /// How many versions it lists one by one.
    pub listed: u64,
    /// Those of them that the bill has.
    pub versions: Vec<String>,
}

/// One range of versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VersionRange {
    /// What it counts in, as OSV writes it: `SEMVER`, `ECOSYSTEM` or `GIT`.
    pub kind: String,
    /// Where it begins and ends, as OSV writes it: `introduced`, `fixed`, `last_affected` or `limit`, and the version.
    pub events: Vec<(String, String)>,
}

/// The advisories that were given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdvisoryBase {
    /// How old the newest may be, in seconds.
    pub max_age_s: u64,
    /// Files that could not be read as advisories.
    pub unreadable: u64,
    /// Of what they speak, in order.
    pub ecosystems: Vec<AdvisedEcosystem>,
    /// Those of packages that the bill has, in order; none that was withdrawn.
    pub advisories: Vec<Advisory>,
}

/// How much is known of an ecosystem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdvisedEcosystem {
    /// Its name, as `crates.io`.
    pub ecosystem: String,
    /// Advisories.
    pub advisories: u64,
    /// When the newest of them was changed last.
    pub newest: Utc,
}

/// What an advisory says of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exposure {
    Clear,
    Affected,
    /// The range cannot be decided.
    Undecided,
}

impl Package {
    /// The package that a package URL names, if advisories may speak of it.
    pub fn of_purl(purl: &str) -> Option<Self> {
        let rest = purl.strip_prefix("pkg:")?;
        let rest = rest.split(['?', '#']).next()?;
        let rest = rest.rsplit_once('@').map_or(rest, |(name, _)| name);
        let (kind, path) = rest.split_once('/')?;
        let parts: Vec<String> = path.split('/').map(decoded).collect::<Option<_>>()?;
        let (ecosystem, name) = match kind.to_ascii_lowercase().as_str() {
            "cargo" => ("crates.io", parts.join("/")),
            "pypi" => ("PyPI", normal_python_name(&parts.join("/"))),
            "npm" => ("npm", parts.join("/")),
            "golang" => ("Go", parts.join("/")),
            "maven" => ("Maven", parts.join(":")),
            "gem" => ("RubyGems", parts.join("/")),
            "nuget" => ("NuGet", parts.join("/")),
            "composer" => ("Packagist", parts.join("/")),
            "hex" => ("Hex", parts.join("/")),
            "pub" => ("Pub", parts.join("/")),
            _ => return None,
        };
        (!name.is_empty()).then(|| Self { ecosystem: ecosystem.to_owned(), name })
    }

    /// The package under the name by which it is compared.
    pub fn normal(ecosystem: &str, name: &str) -> Self {
        let name = if ecosystem == "PyPI" { normal_python_name(name) } else { name.to_owned() };
        Self { ecosystem: ecosystem.to_owned(), name }
    }
}

/// The version that a package URL names.
pub(super) fn version_of_purl(purl: &str) -> Option<String> {
    let rest = purl.split(['?', '#']).next()?;
    // An npm scope has its sign escaped, so that only a version has one.
    rest.rsplit_once('@').and_then(|(_, version)| decoded(version))
}

/// PEP 503: small letters, and one dash for each run of dashes, underscores and dots.
fn normal_python_name(name: &str) -> String {
    let parts: Vec<&str> = name.split(['-', '_', '.']).filter(|part| !part.is_empty()).collect();
    parts.join("-").to_ascii_lowercase()
}

/// A text whose bytes may be written as `%2B`.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        if *first == b'%' {
            let digits = std::str::from_utf8(behind.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = behind.get(2..)?;
        } else {
            bytes.push(*first);
            rest = behind;
        }
    }
    String::from_utf8(bytes).ok()
}

impl Advisory {
    pub(super) fn exposure(&self, version: &str) -> Exposure {
        if self.versions.iter().any(|listed| listed == version) {
            return Exposure::Affected;
        }
        let counted: Vec<Exposure> = self
            .ranges
            .iter()
            .filter(|range| range.kind != "GIT")
            .map(|range| self.within(range, version))
            .collect();
        if counted.contains(&Exposure::Affected) {
            Exposure::Affected
        } else if counted.contains(&Exposure::Undecided) || (counted.is_empty() && self.listed == 0) {
            Exposure::Undecided
        } else {
            Exposure::Clear
        }
    }

    /// Where a version lies in a range: the algorithm of OSV, "Evaluation".
    fn within(&self, range: &VersionRange, version: &str) -> Exposure {
        let scheme = match range.kind.as_str() {
            "SEMVER" => Some(Scheme::SemVer),
            _ => Scheme::of(&self.package.ecosystem),
        };
        let affected = scheme.and_then(|scheme| is_within(scheme, &range.events, version));
        match affected {
            Some(true) => Exposure::Affected,
            Some(false) => Exposure::Clear,
            None => Exposure::Undecided,
        }
    }
}

/// `None` if a version cannot be placed, or the range never begins.
fn is_within(scheme: Scheme, events: &[(String, String)], version: &str) -> Option<bool> {
    let mut placed = Vec::new();
    for (kind, at) in events {
        let order = match (kind.as_str(), at.as_str()) {
            ("introduced", "0") | ("limit", "*") => Ordering::Greater,
            _ => scheme.compare(version, at)?,
        };
        placed.push((kind.as_str(), at.as_str(), order));
    }
    let starts = |at: &str| at == "0";
    let mut wrong = false;
    placed.sort_by(|left, right| match (starts(left.1), starts(right.1)) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => scheme.compare(left.1, right.1).unwrap_or_else(|| {
            // The only one without a place is a limit of `*`, which lies behind all.
            wrong |= left.1 != "*" && right.1 != "*";
            Ordering::Equal
        }),
    });
    if wrong || !placed.iter().any(|(kind, ..)| *kind == "introduced") {
        return None;
    }
    let limits: Vec<bool> = placed
        .iter()
        .filter(|(kind, ..)| *kind == "limit")
        .map(|(_, at, order)| *at == "*" || *order == Ordering::Less)
        .collect();
    if !limits.is_empty() && !limits.contains(&true) {
        return Some(false);
    }
    let step = |is_affected: bool, (kind, _, order): &(&str, &str, Ordering)| match (*kind, order) {
        ("introduced", Ordering::Greater | Ordering::Equal) => true,
        ("fixed", Ordering::Greater | Ordering::Equal) | ("last_affected", Ordering::Greater) => false,
        _ => is_affected,
    };
    Some(placed.iter().fold(false, step))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advisory(ecosystem: &str, kind: &str, events: &[(&str, &str)]) -> Advisory {
        let events = events.iter().map(|(kind, at)| ((*kind).to_owned(), (*at).to_owned())).collect();
        Advisory {
            id: "X-1".into(),
            package: Package::normal(ecosystem, "x"),
            ranges: vec![VersionRange { kind: kind.into(), events }],
            listed: 0,
            versions: Vec::new(),
        }
    }

    #[test]
    fn a_version_is_placed_as_osv_places_it() {
        use Exposure::{Affected, Clear};
        let two =
            [("fixed", "1.2.0"), ("introduced", "0"), ("introduced", "2.0.0-beta.1"), ("fixed", "2.3.1")];
        let advisory = advisory("crates.io", "SEMVER", &two);
        for (version, expected) in [
            ("0.1.0", Affected),
            ("1.2.0-rc.1", Affected),
            ("1.2.0", Clear),
            ("1.9.9", Clear),
            ("2.0.0-alpha", Clear),
            ("2.0.0-beta.1", Affected),
            ("2.3.0", Affected),
            ("2.3.1", Clear),
            ("3.0.0", Clear),
        ] {
            assert_eq!(advisory.exposure(version), expected, "{version}");
        }
    }

    #[test]
    fn ends_that_are_affected_themselves_and_limits() {
        let last = advisory("PyPI", "ECOSYSTEM", &[("introduced", "1.0"), ("last_affected", "1.4")]);
        assert_eq!(last.exposure("1.4.0"), Exposure::Affected);
        assert_eq!(last.exposure("1.4.post1"), Exposure::Clear);
        let limited = advisory("npm", "SEMVER", &[("introduced", "0"), ("limit", "2.0.0")]);
        assert_eq!(
            (limited.exposure("1.9.0"), limited.exposure("2.0.0")),
            (Exposure::Affected, Exposure::Clear)
        );
        let open = advisory("npm", "SEMVER", &[("introduced", "1.0.0"), ("limit", "*")]);
        assert_eq!((open.exposure("0.9.0"), open.exposure("7.0.0")), (Exposure::Clear, Exposure::Affected));
    }

    #[test]
    fn what_cannot_be_placed_is_undecided_and_what_is_listed_is_affected() {
        let events = [("introduced", "0"), ("fixed", "2.0")];
        let mut maven = advisory("Maven", "ECOSYSTEM", &events);
        assert_eq!(maven.exposure("2.5"), Exposure::Undecided);
        maven.versions = vec!["1.7".into()];
        assert_eq!(maven.exposure("1.7"), Exposure::Affected);
        assert_eq!(advisory("crates.io", "SEMVER", &events).exposure("not a version"), Exposure::Undecided);
        assert_eq!(
            advisory("crates.io", "SEMVER", &[("fixed", "1.0.0")]).exposure("0.1.0"),
            Exposure::Undecided
        );
        let mut git = advisory("crates.io", "GIT", &[("introduced", "0"), ("fixed", "abc")]);
        assert_eq!(git.exposure("1.0.0"), Exposure::Undecided);
        git.listed = 3;
        assert_eq!(git.exposure("1.0.0"), Exposure::Clear, "the list is all that is affected");
    }

    #[test]
    fn package_urls_name_packages_as_osv_does() {
        for (purl, ecosystem, name) in [
            ("pkg:cargo/serde@1.0.0", "crates.io", "serde"),
            ("pkg:pypi/Flask_Login@0.6?x=y", "PyPI", "flask-login"),
            ("pkg:npm/%40angular/core@12.3.1", "npm", "@angular/core"),
            ("pkg:golang/github.com/a/b@v1.0.0#sub", "Go", "github.com/a/b"),
            ("pkg:maven/org.apache/commons@1.0", "Maven", "org.apache:commons"),
        ] {
            assert_eq!(Package::of_purl(purl), Some(Package::normal(ecosystem, name)), "{purl}");
        }
        for purl in [
            "",
            "serde",
            "pkg:",
            "pkg:cargo",
            "pkg:cargo/",
            "pkg:generic/openssl@1",
            "pkg:cargo/%zz",
            "pkg:cargo/%",
        ] {
            assert_eq!(Package::of_purl(purl), None, "{purl}");
        }
        assert_eq!(version_of_purl("pkg:cargo/a@1.0.0%2Bb?c=d@e").as_deref(), Some("1.0.0+b"));
        assert_eq!(version_of_purl("pkg:npm/%40a/b"), None);
    }
}
