//! `spoor health`: asks a running server whether it is ready, with nothing but a socket, for images without curl.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::cli::HealthArgs;
use crate::config;
use crate::welcome::reachable;

/// A server that takes longer is not ready.
const LIMIT: Duration = Duration::from_secs(5);
/// The answer is one line.
const ANSWER_BYTES_MAX: u64 = 4096;

/// Succeeds when the server is ready; the error says what it answered.
pub(super) fn health(arguments: &HealthArgs) -> anyhow::Result<()> {
    let address = match arguments.http {
        Some(address) => address,
        None => config::load(&arguments.sources())?.config.listen.http,
    };
    let address = reachable(address.socket());
    let answer = ask(address).with_context(|| format!("failed to ask {address}"))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    if head.starts_with("HTTP/1.1 200 ") {
        return Ok(());
    }
    bail!("server on {address} is not ready: {}", body.trim())
}

fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, LIMIT)?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.set_write_timeout(Some(LIMIT))?;
    stream.write_all(
        format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes(),
    )?;
    let mut answer = String::new();
    stream.take(ANSWER_BYTES_MAX).read_to_string(&mut answer)?;
    Ok(answer)
}
