//! One connection to the server: OTLP/gRPC over HTTP/2 without TLS, or OTLP/HTTP over HTTP/1.1, body bytes as given.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use super::prepare::Prepared;
use super::reply::{self, Reply};
use crate::generate::Signal;

/// How requests travel.
#[derive(Clone, Copy, Debug)]
pub struct Wire {
    /// Where to.
    pub address: SocketAddr,
    /// OTLP/gRPC rather than OTLP/HTTP.
    pub grpc: bool,
    /// Bodies are gzip.
    pub gzip: bool,
}

/// An open connection. Over HTTP/2 its clones share it; HTTP/1.1 carries one request at a time.
pub struct Connection {
    wire: Wire,
    sender: Sender,
}

enum Sender {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

/// Bytes that may wait in the connection for the socket: a few whole requests.
const SEND_BUFFER: usize = 4 << 20;

impl Connection {
    /// Connects, with `TCP_NODELAY`, and drives the connection in `tasks`.
    pub async fn open(wire: Wire, tasks: &mut tokio::task::JoinSet<()>) -> Result<Self> {
        let stream =
            TcpStream::connect(wire.address).await.with_context(|| format!("connect to {}", wire.address))?;
        stream.set_nodelay(true)?;
        let io = TokioIo::new(stream);
        // A connection that breaks shows itself in the requests on it.
        let sender = if wire.grpc {
            let mut builder = http2::Builder::new(TokioExecutor::new());
            builder.max_send_buf_size(SEND_BUFFER);
            let (sender, driver) = builder.handshake(io).await?;
            tasks.spawn(async move { drop(driver.await) });
            Sender::Http2(sender)
        } else {
            let (sender, driver) = http1::handshake(io).await?;
            tasks.spawn(async move { drop(driver.await) });
            Sender::Http1(sender)
        };
        Ok(Self { wire, sender })
    }

    /// Another handle on the same connection, where the protocol allows it.
    pub fn share(&self) -> Option<Self> {
        match &self.sender {
            Sender::Http1(_) => None,
            Sender::Http2(sender) => Some(Self { wire: self.wire, sender: Sender::Http2(sender.clone()) }),
        }
    }

    /// Sends one request and reads the whole answer. An error means the connection is gone and the outcome unknown.
    pub async fn send(&mut self, prepared: &Prepared) -> Result<Reply> {
        let request = self.request(prepared)?;
        let response = match &mut self.sender {
            Sender::Http1(sender) => {
                sender.ready().await?;
                sender.send_request(request).await?
            }
            Sender::Http2(sender) => {
                sender.ready().await?;
                sender.send_request(request).await?
            }
        };
        let (head, body) = response.into_parts();
        let collected = body.collect().await?;
        let trailers: HeaderMap = collected.trailers().cloned().unwrap_or_default();
        let body = collected.to_bytes();
        if self.wire.grpc {
            if head.status != StatusCode::OK {
                bail!("gRPC answer with HTTP status {}", head.status);
            }
            Ok(reply::grpc(&head.headers, &trailers, &body, prepared.signal))
        } else {
            Ok(reply::http(head.status, &head.headers, &body, prepared.signal))
        }
    }

    fn request(&self, prepared: &Prepared) -> Result<Request<Full<Bytes>>> {
        let path = match (self.wire.grpc, prepared.signal) {
            (true, Signal::Logs) => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
            (true, Signal::Spans) => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
            (false, Signal::Logs) => "/v1/logs",
            (false, Signal::Spans) => "/v1/traces",
        };
        let mut request = Request::post(format!("http://{}{path}", self.wire.address));
        if self.wire.grpc {
            request = request.header(header::CONTENT_TYPE, "application/grpc").header(header::TE, "trailers");
            if self.wire.gzip {
                request = request.header("grpc-encoding", "gzip");
            }
        } else {
            request = request
                .header(header::CONTENT_TYPE, "application/x-protobuf")
                .header(header::HOST, self.wire.address.to_string());
            if self.wire.gzip {
                request = request.header(header::CONTENT_ENCODING, "gzip");
            }
        }
        Ok(request.body(Full::new(prepared.body.clone()))?)
    }
}
