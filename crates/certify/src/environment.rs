//! On what it is measured: the machine as its kernel describes it, and the measuring program.

use std::path::Path;

use plimsoll_evidence::Environment;
use plimsoll_proof::Digest;

use crate::error::Error;

/// Reads the machine's description. `version` is that of the measuring program; `subject_is_here` says whether the
/// subject runs on this machine too. It is not pinned apart from the generator: whoever reads the numbers should know.
pub fn read_environment(version: &str, subject_is_here: bool) -> Result<Environment, Error> {
    let program = std::env::current_exe().map_err(Error::io("finding", "the running program"))?;
    let program = std::fs::read(&program).map_err(Error::io("reading", program))?;
    let names = rustix::system::uname();
    Ok(Environment {
        system: field(&text("/etc/os-release"), "PRETTY_NAME", '=').trim_matches('"').to_owned(),
        kernel: names.release().to_string_lossy().into_owned(),
        architecture: names.machine().to_string_lossy().into_owned(),
        processor: field(&text("/proc/cpuinfo"), "model name", ':'),
        cores: cores(),
        memory_bytes: memory_bytes("MemTotal"),
        clock_source: text("/sys/devices/system/clocksource/clocksource0/current_clocksource")
            .trim()
            .to_owned(),
        plimsoll_version: version.to_owned(),
        plimsoll_sha256: Digest::of(&program),
        boot: Digest::of(text("/proc/sys/kernel/random/boot_id").trim().as_bytes()),
        shared_cores: subject_is_here,
    })
}

/// A file of the kernel's; empty where there is none.
fn text(path: &str) -> String {
    std::fs::read_to_string(Path::new(path)).unwrap_or_default()
}

/// The value of the first line `name separator value`.
fn field(text: &str, name: &str, separator: char) -> String {
    let value = text.lines().find_map(|line| {
        let (key, value) = line.split_once(separator)?;
        (key.trim() == name).then(|| value.trim().to_owned())
    });
    value.unwrap_or_else(|| "unknown".into())
}

/// Cores that this process may use.
pub(crate) fn cores() -> u64 {
    std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64)
}

/// Memory that can be had without taking it from anybody, in bytes.
pub(crate) fn available_memory_bytes() -> u64 {
    memory_bytes("MemAvailable")
}

fn memory_bytes(name: &str) -> u64 {
    let kib = field(&text("/proc/meminfo"), name, ':');
    kib.split_whitespace()
        .next()
        .and_then(|number| number.parse::<u64>().ok())
        .unwrap_or(0)
        .saturating_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_memory_a_kernel_and_a_program() {
        let environment = read_environment("0", true).unwrap();
        assert!(environment.memory_bytes > 1 << 20);
        assert!((1 << 20..environment.memory_bytes).contains(&available_memory_bytes()));
        assert_ne!(environment.kernel, "");
        assert!(environment.shared_cores && !read_environment("0", false).unwrap().shared_cores);
        assert_eq!(environment, read_environment("0", true).unwrap(), "two readings differ");
    }

    #[test]
    fn fields_are_found_by_their_whole_name() {
        let text = "cpu cores\t: 2\nmodel name\t: Some CPU @ 2 GHz\n";
        assert_eq!(field(text, "model name", ':'), "Some CPU @ 2 GHz");
        assert_eq!(field(text, "model", ':'), "unknown");
    }
}
