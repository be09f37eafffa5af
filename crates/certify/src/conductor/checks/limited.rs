//! As many requests as a limit allows, more, and one after the time that the refusal says.

use std::time::Duration;

use plimsoll_base::{Quantity, Unit};
use plimsoll_evidence::{Checklist, LimitReply, Limited, Untried};
use plimsoll_load::exchange;
use plimsoll_process::monotonic_ns;

use super::super::Conductor;
use super::obstacle::Obstacle;
use super::reply_head;
use crate::error::Error;
use crate::files::{ApiUser, LimitPromise};
use crate::running::Running;

/// Beyond what is allowed as many as that twice, for windows that begin by the clock and one after the other, and some.
const BEYOND_FACTOR: u64 = 2;
const BEYOND_MORE: u64 = 5;
/// So many refusals are enough to see how one is refused.
const REFUSALS: usize = 3;
const SECOND_NS: u64 = 1_000_000_000;

impl Conductor<'_> {
    /// Asks up to the limit that the description promises, and beyond it.
    pub(super) fn limited(&self, running: &Running) -> Result<Checklist, Obstacle> {
        let Some(promise) = &self.subject.limit else {
            return Err(running.error("promises no limit").into());
        };
        let mut users = self.subject.users.iter();
        let (first, second) = (users.next(), users.next());
        let began_ns = monotonic_ns();
        let mut within = Vec::new();
        for _ in 0..promise.allow {
            within.push(self.limit_reply(running, promise, first)?);
        }
        let mut beyond: Vec<LimitReply> = Vec::new();
        for _ in 0..promise.allow.saturating_mul(BEYOND_FACTOR).saturating_add(BEYOND_MORE) {
            beyond.push(self.limit_reply(running, promise, first)?);
            if beyond.iter().filter(|reply| reply.is_refused()).count() >= REFUSALS {
                break;
            }
        }
        let took_ns = monotonic_ns().saturating_sub(began_ns);
        let is_refused = beyond.iter().any(LimitReply::is_refused);
        if !is_refused && took_ns > promise.window_ns {
            let took = Quantity { amount: took_ns, unit: Unit::Ns };
            let seen = format!("{} requests in {took}", within.len() + beyond.len());
            return Err(Obstacle::new(Untried::AnswersTooSlowly, seen));
        }
        let other = second.map(|user| self.limit_reply(running, promise, Some(user))).transpose()?;
        let wait_s = beyond.iter().rev().find_map(LimitReply::wait_s);
        let wait_ns = wait_s.map_or(promise.window_ns, |wait_s| wait_s.saturating_mul(SECOND_NS));
        let waited_ns = wait_ns.min(promise.window_ns.saturating_add(SECOND_NS));
        self.wait(waited_ns)?;
        let after = self.limit_reply(running, promise, first)?;
        let (allowed, window_ns) = (promise.allow, promise.window_ns);
        Ok(Checklist::RateLimit(Limited { allowed, window_ns, within, beyond, other, waited_ns, after }))
    }

    fn limit_reply(
        &self,
        running: &Running,
        promise: &LimitPromise,
        user: Option<&ApiUser>,
    ) -> Result<LimitReply, Error> {
        self.stop.check()?;
        let request = promise.request.clone();
        let asked = match user {
            Some(user) => self.ask_as(running, user, request)?,
            None => exchange(running.address, &running.host, &request, 0, self.timeout_ns()),
        };
        let Ok(answer) = asked else { return Ok(LimitReply::default()) };
        let head = reply_head::read(String::new(), &answer.body);
        let field = |names: &[&str]| {
            let fields = &head.as_ref()?.fields;
            fields.iter().find(|(name, _)| names.contains(&name.as_str())).map(|(_, value)| value.clone())
        };
        Ok(LimitReply {
            status: Some(answer.status.into()),
            retry_after: field(&["retry-after"]),
            remaining: field(&["ratelimit-remaining", "x-ratelimit-remaining"]),
        })
    }

    /// Waits, and is stopped every second.
    fn wait(&self, wait_ns: u64) -> Result<(), Error> {
        let mut left_ns = wait_ns;
        while left_ns > 0 {
            self.stop.check()?;
            let step_ns = left_ns.min(SECOND_NS);
            std::thread::sleep(Duration::from_nanos(step_ns));
            left_ns -= step_ns;
        }
        Ok(())
    }
}
