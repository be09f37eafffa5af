//! Who is known, by a file of tokens, and what he may do.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, header};

use crate::Error;

/// In this time so many notes may be posted as the options say.
const POSTS_WINDOW: Duration = Duration::from_secs(2);
/// Clients that are counted at once: those without a token are one.
const CLIENTS_MAX: usize = 10_000;

/// Somebody who is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) name: String,
    /// Whether he may remove notes of all.
    pub(crate) is_editor: bool,
}

/// Everybody who is known, by token.
#[derive(Debug, Default)]
pub(crate) struct Users(HashMap<String, User>);

impl Users {
    /// Reads lines of `NAME ROLE TOKEN`, where a role is `editor` or `writer`.
    pub(crate) fn read(path: Option<&Path>) -> Result<Self, Error> {
        let Some(path) = path else { return Ok(Self::default()) };
        let wrong = |problem: String| Error::Tokens { path: PathBuf::from(path), problem };
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        let users =
            text.lines().map(|line| Self::parse(line).ok_or_else(|| wrong(format!("not a user: {line:?}"))));
        Ok(Self(users.collect::<Result<_, _>>()?))
    }

    fn parse(line: &str) -> Option<(String, User)> {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let [name, role, token] = words.as_slice() else { return None };
        let is_editor = match *role {
            "editor" => true,
            "writer" => false,
            _ => return None,
        };
        Some(((*token).to_owned(), User { name: (*name).to_owned(), is_editor }))
    }

    /// Who shows this token.
    pub(crate) fn of(&self, fields: &HeaderMap) -> Option<&User> {
        let shown = fields.get(header::AUTHORIZATION)?.to_str().ok()?;
        self.0.get(shown.strip_prefix("Bearer ")?)
    }
}

/// How many notes each client may post in a time.
#[derive(Debug)]
pub(crate) struct Posts {
    most: Option<u32>,
    /// When a client's time began, and how many came since.
    clients: Mutex<HashMap<String, (Instant, u32)>>,
}

impl Posts {
    pub(crate) fn new(most: Option<u32>) -> Self {
        Self { most, clients: Mutex::default() }
    }

    /// Counts one more; an error says after how many seconds another one may come.
    pub(crate) fn count(&self, client: &str, now: Instant) -> Result<(), u64> {
        let Some(most) = self.most else { return Ok(()) };
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if clients.len() >= CLIENTS_MAX {
            clients.retain(|_, (began, _)| now.duration_since(*began) < POSTS_WINDOW);
        }
        let (began, count) = clients.entry(client.to_owned()).or_insert((now, 0));
        let passed = now.duration_since(*began);
        if passed >= POSTS_WINDOW {
            (*began, *count) = (now, 0);
        }
        if *count < most {
            *count += 1;
            return Ok(());
        }
        // The whole second after which the time is over for certain.
        Err((POSTS_WINDOW.saturating_sub(passed)).as_secs() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test has no other beginning of time")]
    fn a_client_may_post_so_often_in_a_time_and_others_beside_him() {
        let (posts, start) = (Posts::new(Some(2)), Instant::now());
        let at = |client: &str, ms: u64| posts.count(client, start + Duration::from_millis(ms));
        assert_eq!([at("a", 0), at("a", 100), at("a", 200)], [Ok(()), Ok(()), Err(2)]);
        assert_eq!([at("b", 300), at("a", 1_500), at("a", 2_000)], [Ok(()), Err(1), Ok(())]);
        assert_eq!(Posts::new(None).count("a", start), Ok(()));
    }

    #[test]
    fn a_line_is_a_name_a_role_and_a_token() {
        let (token, user) = Users::parse("ann editor t0ken").unwrap();
        assert_eq!((token.as_str(), user.name.as_str(), user.is_editor), ("t0ken", "ann", true));
        for line in ["", "ann editor", "ann king t0ken", "ann writer t0ken more"] {
            assert_eq!(Users::parse(line), None, "{line}");
        }
    }
}
