//! The sockets, bound before anything else runs, so that a port in use is the first thing said.

use std::net::{SocketAddr, TcpListener};

use anyhow::Context as _;
use tokio::net::TcpSocket;

use crate::config::{ListenAddress, ListenConfig};

/// Connections that may wait to be accepted; more than any exporter fleet opens at once.
const BACKLOG: u32 = 1024;

/// A bound socket.
#[derive(Debug)]
pub(crate) struct Socket {
    /// What it is for, as logs and metrics name it.
    pub name: &'static str,
    /// The address it really has, also where port 0 was asked for.
    pub address: SocketAddr,
    pub listener: TcpListener,
}

/// All sockets of the process.
#[derive(Debug)]
pub(crate) struct Sockets {
    pub otlp_grpc: Socket,
    pub otlp_http: Socket,
    pub http: Socket,
    pub jaeger_grpc: Socket,
}

impl Sockets {
    /// Binds every socket; must run inside the async runtime.
    pub(crate) fn bind(config: &ListenConfig) -> anyhow::Result<Self> {
        Ok(Self {
            otlp_grpc: bind("otlp_grpc", "--otlp-grpc", config.otlp_grpc)?,
            otlp_http: bind("otlp_http", "--otlp-http", config.otlp_http)?,
            http: bind("http", "--http", config.http)?,
            jaeger_grpc: bind("jaeger_grpc", "--jaeger-grpc", config.jaeger_grpc)?,
        })
    }
}

fn bind(name: &'static str, flag: &str, wanted: ListenAddress) -> anyhow::Result<Socket> {
    try_bind(wanted.socket())
        .and_then(|listener| Ok(Socket { name, address: listener.local_addr()?, listener }))
        .with_context(|| {
            format!(
                "failed to listen on {wanted}; choose another address with {flag} HOST:PORT (listen.{name})"
            )
        })
}

fn try_bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A restart must not wait for connections of the process before it to time out.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}
