//! A client of the native API over one kept-alive HTTP/1.1 connection; times each answer until its last byte.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::clock::Stopwatch;

/// Longest wait for one answer.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(30);

/// A client.
pub(super) struct Api {
    address: SocketAddr,
    sender: Option<http1::SendRequest<Empty<Bytes>>>,
    connections: JoinSet<()>,
}

/// An answer.
pub(super) struct Answer {
    /// HTTP status.
    pub(super) status: u16,
    /// From the first byte of the request to the last of the answer.
    pub(super) took: Duration,
    body: Bytes,
}

impl Answer {
    /// The body as JSON.
    pub(super) fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body)
            .with_context(|| format!("status {}, body is not JSON: {}", self.status, self.start()))
    }

    /// The body as JSON, when the status is 200.
    pub(super) fn ok(&self) -> Result<Value> {
        ensure!(self.status == 200, "status {}: {}", self.status, self.start());
        self.json()
    }

    /// An answer as a server would give it.
    #[cfg(test)]
    pub(super) fn of(status: u16, json: &Value) -> Self {
        Self { status, took: Duration::ZERO, body: Bytes::from(json.to_string()) }
    }

    fn start(&self) -> String {
        String::from_utf8_lossy(&self.body[..self.body.len().min(200)]).into_owned()
    }
}

impl Api {
    /// A client that connects when first asked.
    pub(super) fn new(address: SocketAddr) -> Self {
        Self { address, sender: None, connections: JoinSet::new() }
    }

    /// Asks for a path with its query string, both already encoded.
    pub(super) async fn get(&mut self, path: &str) -> Result<Answer> {
        if self.sender.as_ref().is_none_or(http1::SendRequest::is_closed) {
            self.connect().await?;
        }
        let sender = self.sender.as_mut().context("no connection")?;
        let request = Request::get(path).header(header::HOST, self.address.to_string()).body(Empty::new())?;
        let clock = Stopwatch::start();
        let exchange = async {
            sender.ready().await?;
            let (head, body) = sender.send_request(request).await?.into_parts();
            Ok::<_, hyper::Error>((head.status, body.collect().await?.to_bytes()))
        };
        let outcome = tokio::time::timeout(ANSWER_WAIT_MAX, exchange).await;
        let took = clock.elapsed();
        match outcome {
            Ok(Ok((status, body))) => Ok(Answer { status: status.as_u16(), took, body }),
            failed => {
                self.sender = None;
                let (status, body) =
                    failed.with_context(|| format!("no answer to {path} in {ANSWER_WAIT_MAX:?}"))??;
                Ok(Answer { status: status.as_u16(), took, body })
            }
        }
    }

    async fn connect(&mut self) -> Result<()> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let (sender, driver) = http1::handshake(TokioIo::new(stream)).await?;
        self.connections.abort_all();
        self.connections.spawn(async move { drop(driver.await) });
        self.sender = Some(sender);
        Ok(())
    }
}

/// Percent-encodes a path segment or a query value.
pub(super) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else if write!(encoded, "%{byte:02X}").is_err() {
            // Writing into a String does not fail.
            break;
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_url_gives_a_meaning_is_encoded() {
        assert_eq!(encode("a b&c=\"d\"/é~"), "a%20b%26c%3D%22d%22%2F%C3%A9~");
    }
}
