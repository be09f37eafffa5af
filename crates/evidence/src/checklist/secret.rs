//! Secrets in files: which rules were tried on what, and where something was found. The secret itself is never kept, only
//! its place and the beginning of its digest, by which its owner knows it again.

use serde::{Deserialize, Serialize};

use super::CheckedCase;

/// By what a secret is known. Each is exact: what it finds is a secret, or was made to look like one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretRule {
    /// A private key in PEM that no password protects.
    PrivateKey,
    /// An identity of age.
    AgeKey,
    /// A secret access key of AWS beside the id that it belongs to.
    AwsKey,
    /// A token of GitHub whose checksum is right, or a fine-grained one.
    GithubToken,
    /// A token of GitLab.
    GitlabToken,
    /// A token of npm whose checksum is right.
    NpmToken,
    /// A token of PyPI.
    PypiToken,
    /// A token of Slack.
    SlackToken,
    /// A secret key of Stripe that is no test key.
    StripeKey,
    /// A key of Google's interfaces.
    GoogleKey,
    /// A JWT with header, claims and signature.
    Jwt,
    /// A password in a URL.
    UrlPassword,
    /// A value without order that is given to a password, a secret, a token or a key.
    Assignment,
}

/// Where was looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SearchedPlace {
    /// All that is reachable in a git repository.
    History,
    /// A folder that is no git repository, as it is now.
    Folder,
    /// The subject's artefacts alone.
    Artifacts,
}

/// One search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretSearch {
    /// Where was looked.
    pub place: SearchedPlace,
    /// Commits whose messages were searched; 0 where there is no history.
    pub commits: u64,
    /// Texts that were searched, one for each content.
    pub texts: u64,
    /// Files that are no text, searched by every rule but the last two.
    pub binaries: u64,
    /// How much that was, in bytes.
    pub bytes: u64,
    /// Submodules, links and the like, which were not followed.
    pub not_followed: u64,
    /// Whether the history goes back to its beginning.
    pub is_shallow: bool,
    /// Whether all was searched that there is. It was not where there is more than is searched, or it took too long.
    pub is_whole: bool,
    /// Files that are too large to be searched.
    pub too_large: Vec<Unsearched>,
    /// What was found, in the order of path, line and rule.
    pub findings: Vec<SecretFinding>,
    /// Findings beyond those.
    pub more: u64,
}

/// A file that was not searched.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unsearched {
    /// Its path.
    pub path: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Why the description lets it pass, if it does.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub allowed: Option<String>,
}

/// A secret, where it was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretFinding {
    /// The path of its file, or `commit message`.
    pub path: String,
    /// The line, from 1.
    pub line: u64,
    /// By what it is known.
    pub rule: SecretRule,
    /// The commit that brought it, shortened; absent without a history.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub commit: Option<String>,
    /// The first eight hex digits of the secret's SHA-256.
    pub secret: String,
    /// Why the description lets it pass, if it does.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub allowed: Option<String>,
}

impl SecretRule {
    /// Every rule, in the order in which they are told.
    pub const ALL: [Self; 13] = [
        Self::PrivateKey,
        Self::AgeKey,
        Self::AwsKey,
        Self::GithubToken,
        Self::GitlabToken,
        Self::NpmToken,
        Self::PypiToken,
        Self::SlackToken,
        Self::StripeKey,
        Self::GoogleKey,
        Self::Jwt,
        Self::UrlPassword,
        Self::Assignment,
    ];

    /// The rule in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::PrivateKey => "a private key",
            Self::AgeKey => "an identity of age",
            Self::AwsKey => "an access key of AWS",
            Self::GithubToken => "a token of GitHub",
            Self::GitlabToken => "a token of GitLab",
            Self::NpmToken => "a token of npm",
            Self::PypiToken => "a token of PyPI",
            Self::SlackToken => "a token of Slack",
            Self::StripeKey => "a key of Stripe",
            Self::GoogleKey => "a key of Google",
            Self::Jwt => "a signed JWT",
            Self::UrlPassword => "a password in a URL",
            Self::Assignment => "a value of a password, secret or token",
        }
    }
}

/// What was searched, what could not be, each rule that found nothing, and each finding. `None` if a finding does not name
/// its secret.
pub(super) fn cases(search: &SecretSearch) -> Option<Vec<CheckedCase>> {
    let is_digest =
        |text: &str| text.len() == 8 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if !search.findings.iter().all(|finding| is_digest(&finding.secret)) {
        return None;
    }
    let clean = SecretRule::ALL
        .into_iter()
        .filter(|rule| !search.findings.iter().any(|finding| finding.rule == *rule));
    let clean =
        clean.map(|rule| CheckedCase { case: rule.words().into(), seen: "not found".into(), problem: None });
    let more = (search.more > 0).then(|| CheckedCase {
        case: "what is not listed".into(),
        seen: format!("{} more findings", search.more),
        problem: Some("more was found than is listed".into()),
    });
    let first = std::iter::once(whole(search)).chain(search.too_large.iter().map(unsearched));
    Some(first.chain(search.findings.iter().map(found)).chain(more).chain(clean).collect())
}

