//! A real Chromium, driven by the DevTools protocol over a pipe: each message is JSON and ends with a zero byte.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use base64::Engine as _;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::server::until;

const PROGRAM: &str = "/usr/bin/chromium";
/// Chromium reads from descriptor 3 and writes to 4.
const WITH_PIPE: &str = "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1";

/// A browser with one page.
pub(crate) struct Browser {
    child: Child,
    commands: ChildStdin,
    messages: BufReader<ChildStdout>,
    session: Option<String>,
    last: u64,
    /// What the page's scripts and the policy of the server made the browser complain of.
    pub(crate) complaints: Vec<String>,
    /// Every address that was asked.
    pub(crate) asked: Vec<String>,
    _profile: TempDir,
}

impl Browser {
    /// A fresh one, with nothing remembered.
    pub(crate) fn start() -> Self {
        assert!(Path::new(PROGRAM).exists(), "Chromium is missing: apt-get install chromium");
        let profile = tempfile::tempdir().unwrap();
        let mut child = Command::new("sh")
            .args(["-c", WITH_PIPE, PROGRAM, "--remote-debugging-pipe"])
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut browser = Self {
            commands: child.stdin.take().unwrap(),
            messages: BufReader::new(child.stdout.take().unwrap()),
            child,
            session: None,
            last: 0,
            complaints: Vec::new(),
            asked: Vec::new(),
            _profile: profile,
        };
        browser.attach();
        browser
    }

    fn attach(&mut self) {
        let target = until(|| {
            let targets = self.call("Target.getTargets", json!({})).unwrap();
            let page = targets["targetInfos"].as_array()?.iter().find(|target| target["type"] == "page")?;
            Some(page["targetId"].clone())
        });
        let attached =
            self.call("Target.attachToTarget", json!({ "targetId": target, "flatten": true })).unwrap();
        self.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network", "Audits"] {
            self.call(&format!("{domain}.enable"), json!({})).unwrap();
        }
        self.size(1200, 900);
    }

    /// Sends a command and waits for what comes of it.
    fn call(&mut self, method: &str, parameters: Value) -> Result<Value, String> {
        self.last += 1;
        let mut message = json!({ "id": self.last, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.commands.write_all(format!("{message}\0").as_bytes()).unwrap();
        loop {
            let mut bytes = Vec::new();
            self.messages.read_until(0, &mut bytes).unwrap();
            assert_eq!(bytes.pop(), Some(0), "Chromium has ended");
            let mut message: Value = serde_json::from_slice(&bytes).unwrap();
            if message["id"] == self.last {
                let error = message["error"]["message"].as_str().map(str::to_owned);
                return error.map_or_else(|| Ok(message["result"].take()), Err);
            }
            self.note(&message);
        }
    }

    fn note(&mut self, event: &Value) {
        let said = &event["params"];
        let complaint = match event["method"].as_str().unwrap_or_default() {
            "Runtime.exceptionThrown" => &said["exceptionDetails"],
            "Runtime.consoleAPICalled" if said["type"] == "error" => &said["args"],
            "Audits.issueAdded" if said["issue"]["code"] == "ContentSecurityPolicyIssue" => &said["issue"],
            // A refusal is an answer like others, and pages ask whether they may.
            "Log.entryAdded" if said["entry"]["level"] == "error" && said["entry"]["source"] != "network" => {
                &said["entry"]
            }
            "Network.requestWillBeSent" => {
                self.asked.extend(said["request"]["url"].as_str().map(str::to_owned));
                return;
            }
            _ => return,
        };
        self.complaints.push(complaint.to_string());
    }

    /// Opens an address.
    pub(crate) fn open(&mut self, url: &str) {
        self.call("Page.navigate", json!({ "url": url })).unwrap();
    }

    fn evaluate(&mut self, script: &str) -> Result<Value, String> {
        let wanted = json!({ "expression": script, "awaitPromise": true, "returnByValue": true });
        let found = self.call("Runtime.evaluate", wanted)?;
        match found.get("exceptionDetails") {
            Some(details) => Err(details.to_string()),
            None => Ok(found["result"]["value"].clone()),
        }
    }

    /// What an expression of JavaScript comes to on the page.
    pub(crate) fn look(&mut self, script: &str) -> Value {
        self.evaluate(script).unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Waits until an expression holds on the page that is then open, whichever that is.
    pub(crate) fn wait(&mut self, script: &str) {
        until(|| self.evaluate(script).is_ok_and(|found| found == true).then_some(()));
    }

    /// Waits until the page shows this text.
    pub(crate) fn wait_for(&mut self, text: &str) {
        self.wait(&format!("document.body.innerText.includes({})", json!(text)));
    }

    /// Clicks into the middle of what a selector finds.
    pub(crate) fn click(&mut self, selector: &str) {
        let script = format!(
            "(() => {{ const found = document.querySelector({}); found.scrollIntoView({{ block: 'center' }}); \
             const box = found.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2] }})()",
            json!(selector)
        );
        let place = self.look(&script);
        for kind in ["mousePressed", "mouseReleased"] {
            let event =
                json!({ "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1 });
            self.call("Input.dispatchMouseEvent", event).unwrap();
        }
    }

    /// Types a text where the focus is.
    pub(crate) fn type_text(&mut self, text: &str) {
        self.call("Input.insertText", json!({ "text": text })).unwrap();
    }

    /// Clicks into a field, and types instead of what is there.
    pub(crate) fn fill(&mut self, selector: &str, text: &str) {
        self.click(selector);
        self.look("document.activeElement.select()");
        self.type_text(text);
    }

    /// Presses a key: `Enter`, `ArrowDown`, `/`. A modifier is one of the protocol's numbers: 2 is Ctrl.
    pub(crate) fn press(&mut self, key: &str, modifiers: u8) {
        let text = match key {
            "Enter" => "\r",
            _ if key.len() == 1 => key,
            _ => "",
        };
        let code = match key {
            "Enter" => 13,
            "Escape" => 27,
            "ArrowUp" => 38,
            "ArrowDown" => 40,
            _ => 0,
        };
        for kind in ["keyDown", "keyUp"] {
            let mut event =
                json!({ "type": kind, "key": key, "modifiers": modifiers, "windowsVirtualKeyCode": code });
            if kind == "keyDown" && !text.is_empty() {
                event["text"] = json!(text);
            }
            self.call("Input.dispatchKeyEvent", event).unwrap();
        }
    }

    /// Makes the window so large, in the browser's pixels.
    pub(crate) fn size(&mut self, width: u32, height: u32) {
        let wanted =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500 });
        self.call("Emulation.setDeviceMetricsOverride", wanted).unwrap();
    }

    /// Makes it prefer `light` or `dark`.
    pub(crate) fn prefer(&mut self, scheme: &str) {
        let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
        self.call("Emulation.setEmulatedMedia", json!({ "features": [feature] })).unwrap();
    }

    /// A picture of the whole page, as PNG.
    pub(crate) fn picture(&mut self) -> Vec<u8> {
        let taken = self.call("Page.captureScreenshot", json!({ "captureBeyondViewport": true })).unwrap();
        base64::engine::general_purpose::STANDARD.decode(taken["data"].as_str().unwrap()).unwrap()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Without its pipe it ends, and its children with it.
        self.session = None;
        let _ = self.commands.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        let _ = self.child.wait();
    }
}
