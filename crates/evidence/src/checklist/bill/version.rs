//! Which of two versions is the later one: by Semantic Versioning 2.0.0 (crates.io, npm, Go) and by PEP 440 (PyPI).

use std::cmp::Ordering;

/// How the versions of an ecosystem are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    /// Semantic Versioning.
    SemVer,
    /// PEP 440.
    Pep440,
}

impl Scheme {
    /// The scheme of an ecosystem as OSV names it; `None` if its order is not known here.
    pub(super) fn of(ecosystem: &str) -> Option<Self> {
        match ecosystem {
            "crates.io" | "npm" | "Go" => Some(Self::SemVer),
            "PyPI" => Some(Self::Pep440),
            _ => None,
        }
    }

    /// `None` if one of them is no version of this scheme.
    pub(super) fn compare(self, left: &str, right: &str) -> Option<Ordering> {
        match self {
            Self::SemVer => Some(SemVer::read(left)?.cmp(&SemVer::read(right)?)),
            Self::Pep440 => Some(Pep440::read(left)?.cmp(&Pep440::read(right)?)),
        }
    }
}

/// The order of the fields is that of their weight.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct SemVer {
    core: [u64; 3],
    /// A version without it is later than all that have one.
    is_release: bool,
    before: Vec<Identifier>,
}

/// Numbers come before words, and a list before the longer one that begins with it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Identifier {
    Number(u64),
    Word(String),
}

impl SemVer {
    fn read(text: &str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let text = text.split_once('+').map_or(text, |(version, _)| version);
        let (core, before) = text.split_once('-').map_or((text, None), |(core, before)| (core, Some(before)));
        let mut numbers = [0; 3];
        let parts: Vec<&str> = core.split('.').collect();
        if parts.len() > numbers.len() {
            return None;
        }
        for (number, part) in numbers.iter_mut().zip(&parts) {
            *number = digits(part)?;
        }
        let identifiers =
            before.map_or(Some(Vec::new()), |before| before.split('.').map(identifier).collect())?;
        Some(Self { core: numbers, is_release: before.is_none(), before: identifiers })
    }
}

fn identifier(text: &str) -> Option<Identifier> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    match digits(text) {
        Some(number) => Some(Identifier::Number(number)),
        None if !text.is_empty() && is_plain => Some(Identifier::Word(text.to_owned())),
        None => None,
    }
}

fn digits(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// The order of the fields is that of their weight.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Pep440 {
    epoch: u64,
    /// Without noughts at its end.
    release: Vec<u64>,
    before: Before,
    /// A version without it is earlier than all that have one.
    post: Option<u64>,
    /// A version without it is later than all that have one.
    dev: Dev,
    local: Vec<Local>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Before {
    /// Under development before its first alpha.
    Dev,
    Alpha(u64),
    Beta(u64),
    Candidate(u64),
    Released,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Dev {
    Number(u64),
    Done,
}

/// Words come before numbers.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Local {
    Word(String),
    Number(u64),
}

impl Pep440 {
    fn read(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        let text = text.strip_prefix('v').unwrap_or(&text);
        let (public, local) =
            text.split_once('+').map_or((text, None), |(public, local)| (public, Some(local)));
        let (epoch, public) = match public.split_once('!') {
            Some((epoch, public)) => (digits(epoch)?, public),
            None => (0, public),
        };
        let length = public.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(public.len());
        let (release, rest) = public.split_at(length);
        // A dot may belong to what follows: 1.0.dev1.
        let mut numbers: Vec<u64> =
            release.trim_end_matches('.').split('.').map(digits).collect::<Option<_>>()?;
        while numbers.len() > 1 && numbers.last() == Some(&0) {
            numbers.pop();
        }
        let mut suffix = Suffix(rest);
        let (before, post, dev) = (suffix.before()?, suffix.post()?, suffix.dev()?);
        if !suffix.0.is_empty() {
            return None;
        }
        let before = match before {
            None if post.is_none() && dev.is_some() => Before::Dev,
            None => Before::Released,
            Some(before) => before,
        };
        let dev = dev.map_or(Dev::Done, Dev::Number);
        let local =
            local.map_or(Some(Vec::new()), |local| local.split(['.', '-', '_']).map(local_part).collect())?;
        Some(Self { epoch, release: numbers, before, post, dev, local })
    }
}

fn local_part(text: &str) -> Option<Local> {
    match digits(text) {
        Some(number) => Some(Local::Number(number)),
        None if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            Some(Local::Word(text.to_owned()))
        }
        None => None,
    }
}

/// What is left of a version behind its release.
struct Suffix<'a>(&'a str);

