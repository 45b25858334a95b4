//! A server that reads export requests, throws them away and says yes: the sender's own ceiling, and its tests' other end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, header};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::generate::frame;

/// HTTP/2 windows past one request, so that no request waits for credit.
const WINDOW: u32 = 8 << 20;

/// What a sink has read.
#[derive(Debug, Default)]
pub struct Taken {
    /// Requests answered.
    pub requests: AtomicU64,
    /// Body bytes.
    pub bytes: AtomicU64,
    /// gRPC requests to be told to retry before the rest is accepted.
    pub throttled: AtomicU64,
}

/// Answers on `listener` until dropped.
pub async fn serve(listener: TcpListener, taken: Arc<Taken>) -> Result<()> {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let taken = Arc::clone(&taken);
        connections.spawn(async move {
            let service = service_fn(move |request| answer(request, Arc::clone(&taken)));
            let mut builder = auto::Builder::new(TokioExecutor::new());
            builder.http2().initial_stream_window_size(WINDOW).initial_connection_window_size(WINDOW * 4);
            // A client that goes away mid-request is its own affair.
            drop(builder.serve_connection(TokioIo::new(stream), service).await);
        });
    }
}

type Body = BoxBody<Bytes, hyper::Error>;

async fn answer(request: Request<Incoming>, taken: Arc<Taken>) -> Result<Response<Body>, hyper::Error> {
    let grpc = request.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/grpc");
    let mut body = request.into_body();
    let mut bytes = 0;
    while let Some(frame) = body.frame().await {
        bytes += frame?.data_ref().map_or(0, Bytes::len);
    }
    let throttle =
        taken.throttled.try_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
    if !throttle {
        taken.requests.fetch_add(1, Ordering::Relaxed);
        taken.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }
    let content_type = if grpc { "application/grpc" } else { "application/x-protobuf" };
    let body =
        if grpc { grpc_body(throttle) } else { Full::default().map_err(|never| match never {}).boxed() };
    let mut response = Response::new(body);
    if throttle && !grpc {
        *response.status_mut() = http::StatusCode::SERVICE_UNAVAILABLE;
    }
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    Ok(response)
}

fn grpc_body(throttle: bool) -> Body {
    let status = HeaderValue::from_static(if throttle { "14" } else { "0" });
    let trailers = HeaderMap::from_iter([(header::HeaderName::from_static("grpc-status"), status)]);
    let message = if throttle { Bytes::new() } else { frame(&[], false) };
    Full::new(message)
        .with_trailers(async move { Some(Ok(trailers)) })
        .map_err(|never| match never {})
        .boxed()
}
