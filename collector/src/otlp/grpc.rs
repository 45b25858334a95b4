//! A unary gRPC call around one export: frame in, frame or status out.
//!
//! Framed here rather than by a generated service, because memory must be asked for before it is taken, and because
//! the statuses of the generated one tell clients to send oversize requests again.

use std::sync::Arc;

use axum::extract::Request;
use axum::response::Response;
use bytes::{Buf as _, Bytes};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, StatusCode};

use super::payload::{Encoding, Format, Payload};
use super::{Export, Transport, answer};
use crate::ingest::{Incoming, Ingest};
use crate::outcome::Refusal;

const GRPC_ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
/// Flag and length before each message.
pub(super) const FRAME_HEAD: usize = 5;

/// Answers an `Export` call.
pub(super) async fn export(ingest: Arc<Ingest>, export: Export, request: Request) -> Response {
    if !is_grpc(request.headers()) {
        let mut response = Response::new("gRPC calls have Content-Type application/grpc\n".into());
        *response.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return response;
    }
    let (head, body) = request.into_parts();
    let incoming = Incoming { transport: Transport::Grpc, export, headers: head.headers, body };
    answer::grpc(ingest.ingest(incoming).await)
}

/// Whether the request is a gRPC call.
pub(super) fn is_grpc(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
    let rest = content_type.strip_prefix(b"application/grpc");
    rest.is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')))
}

/// Reads the one message of a unary call.
pub(crate) fn unframe(headers: &HeaderMap, mut body: Bytes) -> Result<Payload, Refusal> {
    if body.len() < FRAME_HEAD {
        return Err(Refusal::Invalid("gRPC call holds no whole message".to_owned()));
    }
    let flag = body.get_u8();
    let length = body.get_u32() as usize;
    if length != body.len() {
        return Err(Refusal::Invalid(format!(
            "gRPC call must hold one message: {length} bytes announced, {} bytes came",
            body.len()
        )));
    }
    let encoding = match flag {
        0 => Encoding::Identity,
        1 => Encoding::of(headers, &GRPC_ENCODING)?,
        _ => return Err(Refusal::Invalid(format!("gRPC message has compression flag {flag}, not 0 or 1"))),
    };
    if flag == 1 && encoding == Encoding::Identity {
        return Err(Refusal::Invalid(
            "gRPC message is compressed, but grpc-encoding does not say how".to_owned(),
        ));
    }
    Ok(Payload { encoding, format: Format::Protobuf, bytes: body })
}
