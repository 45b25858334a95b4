//! The built binary as a test sees it: started on free ports with a fresh data directory, killed when dropped.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

/// Far above what any step takes; reached only when something hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// A command of the binary that inherits nothing which could steer it.
pub(crate) fn spoor(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spoor"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("SPOOR_") {
            command.env_remove(name);
        }
    }
    command.args(arguments);
    command
}

/// Runs a command to its end and returns its exit code, output and error output.
pub(crate) fn finish(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

/// A running server.
pub(crate) struct Server {
    child: Child,
    lines: BufReader<ChildStderr>,
    pub(crate) otlp_grpc: SocketAddr,
    pub(crate) otlp_http: SocketAddr,
    pub(crate) http: SocketAddr,
}

impl Server {
    /// Starts on free ports with its data in `data_dir`, and waits until it is ready.
    pub(crate) fn start(data_dir: &Path, arguments: &[&str]) -> Self {
        let mut command = spoor(&["serve", "--log-format", "json"]);
        for flag in ["--otlp-grpc", "--otlp-http", "--http", "--jaeger-grpc"] {
            if !arguments.contains(&flag) {
                command.args([flag, "127.0.0.1:0"]);
            }
        }
        command.arg("--data-dir").arg(data_dir).args(arguments);
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let ready = wait_for_line(&mut lines, "ready");
        let address = |key: &str| ready[key].as_str().unwrap().parse().unwrap();
        let (otlp_grpc, otlp_http, http) = (address("otlp_grpc"), address("otlp_http"), address("http"));
        Self { child, lines, otlp_grpc, otlp_http, http }
    }

    /// Asks the API for `path`.
    pub(crate) fn get(&self, path: &str) -> Answer {
        request(self.http, &format!("GET {path} HTTP/1.1\r\n"), b"")
    }

    /// Sends a signal by its name (`TERM`).
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args(["-s", name, &pid]).status().unwrap();
        assert!(status.success(), "failed to send {name}");
    }

    /// Waits until the server logs `message`, and returns the line.
    pub(crate) fn wait_for(&mut self, message: &str) -> serde_json::Value {
        wait_for_line(&mut self.lines, message)
    }

    /// Waits for the end, and returns how it ended and what it logged until then.
    pub(crate) fn wait(mut self) -> (ExitStatus, String) {
        let mut rest = String::new();
        self.lines.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap(), rest)
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Fails only when it has ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// An HTTP answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// Returns the body as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Sends one HTTP/1.1 request whose head starts with `start` on a connection of its own.
pub(crate) fn request(address: SocketAddr, start: &str, body: &[u8]) -> Answer {
    let mut stream = connect(address);
    let head =
        format!("{start}Host: {address}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    read_answer(stream)
}

/// Connects with limits on reading and writing.
pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream.set_write_timeout(Some(LIMIT)).unwrap();
    stream
}

/// Reads an answer up to the end of the connection.
pub(crate) fn read_answer(mut stream: TcpStream) -> Answer {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
}

/// A folder that is gone when the test ends.
pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Now, for records that must be within retention whenever the test runs.
pub(crate) fn unix_nanos() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    u64::try_from(now.as_nanos()).unwrap()
}

fn wait_for_line(lines: &mut impl BufRead, message: &str) -> serde_json::Value {
    let mut seen = String::new();
    loop {
        let mut line = String::new();
        let read = lines.read_line(&mut line).unwrap();
        assert!(read > 0, "the server ended before it logged {message:?}; it said:\n{seen}");
        seen.push_str(&line);
        if let Ok(value) = serde_json::from_str::<serde_json::Value>(&line)
            && value["message"] == message
        {
            return value;
        }
    }
}
