//! A server that answers as it is told.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What happens after an answer's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// The body ends as HTTP says.
    End,
    /// The connection breaks before the body's end.
    Break,
    /// Nothing, until the client leaves.
    Hold,
}

/// One answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    status: u16,
    headers: String,
    body: Vec<u8>,
    then: Then,
}

impl Answer {
    pub(crate) fn new(status: u16, content_type: &str, body: &str) -> Self {
        let headers = format!("Content-Type: {content_type}\r\n");
        Self { status, headers, body: body.as_bytes().to_vec(), then: Then::End }
    }

    pub(crate) fn json(body: &str) -> Self {
        Self::new(200, "application/json", body)
    }

    pub(crate) fn events(body: &str) -> Self {
        Self::new(200, "text/event-stream", body)
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push_str(&format!("{name}: {value}\r\n"));
        self
    }

    pub(crate) fn then(mut self, then: Then) -> Self {
        self.then = then;
        self
    }

    fn send(&self, stream: &mut TcpStream) -> std::io::Result<()> {
        let (status, headers) = (self.status, &self.headers);
        let head = format!(
            "HTTP/1.1 {status} X\r\n{headers}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        );
        stream.write_all(head.as_bytes())?;
        if !self.body.is_empty() {
            stream.write_all(format!("{:x}\r\n", self.body.len()).as_bytes())?;
            stream.write_all(&self.body)?;
            stream.write_all(b"\r\n")?;
        }
        match self.then {
            Then::End => stream.write_all(b"0\r\n\r\n"),
            Then::Break => Ok(()),
            Then::Hold => stream.read(&mut [0; 1]).map(|_| ()),
        }
    }
}

/// Listens on a free port; answers requests in order, then as the last time.
pub(crate) struct Fake {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Fake {
    pub(crate) fn start(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        // Ends with the test's process.
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let mut stream = stream.unwrap();
                let answer = answers[number.min(answers.len() - 1)].clone();
                let noted = Arc::clone(&noted);
                std::thread::spawn(move || {
                    noted.lock().unwrap().push(read_head(&stream));
                    // The client may have left, which some tests are about.
                    drop(answer.send(&mut stream));
                });
            }
        });
        Self { address, asked }
    }

    /// Heads of the requests so far, in lower case.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn read_head(stream: &TcpStream) -> String {
    let lines = BufReader::new(stream).lines().map(Result::unwrap);
    let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    head.join("\n").to_ascii_lowercase()
}
