//! Help is part of the product: what it says is looked at when it changes.

use crate::world::World;

/// The help of a command on a terminal of so many columns.
fn help_at(columns: &str, words: &[&str]) -> String {
    let world = World::new();
    let mut command = world.command(&[words, &["--help"]].concat());
    let output = command.env("COLUMNS", columns).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{words:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn help(words: &[&str]) -> String {
    help_at("100", words)
}

/// The commands that people are told about, as their own help lists them.
fn commands(words: &[&str]) -> Vec<String> {
    let help = help(words);
    let list =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // A line that goes on with the text of the one before stands further right.
    let names = list.filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')));
    names.filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

#[test]
fn every_command_has_examples_and_its_exit_codes() {
    let top = commands(&[]);
    assert_eq!(top, ["certify", "verify", "cert", "claims", "serve", "load", "keys", "journal"]);
    let mut lines: Vec<Vec<String>> = top.iter().map(|name| vec![name.clone()]).collect();
    for name in ["cert", "load", "keys"] {
        let verbs = commands(&[name]);
        assert!(!verbs.is_empty(), "{name}");
        lines.extend(verbs.into_iter().map(|verb| vec![name.to_owned(), verb]));
    }
    for line in lines {
        let words: Vec<&str> = line.iter().map(String::as_str).collect();
        let help = help(&words);
        assert!(help.contains("\nExamples:\n  plimsoll "), "{words:?} has no example:\n{help}");
        assert!(help.contains("\nExit"), "{words:?} does not say its exit codes:\n{help}");
    }
}

/// What stands below the options is broken by hand, and looks broken where it is broken again.
#[test]
fn examples_fit_on_a_terminal_of_80_columns() {
    let below = |help: String| help.split_once("\nExamples:\n").unwrap().1.to_owned();
    for words in [
        [].as_slice(),
        &["certify"],
        &["verify"],
        &["cert"],
        &["cert", "show"],
        &["cert", "history"],
        &["cert", "export"],
        &["cert", "recheck"],
        &["cert", "compare"],
        &["cert", "roadmap"],
        &["cert", "sign"],
        &["cert", "revoke"],
        &["cert", "suspend"],
        &["cert", "reinstate"],
        &["cert", "supersede"],
        &["cert", "waive"],
        &["cert", "refresh"],
        &["cert", "coverage"],
        &["cert", "badge"],
        &["claims"],
        &["load"],
        &["load", "calibrate"],
        &["keys"],
        &["keys", "new"],
        &["keys", "list"],
        &["keys", "trust"],
        &["keys", "export"],
        &["journal"],
        &["journal", "verify"],
        &["journal", "tail"],
        &["journal", "export"],
        &["journal", "prove"],
        &["journal", "accept-clock"],
        &["oracle"],
    ] {
        assert_eq!(below(help_at("80", words)), below(help_at("100", words)), "{words:?}");
    }
}

macro_rules! snapshots {
    ($($test:ident: $words:expr;)*) => {
        $(
            #[test]
            fn $test() {
                insta::assert_snapshot!(stringify!($test), help(&$words));
            }
        )*
    };
}

snapshots! {
    help_plimsoll: [];
    help_certify: ["certify"];
    help_verify: ["verify"];
    help_cert: ["cert"];
    help_cert_show: ["cert", "show"];
    help_cert_history: ["cert", "history"];
    help_cert_export: ["cert", "export"];
    help_cert_recheck: ["cert", "recheck"];
    help_cert_compare: ["cert", "compare"];
    help_cert_roadmap: ["cert", "roadmap"];
    help_cert_sign: ["cert", "sign"];
    help_cert_revoke: ["cert", "revoke"];
    help_cert_supersede: ["cert", "supersede"];
    help_cert_waive: ["cert", "waive"];
    help_cert_coverage: ["cert", "coverage"];
    help_cert_badge: ["cert", "badge"];
    help_claims: ["claims"];
    help_load: ["load"];
    help_load_calibrate: ["load", "calibrate"];
    help_keys: ["keys"];
    help_keys_new: ["keys", "new"];
    help_keys_list: ["keys", "list"];
    help_keys_trust: ["keys", "trust"];
    help_keys_export: ["keys", "export"];
    help_journal: ["journal"];
    help_journal_verify: ["journal", "verify"];
    help_journal_tail: ["journal", "tail"];
    help_journal_export: ["journal", "export"];
    help_journal_prove: ["journal", "prove"];
    help_journal_check_proof: ["journal", "check-proof"];
    help_journal_accept_clock: ["journal", "accept-clock"];
    help_oracle: ["oracle"];
    help_demo_service: ["demo-service"];
}

#[test]
fn a_misspelt_command_is_guessed() {
    let ran = World::new().run(&["certfy"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("'certify'"), "{}", ran.stderr);
}
