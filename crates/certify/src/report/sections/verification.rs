//! How a stranger checks the certificate without believing this page or whoever sent it.

use super::{Section, paragraph};
use crate::html::{Element, Html, el};
use crate::report::page::Page;
use crate::report::words::instant;

pub(super) fn section(page: &Page<'_>) -> Section {
    let figures = "The figures on this page are for reading: verify recomputes them from evidence/ and never reads this \
                   page. The page was written before signing, so it shows no signature and no place in a log.";
    let mut content = Html::default();
    content.push(el("p").class("lead").with(figures));
    content.push(steps(page));
    Section { id: "verify", title: "How to verify", content }
}

fn steps(page: &Page<'_>) -> Element {
    let trust = "Verification needs a trust anchor to say valid: the issuer's keys, from the issuer and by another way than \
                 this folder. Without one the answer is: intact, issuer not known to you. Compare the fingerprint ";
    let script = "For those who do not trust our binary: a short script for openssl, sha256sum and Python, which checks \
                  signatures, files and log but recomputes no statistics. Take it from a release, never from the folder \
                  that it checks.";
    let step = |command: &'static str, words: Html| {
        el("li").with(el("pre").with(el("code").with(command))).with(paragraph(words))
    };
    let whole = "Offline. Checks every signature and digest, recomputes every quantile, bound and verdict, and names the \
                 step at which it fails. DIR is the folder in which this page lies.";
    let fingerprint = el("code").with(page.input.issuer_fingerprint);
    let trusted: Html = [Html::from(trust), fingerprint.into(), ".".into()].into_iter().collect();
    el("ol")
        .class("steps")
        .with(step("plimsoll verify DIR", whole.into()))
        .with(step("plimsoll verify DIR --issuer KEYS", trusted))
        .with(step("plimsoll verify --script > verify.sh", script.into()))
}

/// The end of the page.
pub(crate) fn footer(page: &Page<'_>) -> Element {
    let made = format!("Made by Plimsoll {}, ", page.environment.plimsoll_version);
    el("footer").with(paragraph(made).with(instant(page.certificate.not_before)).with("."))
}