fn whole(search: &SecretSearch) -> CheckedCase {
    let SecretSearch { texts, binaries, bytes, not_followed, commits, .. } = search;
    let place = match search.place {
        SearchedPlace::History => format!("{commits} commits"),
        SearchedPlace::Folder => "no git repository: a folder as it is now".into(),
        SearchedPlace::Artifacts => "no git repository: the artefacts alone".into(),
    };
    let left = match not_followed {
        0 => String::new(),
        count => format!(", {count} submodules or links not followed"),
    };
    let problem = if texts + binaries == 0 {
        Some("nothing was searched")
    } else if search.is_shallow {
        Some("the history is cut off")
    } else if !search.is_whole {
        Some("there is more than could be searched")
    } else {
        None
    };
    CheckedCase {
        case: "what was searched".into(),
        seen: format!("{place}, {texts} texts and {binaries} binary files of {bytes} bytes in all{left}"),
        problem: problem.map(str::to_owned),
    }
}

fn unsearched(file: &Unsearched) -> CheckedCase {
    let allowed = file.allowed.as_deref().map_or_else(String::new, |why| format!("; allowed: {why}"));
    CheckedCase {
        case: file.path.clone(),
        seen: format!("{} bytes, not searched{allowed}", file.bytes),
        problem: file.allowed.is_none().then(|| "it is too large to be searched".to_owned()),
    }
}

fn found(finding: &SecretFinding) -> CheckedCase {
    let SecretFinding { path, line, secret, .. } = finding;
    let commit =
        finding.commit.as_deref().map_or_else(String::new, |commit| format!(" since commit {commit}"));
    let allowed = finding.allowed.as_deref().map_or_else(String::new, |why| format!("; allowed: {why}"));
    CheckedCase {
        case: format!("{path}:{line}"),
        seen: format!("{}, SHA-256 {secret}…{commit}{allowed}", finding.rule.words()),
        problem: finding.allowed.is_none().then(|| "whoever has the files has the secret".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search() -> SecretSearch {
        SecretSearch {
            place: SearchedPlace::History,
            commits: 2,
            texts: 3,
            binaries: 0,
            bytes: 90,
            not_followed: 0,
            is_shallow: false,
            is_whole: true,
            too_large: Vec::new(),
            findings: Vec::new(),
            more: 0,
        }
    }

    fn finding(allowed: Option<&str>) -> SecretFinding {
        SecretFinding {
            path: "a.env".into(),
            line: 3,
            rule: SecretRule::GithubToken,
            commit: Some("0123456789ab".into()),
            secret: "89abcdef".into(),
            allowed: allowed.map(str::to_owned),
        }
    }

    fn failed(search: &SecretSearch) -> usize {
        cases(search).unwrap().iter().filter(|case| case.problem.is_some()).count()
    }

    #[test]
    fn every_finding_fails_that_nobody_has_allowed() {
        assert_eq!(failed(&search()), 0);
        assert_eq!(cases(&search()).unwrap().len(), 1 + SecretRule::ALL.len());
        let found = SecretSearch { findings: vec![finding(None), finding(Some("made up"))], ..search() };
        assert_eq!(failed(&found), 1);
        assert_eq!(cases(&found).unwrap().len(), 1 + 2 + SecretRule::ALL.len() - 1);
        assert_eq!(failed(&SecretSearch { more: 7, ..found }), 2);
    }

    #[test]
    fn what_was_not_searched_is_no_pass() {
        let large = |allowed: Option<&str>| Unsearched {
            path: "dump.sql".into(),
            bytes: 99,
            allowed: allowed.map(str::to_owned),
        };
        for broken in [
            SecretSearch { texts: 0, ..search() },
            SecretSearch { is_whole: false, ..search() },
            SecretSearch { is_shallow: true, ..search() },
            SecretSearch { too_large: vec![large(None)], ..search() },
        ] {
            assert_eq!(failed(&broken), 1, "{broken:?}");
        }
        assert_eq!(failed(&SecretSearch { too_large: vec![large(Some("a film"))], ..search() }), 0);
        assert_eq!(failed(&SecretSearch { place: SearchedPlace::Folder, commits: 0, ..search() }), 0);
    }

    #[test]
    fn a_finding_names_its_secret_by_eight_digits_and_never_by_itself() {
        for secret in ["", "89abcde", "89ABCDEF", "ghp_0123"] {
            let finding = SecretFinding { secret: secret.into(), ..finding(None) };
            assert_eq!(cases(&SecretSearch { findings: vec![finding], ..search() }), None, "{secret}");
        }
    }
}