impl Suffix<'_> {
    /// A word with its number, if the rest begins with it. The inner `None`: it does not.
    fn take(&mut self, words: &[&str]) -> Option<Option<u64>> {
        let rest = self.0.trim_start_matches(['.', '-', '_']);
        let Some(behind) = words.iter().find_map(|word| rest.strip_prefix(word)) else { return Some(None) };
        let behind = behind.strip_prefix(['.', '-', '_']).unwrap_or(behind);
        let length = behind.find(|c: char| !c.is_ascii_digit()).unwrap_or(behind.len());
        let (number, behind) = behind.split_at(length);
        self.0 = behind;
        if number.is_empty() { Some(Some(0)) } else { digits(number).map(Some) }
    }

    fn before(&mut self) -> Option<Option<Before>> {
        if let Some(number) = self.take(&["alpha", "a"])? {
            return Some(Some(Before::Alpha(number)));
        }
        if let Some(number) = self.take(&["beta", "b"])? {
            return Some(Some(Before::Beta(number)));
        }
        Some(self.take(&["rc", "preview", "pre", "c"])?.map(Before::Candidate))
    }

    fn post(&mut self) -> Option<Option<u64>> {
        // `1.0-1` is short for `1.0.post1`.
        if let Some(number) = self.0.strip_prefix('-').filter(|rest| digits(rest).is_some()) {
            self.0 = "";
            return Some(digits(number));
        }
        self.take(&["post", "rev", "r"])
    }

    fn dev(&mut self) -> Option<Option<u64>> {
        self.take(&["dev"])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ascend(scheme: Scheme, versions: &[&str]) {
        for (index, left) in versions.iter().enumerate() {
            for (other, right) in versions.iter().enumerate() {
                let found = scheme.compare(left, right);
                assert_eq!(found, Some(index.cmp(&other)), "{left} and {right}");
            }
        }
    }

    /// The example of Semantic Versioning 2.0.0, section 11, and what npm and crates.io have.
    #[test]
    fn semantic_versions_are_ordered_as_their_standard_says() {
        let versions = [
            "0.9.10",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.9.0",
            "1.10.0",
            "2.0.0-0",
            "2.0.0",
        ];
        ascend(Scheme::SemVer, &versions);
        assert_eq!(Scheme::SemVer.compare("1.0.0+a", "1.0.0+b"), Some(Ordering::Equal));
        assert_eq!(Scheme::SemVer.compare("v1.2.3", "1.2.3"), Some(Ordering::Equal));
        for wrong in ["", "1.x", "1.2.3.4", "latest", "1.0.0-", "1..2", "99999999999999999999.0.0"] {
            assert_eq!(Scheme::SemVer.compare(wrong, "1.0.0"), None, "{wrong}");
        }
    }

    /// The summary of PEP 440, and its local versions.
    #[test]
    fn python_versions_are_ordered_as_their_standard_says() {
        let versions = [
            "1.dev0",
            "1.0.dev456",
            "1.0a1",
            "1.0a2.dev456",
            "1.0a12.dev456",
            "1.0a12",
            "1.0b1.dev456",
            "1.0b2",
            "1.0b2.post345.dev456",
            "1.0b2.post345",
            "1.0rc1.dev456",
            "1.0rc1",
            "1.0",
            "1.0+abc.5",
            "1.0+abc.7",
            "1.0+5",
            "1.0.post456.dev34",
            "1.0.post456",
            "1.0.15",
            "1.1.dev1",
            "1.10",
            "2!0.1",
        ];
        ascend(Scheme::Pep440, &versions);
        for (left, right) in [
            ("1.0", "1"),
            ("1.0-1", "1.0.post1"),
            ("1.0.RC1", "1.0c1"),
            ("v1.0-alpha_1", "1.0a1"),
            ("1.0a", "1.0a0"),
        ] {
            assert_eq!(Scheme::Pep440.compare(left, right), Some(Ordering::Equal), "{left} and {right}");
        }
        for wrong in ["", "one", "1.0 2", "1.0+", "1.0x1", "1..0"] {
            assert_eq!(Scheme::Pep440.compare(wrong, "1.0"), None, "{wrong}");
        }
    }

    #[test]
    fn an_order_that_is_not_known_is_not_guessed() {
        assert_eq!(Scheme::of("crates.io"), Some(Scheme::SemVer));
        assert_eq!(Scheme::of("PyPI"), Some(Scheme::Pep440));
        assert_eq!(Scheme::of("Maven"), None);
        assert_eq!(Scheme::of("Debian:12"), None);
    }
}
