//! A server of its own for each test: the shipped binary, and those who ask it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::process::{Child, Stdio};
use std::time::Duration;

use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, connect, socket_with};
use serde_json::{Value, json};

use crate::world::{Ran, World};

/// Good enough, and no secret.
pub(crate) const PASSWORD: &str = "sandbar lantern oxbow quill";
/// Longer than anything takes that is not broken.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server that runs.
pub(crate) struct Server {
    pub(crate) world: World,
    pub(crate) address: SocketAddr,
    /// The text in the set-up link, if one was printed.
    pub(crate) link: Option<String>,
    /// What it printed until it was ready.
    pub(crate) greeting: String,
    child: Child,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

/// Somebody who asks.
#[derive(Clone)]
pub(crate) struct Actor {
    pub(crate) address: SocketAddr,
    /// The address of this machine from which he asks; all that begin with 127 are its own.
    pub(crate) source: IpAddr,
    pub(crate) headers: Vec<(String, String)>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.body))
    }

    /// The answer, if it has this status.
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(String::as_str).unwrap_or_default()
    }
}

impl Server {
    /// A fresh server in a world of its own.
    pub(crate) fn start() -> Self {
        Self::start_in(World::new(), &[])
    }

    /// A server over what is in `world`.
    pub(crate) fn start_in(world: World, arguments: &[&str]) -> Self {
        Self::start_by(world, &[], arguments)
    }

    /// The same, started by a program that makes something ready and then becomes the server.
    pub(crate) fn start_by(world: World, by: &[&str], arguments: &[&str]) -> Self {
        let log = fs::File::options().create(true).append(true).open(world.path("log")).unwrap();
        let plain = world.command(&[]);
        let words = by.iter().map(std::ffi::OsStr::new).chain([plain.get_program()]).collect::<Vec<_>>();
        let mut command = std::process::Command::new(words[0]);
        command.args(&words[1..]).current_dir(world.folder()).stdin(Stdio::null());
        command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let listen: &[&str] =
            if arguments.contains(&"--listen") { &[] } else { &["--listen", "127.0.0.1:0"] };
        command.arg("serve").args(listen).args(arguments).env("XDG_CONFIG_HOME", world.path("config"));
        // What a killed server leaves is cleared by the next one, and after the last by the world.
        command.env("TMPDIR", world.folder());
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut greeting = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        // The last line of the greeting names the journal.
        while !greeting.contains("plimsoll journal") {
            let read = out.read_line(&mut greeting).unwrap();
            assert!(read > 0, "it ended: {}", fs::read_to_string(world.path("log")).unwrap());
        }
        let between = |begin: &str, end: &[char]| {
            let rest = greeting.split_once(begin)?.1;
            Some(rest.split(end).next().unwrap_or_default().to_owned())
        };
        let address = between("ready at http", &['\n']).unwrap();
        let address = address.trim_start_matches("s://").trim_start_matches("://").parse().unwrap();
        let link = between("/set-up#", &['\n']);
        Self { world, address, link, greeting, child }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a power failure of the process would, and gives back its world.
    pub(crate) fn kill(mut self) -> World {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::mem::replace(&mut self.world, World::new())
    }

    /// Asks it to end, and gives back its exit code and its world.
    pub(crate) fn stop(mut self) -> (Option<i32>, World) {
        signal(self.pid(), "TERM");
        let status = self.child.wait().unwrap();
        (status.code(), std::mem::replace(&mut self.world, World::new()))
    }

    /// What it has logged, a JSON object a line.
    pub(crate) fn log(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.world.path("log")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Somebody who has shown nothing.
    pub(crate) fn anybody(&self) -> Actor {
        Actor { address: self.address, source: [127, 0, 0, 1].into(), headers: Vec::new() }
    }

    /// The first administrator, set up by the link and signed in.
    pub(crate) fn administrator(&self) -> Actor {
        let link = self.link.as_deref().expect("no link was printed");
        let first = json!({ "link": link, "name": "ada", "password": PASSWORD });
        self.anybody().post("/api/v1/set-up", &first).expect(201);
        self.sign_in("ada")
    }

    /// A session of a user who has the usual password.
    pub(crate) fn sign_in(&self, name: &str) -> Actor {
        let shown = json!({ "name": name, "password": PASSWORD });
        let answer = self.anybody().post("/api/v1/session", &shown).expect(201);
        let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
        let origin = format!("http://{}", self.address);
        self.anybody().with("cookie", &cookie).with("origin", &origin)
    }

    /// A new user with these roles, signed in.
    pub(crate) fn user(&self, administrator: &Actor, name: &str, roles: &[&str]) -> Actor {
        let user = json!({ "name": name, "password": PASSWORD, "roles": roles });
        administrator.post("/api/v1/users", &user).expect(201);
        self.sign_in(name)
    }

    /// A command in the server's world.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.world.run(arguments)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended cannot be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal to a process of ours.
pub(crate) fn signal(pid: u32, name: &str) {
    let sent = std::process::Command::new("kill").args(["-s", name, &pid.to_string()]).status();
    assert!(sent.unwrap().success());
}

/// Asks again until something holds.
pub(crate) fn until<T>(mut found: impl FnMut() -> Option<T>) -> T {
    let begun_ns = plimsoll_process::monotonic_ns();
    loop {
        if let Some(found) = found() {
            return found;
        }
        let waited = Duration::from_nanos(plimsoll_process::monotonic_ns() - begun_ns);
        assert!(waited < PATIENCE, "it did not come about");
        std::thread::sleep(Duration::from_millis(10));
    }
}

impl Actor {
    /// The same with one header more.
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let mut other = self.clone();
        other.headers.retain(|(known, _)| known != name);
        other.headers.push((name.to_owned(), value.to_owned()));
        other
    }

    /// The same from another address of this machine.
    pub(crate) fn at(&self, source: &str) -> Self {
        Self { source: source.parse().unwrap(), ..self.clone() }
    }

    /// A program that acts for this user with a token for these actions.
    pub(crate) fn token(&self, scopes: &[&str]) -> Self {
        let wanted = json!({ "label": "test", "scopes": scopes, "days": 1 });
        let issued = self.post("/api/v1/account/tokens", &wanted).expect(201).json();
        let bearer = format!("Bearer {}", issued["token"].as_str().unwrap());
        Self { headers: Vec::new(), ..self.clone() }.with("authorization", &bearer)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, None)
    }

    pub(crate) fn delete(&self, path: &str) -> Answer {
        self.ask("DELETE", path, None)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask("POST", path, Some(&body.to_string()))
    }

    pub(crate) fn put(&self, path: &str, body: &Value) -> Answer {
        self.ask("PUT", path, Some(&body.to_string()))
    }

    /// A request with a body in JSON, if there is one.
    pub(crate) fn ask(&self, method: &str, path: &str, body: Option<&str>) -> Answer {
        self.try_ask(method, path, body).unwrap()
    }

    /// The same of a server that may die meanwhile.
    pub(crate) fn try_ask(&self, method: &str, path: &str, body: Option<&str>) -> std::io::Result<Answer> {
        let has = |name: &str| self.headers.iter().any(|(known, _)| known == name);
        let mut head = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
        if !has("host") {
            head.push_str(&format!("host: {}\r\n", self.address));
        }
        if let Some(body) = body {
            if !has("content-type") {
                head.push_str("content-type: application/json\r\n");
            }
            head.push_str(&format!("content-length: {}\r\n", body.len()));
        } else if method != "GET" {
            head.push_str("content-length: 0\r\n");
        }
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        read_answer(self.try_send(&format!("{head}\r\n{}", body.unwrap_or_default()))?)
    }

    /// Sends bytes as they are, and gives the connection.
    pub(crate) fn send(&self, text: &str) -> BufReader<TcpStream> {
        self.try_send(text).unwrap()
    }

    /// The head of a request without a body, for a connection that stays open.
    pub(crate) fn head(&self, method: &str, path: &str) -> String {
        let fields = self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
        format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n{}\r\n", self.address, fields.collect::<String>())
    }

    fn try_send(&self, text: &str) -> std::io::Result<BufReader<TcpStream>> {
        let socket = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
        bind(&socket, &SocketAddr::new(self.source, 0))?;
        connect(&socket, &self.address)?;
        let mut stream = TcpStream::from(socket);
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(text.as_bytes())?;
        Ok(BufReader::new(stream))
    }

    /// Follows events after a sequence.
    pub(crate) fn follow(&self, path: &str, last: Option<u64>) -> Events {
        let mut head = format!("GET {path} HTTP/1.1\r\nhost: {}\r\n", self.address);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(last) = last {
            head.push_str(&format!("last-event-id: {last}\r\n"));
        }
        let mut reader = self.send(&format!("{head}\r\n"));
        let (status, headers) = read_head(&mut reader).unwrap();
        assert_eq!((status, headers["content-type"].as_str()), (200, "text/event-stream"));
        Events { reader }
    }
}

/// Events as they come.
pub(crate) struct Events {
    reader: BufReader<TcpStream>,
}

impl Iterator for Events {
    /// Its sequence, its kind, what it says.
    type Item = (Option<u64>, String, Value);

