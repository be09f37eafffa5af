//! What each of several users may do by the word of the subject's owner, tried by all of them.

use plimsoll_evidence::{Access, Checklist, Operation, Reference, Untried, good_call};
use plimsoll_load::{Request, exchange};

use super::super::Conductor;
use super::contract::request;
use super::obstacle::Obstacle;
use crate::error::Error;
use crate::files::ApiUser;
use crate::running::Running;

/// No credential is as long as this; what is longer is another file.
const CREDENTIAL_BYTES_MAX: usize = 16 << 10;

impl Conductor<'_> {
    /// Each operation that only some may do: first by those who may not, then by those who may, so that nothing is gone
    /// when it is asked for by the others.
    pub(super) fn accesses(&self, running: &Running) -> Result<Checklist, Obstacle> {
        let (reference, _) = self.reference(running)?;
        let mut tried = Vec::new();
        for operation in reference.operations.iter().filter(|operation| operation.is_guarded) {
            let owners = self.owners(operation);
            if owners.is_empty() {
                let seen = format!("no [[api.user]] may do {}", operation.name);
                return Err(Obstacle::new(Untried::UsersMissing, seen));
            }
            for owner in owners {
                let mut users: Vec<&ApiUser> = self.subject.users.iter().collect();
                users.sort_by_key(|user| may(user, operation, owner));
                for user in users {
                    self.stop.check()?;
                    tried.push(self.access(running, &reference, operation, owner, user)?);
                }
            }
        }
        if tried.iter().all(|access| access.may) {
            return Err(Obstacle::nothing("an operation that one of the users may not do"));
        }
        Ok(Checklist::Authorisation(tried))
    }

    /// Upon whose things an operation is tried: of each user who may, where ids of his stand in its path; else nobody's.
    fn owners(&self, operation: &Operation) -> Vec<Option<&ApiUser>> {
        let mighty = self.subject.users.iter().filter(|user| is_allowed(user, operation));
        let mut owners: Vec<Option<&ApiUser>> =
            mighty.map(|user| Some(user).filter(|user| is_bound(user, operation))).collect();
        owners.dedup_by_key(|owner| owner.map(|user| &user.name));
        owners
    }

    fn access(
        &self,
        running: &Running,
        reference: &Reference,
        operation: &Operation,
        owner: Option<&ApiUser>,
        user: &ApiUser,
    ) -> Result<Access, Error> {
        let values = owner.map(|owner| owner.values.as_slice()).unwrap_or_default();
        let call = request(&good_call(reference, operation, values));
        let asked = self.ask_as(running, user, call)?;
        Ok(Access {
            operation: operation.name.clone(),
            of: owner.map(|owner| owner.name.clone()),
            user: user.name.clone(),
            may: may(user, operation, owner),
            status: asked.ok().map(|answer| u64::from(answer.status)),
        })
    }

    /// Asks as the first of the users, where there are some.
    pub(super) fn ask_as_first(
        &self,
        running: &Running,
        request: Request,
    ) -> Result<std::io::Result<plimsoll_load::Answer>, Error> {
        match self.subject.users.first() {
            Some(user) => self.ask_as(running, user, request),
            None => Ok(exchange(running.address, &running.host, &request, 0, self.timeout_ns())),
        }
    }

    /// Asks with a user's credential.
    pub(super) fn ask_as(
        &self,
        running: &Running,
        user: &ApiUser,
        mut request: Request,
    ) -> Result<std::io::Result<plimsoll_load::Answer>, Error> {
        request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case(&user.header));
        request.headers.push((user.header.clone(), self.credential(running, user)?));
        Ok(exchange(running.address, &running.host, &request, 0, self.timeout_ns()))
    }

    /// What a user shows: the first line of his file.
    fn credential(&self, running: &Running, user: &ApiUser) -> Result<String, Error> {
        let path = self.subject.path(&running.filled(&user.file));
        let wrong = |problem: &str| {
            running.error(format!("has no credential for {}: {problem}: {}", user.name, path.display()))
        };
        let text = std::fs::read_to_string(&path).map_err(|error| wrong(&error.to_string()))?;
        let line = text.lines().next().unwrap_or_default().trim();
        let is_field = line.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        if line.is_empty() || line.len() > CREDENTIAL_BYTES_MAX || !is_field {
            return Err(wrong("its first line is nothing that could stand in a field"));
        }
        Ok(line.to_owned())
    }
}

/// Whether ids of this user stand in the operation's path.
fn is_bound(user: &ApiUser, operation: &Operation) -> bool {
    user.values.iter().any(|(name, _)| operation.path.contains(&format!("{{{name}}}")))
}

fn is_allowed(user: &ApiUser, operation: &Operation) -> bool {
    user.may.iter().any(|pattern| fits(pattern, &operation.name))
}

/// Whether a user may do this, upon what is this owner's.
fn may(user: &ApiUser, operation: &Operation, owner: Option<&ApiUser>) -> bool {
    is_allowed(user, operation) && owner.is_none_or(|owner| owner.name == user.name)
}

/// Whether a name is what a pattern says, in which `*` stands for anything.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((before, rest)) => name
            .strip_prefix(before)
            .is_some_and(|name| name.char_indices().any(|(at, _)| fits(rest, &name[at..])) || fits(rest, "")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, name) in [
            ("GET /notes", "GET /notes"),
            ("*", "PUT /a"),
            ("GET *", "GET /a/{b}"),
            ("* /users/{user}/*", "PUT /users/{user}/notes/{key}"),
            ("*/notes", "GET /notes"),
        ] {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in
            [("GET /notes", "GET /notes/{key}"), ("GET *", "PUT /a"), ("*/notes", "GET /notes/a")]
        {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
    }
}
