//! What one span does to another service or a database: gRPC calls and statements.

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;

use super::records::{OpenSpan, Stage};
use super::values::{int, text};

/// Starts a gRPC call: the caller's client span and the callee's server span.
pub(super) fn call(
    stage: &mut Stage<'_>,
    parent: &OpenSpan,
    callee: usize,
    service: &str,
    method: &str,
) -> (OpenSpan, OpenSpan) {
    let name = format!("{service}/{method}");
    let rpc = |address: String| {
        [
            text("rpc.system", "grpc"),
            text("rpc.service", service),
            text("rpc.method", method),
            text("server.address", address),
            int("rpc.grpc.status_code", 0),
            text("network.protocol.name", "http"),
        ]
    };
    let mut client = stage.begin(parent.instance, parent, SpanKind::Client, &name);
    client.span.attributes.extend(rpc(stage.estate.instances[callee].service.name().to_owned()));
    stage.pass(80, 600);
    let mut server = stage.begin(callee, &client, SpanKind::Server, &name);
    server.span.attributes.extend(rpc(format!("10.4.{}.{}", callee / 4, 10 + callee)));
    stage.pass(40, 500);
    (client, server)
}

/// Finishes both sides of a call.
pub(super) fn end_call(stage: &mut Stage<'_>, client: OpenSpan, server: OpenSpan) {
    stage.end(server);
    stage.pass(80, 600);
    stage.end(client);
}

/// Finishes the caller's side of a call that failed.
pub(super) fn fail_call(stage: &mut Stage<'_>, mut client: OpenSpan) {
    stage.pass(80, 600);
    if let Some(code) =
        client.span.attributes.iter_mut().find(|attribute| attribute.key == "rpc.grpc.status_code")
    {
        *code = int("rpc.grpc.status_code", 7);
    }
    stage.fail(client, "rpc.PermissionDenied", "permission denied by callee");
}

/// Starts a database client span and lets it run.
pub(super) fn database(stage: &mut Stage<'_>, parent: &OpenSpan, name: &str, statement: &str) -> OpenSpan {
    let mut db = stage.begin(parent.instance, parent, SpanKind::Client, name);
    db.span.attributes.extend([
        text("db.system.name", "postgresql"),
        text("db.namespace", "shop"),
        text("db.query.text", statement),
        text("server.address", "postgres-0"),
        int("server.port", 5432),
    ]);
    stage.pass(150, 4_000);
    db
}