    fn next(&mut self) -> Option<Self::Item> {
        let (mut id, mut kind) = (None, String::new());
        loop {
            let mut line = String::new();
            if self.reader.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            // The lengths of chunks, signs of life and empty lines are none of ours.
            match line.trim_end().split_once(": ") {
                Some(("id", text)) => id = text.parse().ok(),
                Some(("event", text)) => kind = text.to_owned(),
                Some(("data", text)) => return Some((id, kind, serde_json::from_str(text).unwrap())),
                _ if line == "0\r\n" => return None,
                _ => {}
            }
        }
    }
}

fn read_head(reader: &mut BufReader<TcpStream>) -> std::io::Result<(u16, BTreeMap<String, String>)> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.ok_or_else(|| std::io::Error::other(format!("no status: {line:?}")))?;
    let mut headers = BTreeMap::new();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { return Ok((status, headers)) };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
}

/// The whole answer on a connection that is closed after it; of a live one the head.
pub(crate) fn read_answer(mut reader: BufReader<TcpStream>) -> std::io::Result<Answer> {
    let (status, headers) = read_head(&mut reader)?;
    let mut bytes = Vec::new();
    if headers.get("content-type").is_some_and(|kind| kind == "text/event-stream") {
        return Ok(Answer { status, headers, body: String::new() });
    }
    if headers.get("transfer-encoding").is_some_and(|coding| coding == "chunked") {
        loop {
            let mut length = String::new();
            reader.read_line(&mut length)?;
            let length = usize::from_str_radix(length.trim(), 16).map_err(std::io::Error::other)?;
            let mut chunk = vec![0; length + 2];
            reader.read_exact(&mut chunk)?;
            bytes.extend_from_slice(&chunk[..length]);
            if length == 0 {
                break;
            }
        }
    } else if let Some(length) = headers.get("content-length") {
        bytes.resize(length.parse().map_err(std::io::Error::other)?, 0);
        reader.read_exact(&mut bytes)?;
    }
    let body = String::from_utf8_lossy(&bytes).into_owned();
    Ok(Answer { status, headers, body })
}
