//! Where a link of a document, or of an alert, leads.

use std::path::{Component, Path};

use super::place::place;

/// Where it leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// To a file or folder of the subject; with the heading that it names.
    Within { path: String, anchor: Option<String> },
    /// To where there is none.
    Missing,
    /// Out of the subject's files.
    Outside,
    /// To another machine, to a mailbox: nobody follows it here.
    Elsewhere,
}

/// Follows a link that stands in a document in `folder`, a path within `root` that ends in a slash or is empty.
pub(super) fn target(root: &Path, folder: &str, link: &str) -> Target {
    let (path, anchor) = link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
    let anchor = anchor.filter(|anchor| !anchor.is_empty()).map(|anchor| decoded(anchor).to_lowercase());
    let path = path.split('?').next().unwrap_or_default();
    if has_scheme(path) || path.starts_with("//") {
        return Target::Elsewhere;
    }
    // Where a document is shown, a slash at the beginning stands for the root of the files.
    let joined = path.strip_prefix('/').map_or_else(|| format!("{folder}{path}"), str::to_owned);
    let Some(path) = within(&decoded(&joined)) else { return Target::Outside };
    if root.join(&path).symlink_metadata().is_err() {
        return Target::Missing;
    }
    match place(root, &path) {
        Some(_) => Target::Within { path, anchor },
        None => Target::Outside,
    }
}

/// The path of a file that a forge shows: `https://HOST/.../blob/BRANCH/PATH`.
pub(super) fn hosted(link: &str) -> Option<&str> {
    let rest = link.strip_prefix("https://").or_else(|| link.strip_prefix("http://"))?;
    let (_, behind) = rest.split_once("/blob/").or_else(|| rest.split_once("/src/branch/"))?;
    Some(behind.split_once('/')?.1)
}

fn has_scheme(link: &str) -> bool {
    let name = link.split(':').next().unwrap_or_default();
    link.contains(':')
        && name.len() > 1
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// The path without `.` and `..`; `None` if it leads out.
fn within(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in Path::new(path).components() {
        match part {
            Component::Normal(part) => parts.push(part.to_str()?),
            Component::CurDir => {}
            Component::ParentDir => drop(parts.pop()?),
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.join("/"))
}

/// A text in which bytes may be written as `%20`.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let escaped = behind.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match escaped.filter(|_| *first == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = behind.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_where_readers_would_go() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        std::fs::create_dir_all(root.join("docs")).unwrap();
        std::fs::write(root.join("docs/a b.md"), "").unwrap();
        std::fs::write(folder.path().join("secret"), "").unwrap();
        std::os::unix::fs::symlink("../secret", root.join("up")).unwrap();
        let within = |path: &str, anchor: Option<&str>| Target::Within {
            path: path.into(),
            anchor: anchor.map(Into::into),
        };
        for (link, expected) in [
            ("a%20b.md", within("docs/a b.md", None)),
            ("./a b.md#Top", within("docs/a b.md", Some("top"))),
            ("/docs/a b.md", within("docs/a b.md", None)),
            ("../docs/", within("docs", None)),
            ("..", within("", None)),
            ("none.md", Target::Missing),
            ("../../secret", Target::Outside),
            ("../up", Target::Outside),
            ("https://example.org/x", Target::Elsewhere),
            ("mailto:a@example.org", Target::Elsewhere),
            ("//example.org", Target::Elsewhere),
        ] {
            assert_eq!(target(&root, "docs/", link), expected, "{link}");
        }
    }
}
