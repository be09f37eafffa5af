//! Words that no file of the repository holds. They are written in two halves here, so that this file holds none.

/// Folders of the machine that a file was written on mean nothing on another. A path counts only where it begins:
/// the `root` of `/proc/self/root/` is somebody else's.
const MACHINE_PATHS: &[&str] =
    &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/t", "mp/")];

/// Where a package comes from is the business of the client's configuration: mirrors and offline builds must work.
const REGISTRY_HOSTS: &[&str] = &[
    concat!("index.crates", ".io"),
    concat!("static.crates", ".io"),
    concat!("pypi", ".org"),
    concat!("pythonhosted", ".org"),
    concat!("registry.npmjs", ".org"),
    concat!("deb.debian", ".org"),
    concat!("security.debian", ".org"),
    concat!("proxy.golang", ".org"),
];

/// What belongs to the place where the work was done and not to the work.
const WORKPLACE_WORDS: &[&str] = &[
    concat!("bash", "_jobs"),
    concat!(".lib", "rary/"),
    concat!("co-author", "ed-by"),
    concat!("clau", "de"),
];

const UNFINISHED: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("to", "do!("),
    concat!("unimpl", "emented!("),
    concat!("#[ign", "ore"),
];

/// Finds paths of a machine, hosts of registries and words of a workplace.
pub fn check_private_words(path: &str, text: &str) -> Vec<String> {
    each_line(path, text, |line| {
        let lower = line.to_lowercase();
        let machine = MACHINE_PATHS.iter().find(|word| starts_a_path(line, word));
        let others = || REGISTRY_HOSTS.iter().chain(WORKPLACE_WORDS).find(|word| lower.contains(*word));
        machine.or_else(others).map(|word| format!("`{word}` means nothing to a stranger"))
    })
}

/// Finds work that was put off.
pub fn check_unfinished(path: &str, text: &str) -> Vec<String> {
    each_line(path, text, |line| {
        UNFINISHED
            .iter()
            .find(|word| line.contains(*word))
            .map(|word| format!("`{word}` stands for work that is not done"))
    })
}

fn each_line(path: &str, text: &str, find: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let numbered = text.lines().enumerate();
    numbered.filter_map(|(index, line)| Some(format!("{path}:{}: {}", index + 1, find(line)?))).collect()
}

fn starts_a_path(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || "/._-~})*".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_found_with_its_line() {
        for word in MACHINE_PATHS.iter().chain(REGISTRY_HOSTS).chain(WORKPLACE_WORDS) {
            let found = check_private_words("a.md", &format!("fine\nsee `{word}x`\n"));
            assert_eq!(found, [format!("a.md:2: `{word}` means nothing to a stranger")]);
        }
        for word in UNFINISHED {
            assert_eq!(check_unfinished("a.rs", &format!("    {word}later\n")).len(), 1, "{word}");
        }
    }

    #[test]
    fn capitals_do_not_hide_a_host() {
        assert_eq!(check_private_words("a", &REGISTRY_HOSTS[0].to_uppercase()).len(), 1);
    }

    #[test]
    fn a_path_inside_a_path_is_somebody_elses() {
        let inside = format!("/proc/self{}x ${{HOME}}{}", MACHINE_PATHS[1], MACHINE_PATHS[0]);
        assert_eq!(check_private_words("a", &inside), [""; 0]);
        assert_eq!(check_private_words("a", &format!("path={}", MACHINE_PATHS[1])).len(), 1);
    }

    #[test]
    fn finished_work_is_not_found() {
        assert_eq!(check_unfinished("a.rs", "let ignored = todo_list();"), [""; 0]);
    }
}
