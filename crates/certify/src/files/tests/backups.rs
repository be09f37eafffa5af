//! How a subject says that its data are saved and brought back.

use std::path::Path;

use insta::assert_snapshot;

use super::super::{BackupCommands, FileError, Subject, parse_subject};
use super::{answers, edited};

const GOOD: &str = r#"name = "notes"

[start]
command = ["./notes", "--listen", "127.0.0.1:{port}", "--data", "{dir}/notes.db"]

[target]
url = "http://127.0.0.1:{port}"

[[request]]
path = "/notes"

[ledger]
write = { path = "/notes/{key}", body = "{value}" }
read = { path = "/notes/{key}" }

[backup]
save = ["./save", "http://127.0.0.1:{port}", "{dir}", "{backup}"]
restore = ["./restore", "{backup}", "{dir}"]
within = "5s"
"#;

fn parse(text: &str) -> Result<Subject, FileError> {
    parse_subject("s.toml", text, Path::new("/base"))
}

#[test]
fn commands_and_their_time_are_read() {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let expected = BackupCommands {
        save: words(&["./save", "http://127.0.0.1:{port}", "{dir}", "{backup}"]),
        restore: words(&["./restore", "{backup}", "{dir}"]),
        within_ns: 5_000_000_000,
    };
    assert_eq!(parse(GOOD).unwrap().backup, Some(expected));
    let minute = parse(&edited(GOOD, "within = \"5s\"\n", "")).unwrap().backup.unwrap();
    assert_eq!(minute.within_ns, 60_000_000_000);
    let by_env = edited(GOOD, "\"{backup}\", \"{dir}\"]\nwithin", "\"{backup}\"]\nwithin");
    let by_env = edited(&by_env, "[target]", "env = { DATA = \"{dir}\" }\n\n[target]");
    assert!(parse(&by_env).is_ok(), "a variable tells the folder too");
}

#[test]
fn backups_that_would_prove_nothing() {
    assert_snapshot!(answers(GOOD, &[
        ("save = [\"./save\", \"http://127.0.0.1:{port}\", \"{dir}\", \"{backup}\"]\n", ""),
        ("restore = [\"./restore\", \"{backup}\", \"{dir}\"]\n", ""),
        ("\"{dir}\", \"{backup}\"]", "\"{dir}\"]"),
        ("[\"./restore\", \"{backup}\", \"{dir}\"]", "[\"./restore\", \"{dir}\"]"),
        ("[\"./restore\", \"{backup}\", \"{dir}\"]", "[\"./restore\", \"{backup}\"]"),
        ("[\"./restore\", \"{backup}\", \"{dir}\"]", "[\"./restore\", \"{bakup}\", \"{dir}\"]"),
        ("[\"./restore\", \"{backup}\", \"{dir}\"]", "\"./restore {backup} {dir}\""),
        ("within = \"5s\"", "within = \"20min\""),
        ("within = \"5s\"", "timeout = \"5s\""),
        ("\"--data\", \"{dir}/notes.db\"", "\"--data\", \"/var/notes.db\""),
        ("[ledger]\nwrite = { path = \"/notes/{key}\", body = \"{value}\" }\nread = { path = \"/notes/{key}\" }\n", ""),
    ], parse), @r#"
    s.toml:16:1: `save` is missing from [backup]
    s.toml:16:1: `restore` is missing from [backup]
    s.toml:17:8: `save` does not mention `{backup}`, the folder of the backup
        hint: hand it to the program, as in "--to", "{backup}"
    s.toml:18:11: `restore` does not mention `{backup}`, the folder of the backup
        hint: hand it to the program, as in "--to", "{backup}"
    s.toml:16:1: nothing tells `restore` of [backup] `{dir}`, where it must put the data
        hint: use `{dir}` in `restore`, or in `env` of [start]
    s.toml:18:25: `{bakup}` in `restore` stands for nothing
        hint: did you mean `{backup}`?
    s.toml:18:11: `restore` must be a list in square brackets, not text
        hint: write program and arguments apart, like ["./notes", "--port", "{port}"]; no shell reads them
    s.toml:19:10: `within` is 20 min: it must lie between 1 ms and 10 min
    s.toml:19:1: unknown key `timeout` in [backup]
        hint: known here: save, restore, within
    s.toml:3:1: nothing tells the subject `{dir}`, where its data must lie
        hint: use `{dir}` in `command` or `env`: this folder is removed, and restored
    s.toml:13:1: [backup] without [ledger]: nothing tells what a restore brings back
        hint: add [ledger] with a write and its read
    "#);
    let elsewhere = edited(GOOD, "http://127.0.0.1:{port}\"\n\n", "http://127.0.0.1:80\"\n\n");
    let start = &GOOD[GOOD.find("[start]").unwrap()..GOOD.find("[target]").unwrap()];
    assert_snapshot!(parse(&edited(&elsewhere, start, "")).unwrap_err(), @"s.toml:13:1: [backup] without [start]: the data of a subject that runs elsewhere stay there");
}

#[test]
fn the_description_tells_of_a_backup_where_there_is_one() {
    let described = parse(GOOD).unwrap().description();
    assert!(described.contains(r#""backup":{"restore":["./restore","{backup}","{dir}"],"#), "{described}");
    let without = GOOD.split("[backup]").next().unwrap();
    assert!(!parse(without).unwrap().description().contains("backup"));
}
