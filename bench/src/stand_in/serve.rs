//! Listeners, requests in and answers out, and the file that requests lie in.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::answers;
use super::memory::Memory;
use crate::cli::StandInArgs;
use crate::generate::{GRPC_HEADER, Signal, frame};

/// HTTP/2 windows past one request.
const WINDOW: u32 = 8 << 20;

type Body = BoxBody<Bytes, std::convert::Infallible>;

/// The server's state.
struct StandIn {
    memory: Mutex<Memory>,
    /// Where requests are kept; none forgets them.
    kept: Option<PathBuf>,
}

/// Serves until killed.
pub async fn serve(arguments: &StandInArgs) -> Result<()> {
    fs::create_dir_all(&arguments.data_dir)?;
    let kept = (!arguments.forget).then(|| arguments.data_dir.join("requests.wal"));
    let mut memory = Memory::default();
    if let Some(path) = &kept {
        replay(path, &mut memory)?;
    }
    let stand_in = Arc::new(StandIn { memory: Mutex::new(memory), kept });
    let mut listeners = JoinSet::new();
    for address in [arguments.otlp_grpc, arguments.otlp_http, arguments.http] {
        let listener = TcpListener::bind(address).await.with_context(|| format!("listen on {address}"))?;
        listeners.spawn(accept(listener, Arc::clone(&stand_in)));
    }
    listeners.join_next().await.context("no listener")??
}

async fn accept(listener: TcpListener, stand_in: Arc<StandIn>) -> Result<()> {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let stand_in = Arc::clone(&stand_in);
        connections.spawn(async move {
            let service = service_fn(move |request| answer(request, Arc::clone(&stand_in)));
            let mut builder = auto::Builder::new(TokioExecutor::new());
            builder.http2().initial_stream_window_size(WINDOW).initial_connection_window_size(WINDOW * 4);
            // A client that goes away mid-request is its own affair.
            drop(builder.serve_connection(TokioIo::new(stream), service).await);
        });
    }
}

async fn answer(request: Request<Incoming>, stand_in: Arc<StandIn>) -> Result<Response<Body>> {
    let (head, body) = request.into_parts();
    if head.method == Method::GET {
        let memory = stand_in.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let (status, json) = answers::answer(&memory, head.uri.path(), head.uri.query().unwrap_or_default());
        let mut response = Response::new(Full::from(json.to_string()).boxed());
        *response.status_mut() = StatusCode::from_u16(status)?;
        return Ok(response);
    }
    let signal = if head.uri.path().contains("logs") { Signal::Logs } else { Signal::Spans };
    let grpc = head.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/grpc");
    let body = body.collect().await?.to_bytes();
    let message = if grpc { body.slice(GRPC_HEADER.min(body.len())..) } else { body };
    stand_in.take(signal, &message)?;
    let body = if grpc { grpc_body() } else { Full::default().boxed() };
    let mut response = Response::new(body);
    let content_type = if grpc { "application/grpc" } else { "application/x-protobuf" };
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    Ok(response)
}

fn grpc_body() -> Body {
    let status = (header::HeaderName::from_static("grpc-status"), HeaderValue::from_static("0"));
    let trailers = HeaderMap::from_iter([status]);
    Full::new(frame(&[], false)).with_trailers(async move { Some(Ok(trailers)) }).boxed()
}

impl StandIn {
    fn take(&self, signal: Signal, message: &[u8]) -> Result<()> {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if memory.take(signal, message)?
            && let Some(path) = &self.kept
        {
            let mut entry = vec![u8::from(signal == Signal::Spans)];
            entry.extend(u32::try_from(message.len())?.to_le_bytes());
            entry.extend(message);
            fs::OpenOptions::new().create(true).append(true).open(path)?.write_all(&entry)?;
        }
        Ok(())
    }
}

/// Reads requests back. A torn last one was never acknowledged.
fn replay(path: &Path, memory: &mut Memory) -> Result<()> {
    let Ok(bytes) = fs::read(path) else { return Ok(()) };
    let mut rest = bytes.as_slice();
    while let Some((head, after)) = rest.split_first_chunk::<5>() {
        let [spans, length @ ..] = *head;
        let Some((message, after)) = after.split_at_checked(u32::from_le_bytes(length) as usize) else {
            break;
        };
        let signal = if spans == 1 { Signal::Spans } else { Signal::Logs };
        if !memory.take(signal, message)? {
            bail!("{} holds a request twice", path.display());
        }
        rest = after;
    }
    Ok(())
}
