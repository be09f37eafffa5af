//! What is spoken where TLS is: which outdated protocols and ciphers a subject agrees to, and what its certificate is worth
//! (RFC 8996, RFC 7465, BSI TR-02102-2; OWASP ASVS 5.0.0 12.1, 12.3).

use serde::{Deserialize, Serialize};

use super::CheckedCase;

/// How many days from now on a certificate is good for at least: time enough to notice that nobody renews it.
pub const CERTIFICATE_DAYS: u64 = 14;
/// The versions as they stand in messages (RFC 5246, RFC 8446).
const TLS_1_2: u64 = 0x0303;
const TLS_1_3: u64 = 0x0304;

/// What is offered, and must be refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TlsOffer {
    /// SSL 3.0.
    Ssl3,
    /// TLS 1.0.
    Tls10,
    /// TLS 1.1.
    Tls11,
    /// TLS 1.2 without encryption.
    NoCipher,
    /// TLS 1.2 without a certificate.
    Anonymous,
    /// TLS 1.2 with keys of 40 to 56 bits.
    Export,
    /// TLS 1.2 with RC4.
    Rc4,
    /// TLS 1.2 with DES and triple DES.
    Des,
}

/// What came of an offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsOffered {
    /// What was offered.
    pub offer: TlsOffer,
    /// The version that the subject chose; absent if it refused.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub version: Option<u64>,
    /// Whether nothing came at all: neither a choice nor a refusal.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub silent: bool,
}

/// What is spoken, and with what certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsLook {
    /// What came of each of [`TlsOffer::ALL`], in their order.
    pub offers: Vec<TlsOffered>,
    /// The version that is spoken with somebody who knows TLS 1.2 and 1.3; absent if nothing came about.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub agreed: Option<u64>,
    /// The status of a reply to a request without TLS; absent if none came.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub plain: Option<u64>,
    /// What is wrong with the certificate for the subject's name now; absent if nothing is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub wrong_now: Option<String>,
    /// What is wrong with it in [`CERTIFICATE_DAYS`] days.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub wrong_later: Option<String>,
}

impl TlsOffer {
    /// All that is offered, in this order.
    pub const ALL: [Self; 8] = [
        Self::Ssl3,
        Self::Tls10,
        Self::Tls11,
        Self::NoCipher,
        Self::Anonymous,
        Self::Export,
        Self::Rc4,
        Self::Des,
    ];

    /// What is offered, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Ssl3 => "SSL 3.0",
            Self::Tls10 => "TLS 1.0",
            Self::Tls11 => "TLS 1.1",
            Self::NoCipher => "TLS 1.2 without encryption",
            Self::Anonymous => "TLS 1.2 without a certificate",
            Self::Export => "TLS 1.2 with keys that are too short",
            Self::Rc4 => "TLS 1.2 with RC4",
            Self::Des => "TLS 1.2 with DES",
        }
    }
}

/// Every offer, and what else there is to see; `None` if something was not offered.
pub(super) fn cases(look: &TlsLook) -> Option<Vec<CheckedCase>> {
    let offered = look.offers.iter().map(|offered| offered.offer);
    if !offered.eq(TlsOffer::ALL) {
        return None;
    }
    let mut cases: Vec<CheckedCase> = look.offers.iter().map(checked).collect();
    cases.extend([agreed(look.agreed), plain(look.plain)]);
    let days = format!("its certificate in {CERTIFICATE_DAYS} days");
    cases.push(certificate("its certificate now".into(), look.wrong_now.as_ref()));
    cases.push(certificate(days, look.wrong_later.as_ref()));
    Some(cases)
}

fn checked(offered: &TlsOffered) -> CheckedCase {
    CheckedCase {
        case: format!("offered {}", offered.offer.words()),
        seen: match offered.version {
            Some(version) => name(version),
            None if offered.silent => "nothing".into(),
            None => "refused".into(),
        },
        problem: match offered.version {
            Some(_) => Some("it is taken".into()),
            None => offered.silent.then(|| "it is not refused either".into()),
        },
    }
}

