//! OTLP/gRPC by the clients that SDKs use: generated ones, compressed, beside health and reflection.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test may panic")]

mod support;

use spoor_collector::Config;
use spoor_proto::otlp::{
    ExportMetricsServiceRequest, LogsServiceClient, MetricsServiceClient, TraceServiceClient,
};
use support::{Server, log, logs, span, spans};
use tonic::Code;
use tonic::codec::CompressionEncoding;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

async fn channel(server: &Server) -> Channel {
    Channel::from_shared(server.url("")).unwrap().connect().await.unwrap()
}

#[tokio::test]
async fn logs_and_spans_of_every_compression_arrive() {
    let server = Server::start().await;
    for compression in [None, Some(CompressionEncoding::Gzip), Some(CompressionEncoding::Zstd)] {
        let mut to_logs = LogsServiceClient::new(channel(&server).await);
        let mut to_traces = TraceServiceClient::new(channel(&server).await);
        if let Some(encoding) = compression {
            to_logs = to_logs.send_compressed(encoding).accept_compressed(encoding);
            to_traces = to_traces.send_compressed(encoding).accept_compressed(encoding);
        }
        let answer = to_logs.export(logs(vec![log("one"), log("two")])).await.unwrap().into_inner();
        assert_eq!(answer.partial_success, None, "{compression:?}");
        let answer = to_traces.export(spans(vec![span(1), span(0), span(2)])).await.unwrap().into_inner();
        let partial = answer.partial_success.unwrap();
        assert_eq!(partial.rejected_spans, 1, "{compression:?}");
        assert!(partial.error_message.contains("span_id of a span must be set"), "{partial:?}");
    }
    assert_eq!(server.store.records(), 3 * (2 + 2));
    assert_eq!(server.metric("records_total{signal=\"spans\"}"), Some(6.0));
    assert_eq!(
        server.metric("records_rejected_total{signal=\"spans\",reason=\"span_id_missing\"}"),
        Some(3.0)
    );
    assert_eq!(server.metric("requests_total{transport=\"grpc\",signal=\"logs\",outcome=\"ok\"}"), Some(3.0));
}

#[tokio::test]
async fn metrics_are_accepted() {
    let server = Server::start().await;
    let mut client = MetricsServiceClient::new(channel(&server).await);
    let answer = client.export(ExportMetricsServiceRequest::default()).await.unwrap().into_inner();
    assert_eq!(answer.partial_success, None);
}

/// Past tonic's own limit of 4 MiB, in many HTTP/2 frames.
#[tokio::test]
async fn a_request_of_many_megabytes_arrives() {
    let server = Server::start().await;
    let records = (0..60).map(|_| log(&"x".repeat(200 << 10))).collect();
    let mut client = LogsServiceClient::new(channel(&server).await);
    client.export(logs(records)).await.unwrap();
    assert_eq!(server.store.records(), 60);
}

#[tokio::test]
async fn an_oversize_request_is_not_retryable() {
    let config = Config { request_bytes_max: 1 << 20, ..Config::default() };
    let server = Server::with(config).await;
    let mut client = LogsServiceClient::new(channel(&server).await);
    let status = client.export(logs(vec![log(&"x".repeat(3 << 20))])).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
    assert!(status.details().is_empty());
}

#[tokio::test]
async fn the_tenant_comes_from_metadata() {
    let server = Server::start().await;
    let mut client = LogsServiceClient::new(channel(&server).await);
    let mut request = tonic::Request::new(logs(vec![log("one")]));
    request.metadata_mut().insert("x-scope-orgid", "team-b".parse().unwrap());
    client.export(request).await.unwrap();
    assert_eq!(server.store.stored(), [("team-b".to_owned(), 1)]);
}

#[tokio::test]
async fn unknown_services_are_unimplemented() {
    let server = Server::start().await;
    let answer = reqwest::Client::builder()
        .http2_prior_knowledge()
        .build()
        .unwrap()
        .post(server.url("/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export"))
        .header("content-type", "application/grpc")
        .send()
        .await
        .unwrap();
    let status = tonic::Status::from_header_map(answer.headers()).unwrap();
    assert_eq!(status.code(), Code::Unimplemented);
}

#[tokio::test]
async fn health_serves_until_the_collector_stops() {
    let mut server = Server::start().await;
    let mut client = HealthClient::new(channel(&server).await);
    let service = "opentelemetry.proto.collector.trace.v1.TraceService".to_owned();
    let request = HealthCheckRequest { service };
    let mut watched = client.watch(request.clone()).await.unwrap().into_inner();
    let mut status = ServingStatus::Unknown;
    while status != ServingStatus::Serving {
        status = watched.message().await.unwrap().unwrap().status();
    }
    assert_eq!(client.check(request).await.unwrap().into_inner().status(), ServingStatus::Serving);
    server.stop().await;
}

#[tokio::test]
async fn reflection_lists_the_services() {
    let server = Server::start().await;
    let mut client = ServerReflectionClient::new(channel(&server).await);
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let requests = futures_util::stream::iter([request]);
    let mut answers = client.server_reflection_info(requests).await.unwrap().into_inner();
    let answer = answers.message().await.unwrap().unwrap().message_response;
    let Some(MessageResponse::ListServicesResponse(list)) = answer else { panic!("{answer:?}") };
    let names: Vec<String> = list.service.into_iter().map(|service| service.name).collect();
    for name in ["opentelemetry.proto.collector.logs.v1.LogsService", "grpc.health.v1.Health"] {
        assert!(names.iter().any(|known| known == name), "{names:?}");
    }
}
