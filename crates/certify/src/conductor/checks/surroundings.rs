//! The subject, started in other time zones and languages on what it kept.

use plimsoll_evidence::{Checklist, NotTried, Probe, Scene, Surrounded, Surrounding, Untried};
use plimsoll_fault::Proxy;
use plimsoll_load::exchange;
use plimsoll_proof::Digest;

use super::super::Conductor;
use super::super::ledger::{Book, Fate, Write};
use super::reply_head;
use crate::error::Error;
use crate::running::{self, Otherwise, Running};
use crate::scratch::Scratch;

impl Conductor<'_> {
    /// Moves the subject from place to place. What it is to keep is written at the first, where `running` is. Gives the last
    /// place, what was seen, and whether it ended by itself in any.
    pub(super) fn surrounded(
        &self,
        running: Running,
        folder: &Scratch,
        scene: Scene,
        proxy: Option<&Proxy>,
    ) -> Result<(Running, Checklist, bool), Error> {
        let seed = Digest::from_bytes(self.seed(&format!("{}/surroundings", scene.name())));
        let kept = match &self.subject.ledger {
            None => None,
            Some(requests) => {
                let book = Book { requests, seed };
                let write = book.write_one(&running, 0, 0);
                if write.fate != Fate::Acknowledged {
                    let (probe, why) = (Probe::Surroundings, Untried::WriteNotTaken);
                    let seen = format!("{} {}", requests.write.method, requests.write.path);
                    return Ok((running, Checklist::NotTried(NotTried { probe, why, seen }), false));
                }
                Some((book, write))
            }
        };
        let spoken = spoken_here();
        let mut here = Some(running);
        let (mut seen, mut died) = (Vec::new(), false);
        for surrounding in Surrounding::ALL {
            self.stop.check()?;
            if let Some(here) = here {
                let ended = here.has_died();
                died |= ended;
                here.end(ended)?;
            }
            let otherwise = Otherwise { variables: &surrounding.variables(), patience_ns: 0 };
            let there = running::start_in(self.subject, folder.path(), proxy, self.stop, &otherwise);
            here = match there {
                Ok(there) => Some(there),
                // That it does not even start there is what is looked for.
                Err(Error::Subject { .. }) => None,
                Err(error) => return Err(error),
            };
            seen.push(self.seen_there(here.as_ref(), surrounding, kept.as_ref(), &spoken)?);
        }
        let here = match here {
            Some(here) => here,
            None => running::start(self.subject, folder.path(), proxy, self.stop)?,
        };
        Ok((here, Checklist::Surroundings(seen), died))
    }

    fn seen_there(
        &self,
        running: Option<&Running>,
        surrounding: Surrounding,
        kept: Option<&(Book<'_>, Write)>,
        spoken: &str,
    ) -> Result<Surrounded, Error> {
        let [.., (_, language)] = surrounding.variables();
        let now = self.clock.now();
        let mut seen = Surrounded {
            surrounding,
            spoken: spoken.lines().any(|line| is_same(line, language)),
            good: 0,
            asked: self.subject.requests.len() as u64,
            date: None,
            at: now,
            until: now,
            found: kept.map(|_| false),
        };
        let Some(running) = running else { return Ok(seen) };
        // A write that is done once may be refused the second time.
        let number = surrounding as u64;
        for request in &self.subject.requests {
            self.stop.check()?;
            let at = self.clock.now();
            let asked = exchange(running.address, &running.host, request, number, self.timeout_ns());
            let Ok(reply) = asked else { continue };
            seen.good += u64::from(reply.good);
            let head = reply_head::read(String::new(), &reply.body);
            let date = head.and_then(|head| head.fields.into_iter().find(|(name, _)| name == "date"));
            if let (None, Some((_, date))) = (&seen.date, date) {
                (seen.date, seen.at, seen.until) = (Some(date), at, self.clock.now());
            }
        }
        if let Some((book, write)) = kept {
            let reading = book.read(self.subject, running, &[*write], self.stop)?;
            seen.found = Some(reading.found == [true]);
        }
        Ok(seen)
    }
}

/// The languages that are installed, one a line; none if nobody can tell.
fn spoken_here() -> String {
    let asked = std::process::Command::new("locale").arg("-a").stdin(std::process::Stdio::null()).output();
    asked.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default()
}

/// Whether two names are of one language: `C.utf8` is listed where `C.UTF-8` is asked for.
fn is_same(listed: &str, asked: &str) -> bool {
    let plain = |name: &str| name.to_ascii_lowercase().replace('-', "");
    plain(listed) == plain(asked)
}
