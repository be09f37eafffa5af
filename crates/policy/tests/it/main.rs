//! The policy as the server uses it: names out of the directory, a question, an answer.
#![cfg(test)]

use plimsoll_policy::{Action, Caller, Decision, Denial, Role, decide, roles_for};

/// What is stored of a user or a token: names, and nothing else.
struct Stored {
    roles: Vec<&'static str>,
    scopes: Option<Vec<&'static str>>,
}

impl Stored {
    fn asks(&self, action: &str) -> Decision {
        let caller = Caller::named(self.roles.iter().copied(), self.scopes.clone(), false);
        decide(&caller, action.parse().unwrap())
    }
}

#[test]
fn every_role_is_answered_over_every_action_as_the_table_says() {
    for role in Role::ALL {
        let stored = Stored { roles: vec![role.name()], scopes: None };
        for action in Action::ALL {
            let listed = roles_for(*action).contains(&role);
            assert_eq!(stored.asks(action.name()).is_allowed(), listed, "{role} asks {action}");
        }
    }
}

#[test]
fn a_token_is_worth_what_its_owner_is_worth_now() {
    let mut token = Stored { roles: vec!["certifier"], scopes: Some(vec!["profile.write", "user.list"]) };
    assert_eq!(token.asks("profile.write"), Decision::Allowed(Role::Certifier));
    assert_eq!(token.asks("user.list"), Decision::Denied(Denial::Role(Action::UserList)));
    assert_eq!(token.asks("profile.read"), Decision::Denied(Denial::Scope(Action::ProfileRead)));
    token.roles = vec!["administrator"];
    assert_eq!(token.asks("profile.write"), Decision::Denied(Denial::Role(Action::ProfileWrite)));
    assert_eq!(token.asks("user.list"), Decision::Allowed(Role::Administrator));
    token.roles = vec![];
    assert!(!token.asks("user.list").is_allowed());
}

#[test]
fn what_a_later_version_stored_allows_nothing() {
    let stored = Stored { roles: vec!["superuser"], scopes: Some(vec!["everything.do"]) };
    assert!(Action::ALL.iter().all(|action| !stored.asks(action.name()).is_allowed()));
}

fn with(roles: &[&'static str]) -> Stored {
    Stored { roles: roles.to_vec(), scopes: None }
}

fn allowed(stored: &Stored) -> Vec<&'static str> {
    let names = Action::ALL.iter().map(|action| action.name());
    names.filter(|name| stored.asks(name).is_allowed()).collect()
}

#[test]
fn nobody_but_an_administrator_decides_who_comes_in() {
    let everybody_else = with(&["viewer", "operator", "certifier", "reviewer"]);
    let nouns = ["user", "token", "session", "settings"];
    for name in allowed(&everybody_else) {
        let (noun, _) = name.split_once('.').unwrap();
        assert!(!nouns.contains(&noun), "without an administrator's role: {name}");
    }
    for action in Action::ALL.iter().filter(|action| nouns.contains(&action.noun())) {
        assert_eq!(with(&["administrator"]).asks(action.name()), Decision::Allowed(Role::Administrator));
    }
}

#[test]
fn who_gives_out_roles_certifies_nothing_and_who_certifies_gives_out_no_roles() {
    let certifies = ["certification.start", "certification.cancel", "profile.write", "subject.write"];
    for name in certifies {
        assert!(!with(&["administrator"]).asks(name).is_allowed(), "an administrator may {name}");
        assert!(with(&["certifier"]).asks(name).is_allowed(), "a certifier may not {name}");
    }
    for name in ["user.create", "user.set_roles", "user.reset", "journal.export"] {
        assert!(!with(&["certifier"]).asks(name).is_allowed(), "a certifier may {name}");
    }
}

#[test]
fn a_reviewer_reads_what_others_did_and_changes_nothing_but_his_own_account() {
    let reading = ["list", "read", "download", "verify", "export", "prove"];
    for name in allowed(&with(&["reviewer"])) {
        let (noun, verb) = name.split_once('.').unwrap();
        let own = ["account", "own_token"].contains(&noun);
        assert!(own || reading.contains(&verb), "a reviewer may {name}");
    }
    for name in ["audit.list", "audit.export", "journal.verify", "journal.prove", "certification.download"] {
        assert!(with(&["reviewer"]).asks(name).is_allowed(), "a reviewer may not {name}");
    }
}

#[test]
fn several_roles_allow_what_each_of_them_allows() {
    for one in Role::ALL {
        for other in Role::ALL {
            let mut apart = allowed(&with(&[one.name()]));
            apart.extend(allowed(&with(&[other.name()])));
            let mut together = allowed(&with(&[one.name(), other.name()]));
            apart.sort_unstable();
            apart.dedup();
            together.sort_unstable();
            assert_eq!(together, apart, "{one} and {other}");
        }
    }
}

#[test]
fn a_name_with_anything_around_it_is_no_name() {
    for action in Action::ALL {
        let name = action.name();
        let (noun, verb) = name.split_once('.').unwrap();
        for text in [
            format!("{name} "),
            format!("{name}.container"),
            format!("{noun}:{verb}"),
            format!("{noun}.*"),
            noun.to_owned(),
        ] {
            let error = text.parse::<Action>().unwrap_err();
            assert!(error.to_string().contains("there is no action"), "{error}");
            assert!(error.hint().contains("no wildcards"));
            let stored = Stored { roles: vec!["administrator"], scopes: Some(vec![text.leak()]) };
            assert!(!stored.asks(name).is_allowed());
        }
    }
    assert!("Viewer".parse::<Role>().unwrap_err().to_string().contains("viewer, operator"));
}
