//! The machine on which it was measured, and the program that measured, beside those of now.

use plimsoll_evidence::Environment;

use super::certified::Certified;
use super::{Row, Trigger, all_stale, rests_on_the_machine, stale_where};

/// The kernel keeps more or less of the memory for itself from boot to boot; one part in sixteen is another machine.
const MEMORY_PARTS: u64 = 16;
/// What a description says that could not be read.
const UNKNOWN: &str = "unknown";

/// Architecture, cores, kernel and memory.
pub(super) fn row(certified: &Certified<'_>, now: &Environment) -> Row {
    let before = &certified.environment;
    if [&before.architecture, &now.architecture].iter().any(|name| name.is_empty() || *name == UNKNOWN) {
        let stale = all_stale(certified, "nothing tells on what machine it runs");
        return Row::missing(Trigger::Platform, "the architecture cannot be read", stale);
    }
    if before.architecture != now.architecture {
        let compared = format!("architecture {} then, {} now", before.architecture, now.architecture);
        return Row::changed(Trigger::Platform, compared, all_stale(certified, "another architecture"));
    }
    if before.memory_bytes == 0 || now.memory_bytes == 0 {
        let stale = stale_where(certified, "nothing tells how much memory there is", rests_on_the_machine);
        return Row::missing(Trigger::Platform, "the size of the memory cannot be read", stale);
    }
    let differences = differences(before, now);
    if differences.is_empty() {
        let compared = format!(
            "{}, {} cores, kernel {}, memory within one part in {MEMORY_PARTS}",
            now.architecture,
            now.cores,
            major(&now.kernel)
        );
        return Row::unchanged(Trigger::Platform, compared);
    }
    let compared = differences.join("; ");
    let stale = stale_where(certified, &compared, rests_on_the_machine);
    Row::changed(Trigger::Platform, compared, stale)
}

fn differences(before: &Environment, now: &Environment) -> Vec<String> {
    let mut found = Vec::new();
    if before.cores != now.cores {
        found.push(format!("{} cores then, {} now", before.cores, now.cores));
    }
    if major(&before.kernel) != major(&now.kernel) {
        found.push(format!("kernel {} then, {} now", before.kernel, now.kernel));
    }
    let (less, more) = (before.memory_bytes.min(now.memory_bytes), before.memory_bytes.max(now.memory_bytes));
    if more - less > more / MEMORY_PARTS {
        found.push(format!("{} bytes of memory then, {} now", before.memory_bytes, now.memory_bytes));
    }
    found
}

/// The first number of a kernel's release.
fn major(release: &str) -> &str {
    release.split('.').next().unwrap_or(release)
}

/// Version and digest of the program that measures.
pub(super) fn instrument(certified: &Certified<'_>, now: &Environment) -> Row {
    let before = &certified.environment;
    if before.plimsoll_sha256 == now.plimsoll_sha256 {
        let compared = format!("the same program, version {}", now.plimsoll_version);
        return Row::unchanged(Trigger::Instrument, compared);
    }
    let short = |digest: &plimsoll_proof::Digest| digest.to_string().chars().take(12).collect::<String>();
    let compared = format!(
        "version {} ({}) then, {} ({}) now",
        before.plimsoll_version,
        short(&before.plimsoll_sha256),
        now.plimsoll_version,
        short(&now.plimsoll_sha256)
    );
    let stale = all_stale(certified, "another program would measure");
    Row::changed(Trigger::Instrument, compared, stale)
}
