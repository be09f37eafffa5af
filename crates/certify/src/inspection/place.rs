//! The files of a subject by the paths that its description names: none of them lies elsewhere, whatever links say.

use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use plimsoll_base::Utc;

/// What is larger is no document, bill or result.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// The place of a path within a folder; `None` if it lies elsewhere or is not there.
pub(super) fn place(folder: &Path, path: &str) -> Option<PathBuf> {
    let whole = folder.join(path).canonicalize().ok()?;
    whole.starts_with(folder.canonicalize().ok()?).then_some(whole)
}

/// A file's bytes, or what is wrong with it.
pub(super) fn read(folder: &Path, path: &str) -> Result<Vec<u8>, String> {
    let is_plain = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    if !Path::new(path).components().all(is_plain) || folder.join(path).symlink_metadata().is_err() {
        return Err("there is no such file".into());
    }
    let place = place(folder, path).ok_or("it leads out of the subject's files")?;
    if !place.is_file() {
        return Err("it is no file".into());
    }
    let mut bytes = Vec::new();
    let file = File::open(&place).map_err(|error| format!("it cannot be read: {error}"))?;
    file.take(FILE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("it cannot be read: {error}"))?;
    if bytes.len() as u64 > FILE_BYTES_MAX { Err("it is larger than 64 MiB".into()) } else { Ok(bytes) }
}

/// The same as text.
pub(super) fn read_text(folder: &Path, path: &str) -> Result<String, String> {
    String::from_utf8(read(folder, path)?).map_err(|_| "it is no text in UTF-8".into())
}

/// When a file was written, as the file system tells it.
pub(super) fn written_at(folder: &Path, path: &str) -> Option<Utc> {
    let modified = place(folder, path)?.metadata().ok()?.modified().ok()?;
    let since = modified.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(Utc::from_unix_seconds(i64::try_from(since.as_secs()).ok()?))
}

/// A time as foreign tools write it: with a fraction, with an offset, or with neither, which is taken for UTC.
pub(super) fn time(text: &str) -> Option<Utc> {
    let (seconds, rest) = text.split_at_checked(19)?;
    let fraction = rest.strip_prefix('.').map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    let base: Utc = format!("{}Z", seconds.replacen(' ', "T", 1)).parse().ok()?;
    let zone = fraction.unwrap_or(rest);
    if matches!(zone, "" | "Z" | "z") {
        return Some(base);
    }
    let (sign, clock) = (if zone.starts_with('-') { 1 } else { -1 }, zone.strip_prefix(['+', '-'])?);
    let (hours, minutes) = clock.split_once(':').or_else(|| clock.split_at_checked(2))?;
    let part =
        |text: &str, max: i64| text.parse::<i64>().ok().filter(|n| text.len() == 2 && (0..=max).contains(n));
    Some(base.plus_seconds(sign * (part(hours, 23)? * 3_600 + part(minutes, 59)? * 60)))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn nothing_is_read_that_lies_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let (inside, secret) = (folder.path().join("files"), folder.path().join("secret"));
        fs::create_dir_all(inside.join("docs")).unwrap();
        fs::write(&secret, "x").unwrap();
        fs::write(inside.join("docs/a.md"), "text").unwrap();
        fs::write(inside.join("bytes"), [0xff, 0xfe]).unwrap();
        std::os::unix::fs::symlink(&secret, inside.join("link")).unwrap();
        std::os::unix::fs::symlink("docs/a.md", inside.join("good")).unwrap();
        assert_eq!(read_text(&inside, "docs/a.md").as_deref(), Ok("text"));
        assert_eq!(read_text(&inside, "good").as_deref(), Ok("text"));
        for (path, told) in [
            ("../secret", "no such file"),
            ("docs/../../secret", "no such file"),
            ("/etc/passwd", "no such file"),
            ("none", "no such file"),
            ("link", "leads out"),
            ("docs", "no file"),
            ("bytes", "no text"),
        ] {
            let error = read_text(&inside, path).unwrap_err();
            assert!(error.contains(told), "{path}: {error}");
        }
        let large = File::create(inside.join("large")).unwrap();
        large.set_len(FILE_BYTES_MAX + 1).unwrap();
        assert!(read(&inside, "large").unwrap_err().contains("64 MiB"));
    }

    #[test]
    fn times_are_read_as_tools_write_them() {
        let expected = "2026-11-22T10:00:00Z".parse().ok();
        for text in [
            "2026-11-22T10:00:00Z",
            "2026-11-22T10:00:00",
            "2026-11-22T10:00:00.123456Z",
            "2026-11-22T11:00:00+01:00",
            "2026-11-22 08:30:00.5-01:30",
            "2026-11-22T11:00:00.123456+0100",
        ] {
            assert_eq!(time(text), expected, "{text}");
        }
        for text in [
            "",
            "2026-11-22",
            "2026-13-22T10:00:00Z",
            "2026-11-22T10:00:00+1",
            "2026-11-22T10:00:00 UTC",
            "é".repeat(20).as_str(),
        ] {
            assert_eq!(time(text), None, "{text}");
        }
    }
}