fn agreed(version: Option<u64>) -> CheckedCase {
    let is_good = version.is_some_and(|version| (TLS_1_2..=TLS_1_3).contains(&version));
    CheckedCase {
        case: "offered TLS 1.2 and 1.3".into(),
        seen: version.map_or_else(|| "nothing".into(), name),
        problem: (!is_good).then(|| "no good version is spoken".into()),
    }
}

fn plain(status: Option<u64>) -> CheckedCase {
    let is_served = status.is_some_and(|status| (200..300).contains(&status));
    CheckedCase {
        case: "asked without TLS".into(),
        seen: status.map_or_else(|| "nothing".into(), |status| status.to_string()),
        problem: is_served.then(|| "it is answered all the same".into()),
    }
}

fn certificate(case: String, wrong: Option<&String>) -> CheckedCase {
    let seen = if wrong.is_none() { "good" } else { "not good" };
    CheckedCase { case, seen: seen.into(), problem: wrong.cloned() }
}

/// A version as people write it.
fn name(version: u64) -> String {
    match version {
        0x0300 => "SSL 3.0".into(),
        0x0301..=TLS_1_3 => format!("TLS 1.{}", version - 0x0301),
        other => format!("version {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> TlsLook {
        TlsLook {
            offers: TlsOffer::ALL.map(|offer| TlsOffered { offer, version: None, silent: false }).to_vec(),
            agreed: Some(TLS_1_3),
            plain: Some(400),
            wrong_now: None,
            wrong_later: None,
        }
    }

    fn said(change: impl FnOnce(&mut TlsLook)) -> Vec<(String, String)> {
        let mut look = good();
        change(&mut look);
        let cases = cases(&look).unwrap();
        assert_eq!(cases.len(), 12);
        cases.into_iter().filter_map(|case| Some((case.case, case.problem?))).collect()
    }

    #[test]
    fn each_thing_is_wrong_by_itself() {
        assert_eq!(said(|_| ()), []);
        assert_eq!(said(|look| look.agreed = Some(TLS_1_2)), []);
        assert_eq!(said(|look| look.plain = None), []);
        let one = |case: &str, problem: &str| vec![(case.to_owned(), problem.to_owned())];
        for (at, offer) in TlsOffer::ALL.into_iter().enumerate() {
            let taken = said(|look| look.offers[at].version = Some(0x0301));
            assert_eq!(taken, one(&format!("offered {}", offer.words()), "it is taken"));
        }
        let silent = said(|look| look.offers[4].silent = true);
        assert_eq!(silent, one("offered TLS 1.2 without a certificate", "it is not refused either"));
        for version in [None, Some(0x0302), Some(0x0305)] {
            let none = one("offered TLS 1.2 and 1.3", "no good version is spoken");
            assert_eq!(said(|look| look.agreed = version), none);
        }
        assert_eq!(
            said(|look| look.plain = Some(200)),
            one("asked without TLS", "it is answered all the same")
        );
        let wrong = || Some("it is for another name".to_owned());
        assert_eq!(
            said(|look| look.wrong_now = wrong()),
            one("its certificate now", "it is for another name")
        );
        let later = said(|look| look.wrong_later = wrong());
        assert_eq!(later, one("its certificate in 14 days", "it is for another name"));
    }

    #[test]
    fn versions_have_the_names_that_people_know() {
        let names = [0x0300, 0x0301, 0x0302, 0x0303, 0x0304, 0x0505].map(name);
        assert_eq!(names, ["SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3", "version 1285"]);
    }

    #[test]
    fn what_was_not_offered_shows_nothing() {
        let mut few = good();
        few.offers.pop();
        let mut twice = good();
        twice.offers[1] = twice.offers[0].clone();
        assert_eq!([cases(&few), cases(&twice)], [None, None]);
    }
}
