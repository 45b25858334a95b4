//! The gRPC service, through its generated client.

use prost_types::{Duration, Timestamp};
use spoor_proto::jaeger::TracesData;
use spoor_proto::jaeger::api_v3::query_service_client::QueryServiceClient;
use spoor_proto::jaeger::api_v3::{
    Call, FindTraceSummariesRequest, FindTracesRequest, GetOperationsRequest, GetServicesRequest,
    GetTraceRequest, TraceQueryParameters,
};
use tonic::{Code, Request, Streaming};

use super::checkout;
use crate::world::{NOW, T, World, span, text};

fn client(world: &World) -> QueryServiceClient<axum::Router> {
    QueryServiceClient::new(world.jaeger_grpc.clone())
}

fn moment(nanos: u64) -> Option<Timestamp> {
    Some(Timestamp { seconds: (nanos / 1_000_000_000) as i64, nanos: (nanos % 1_000_000_000) as i32 })
}

fn query(service: &str) -> TraceQueryParameters {
    TraceQueryParameters {
        service_name: service.to_owned(),
        start_time_min: moment(T - 1),
        start_time_max: moment(NOW),
        ..TraceQueryParameters::default()
    }
}

/// Trace id and spans of each chunk.
async fn chunks(mut stream: Streaming<TracesData>) -> Vec<(Vec<u8>, usize)> {
    let mut chunks = Vec::new();
    while let Some(chunk) = stream.message().await.unwrap() {
        let spans: Vec<_> = chunk
            .resource_spans
            .iter()
            .flat_map(|group| &group.scope_spans)
            .flat_map(|group| &group.spans)
            .collect();
        let id = spans[0].trace_id.clone();
        assert!(spans.iter().all(|span| span.trace_id == id), "a chunk is of one trace");
        chunks.push((id, spans.len()));
    }
    chunks
}

#[tokio::test]
async fn every_call_answers() {
    let world = World::new().await;
    world.append(checkout()).await;
    world.publish().await;
    let mut client = client(&world);
    let services = client.get_services(GetServicesRequest {}).await.unwrap().into_inner();
    assert_eq!(services.services, ["cart", "web"]);
    let asked = GetOperationsRequest { service: "cart".to_owned(), span_kind: String::new() };
    let operations = client.get_operations(asked).await.unwrap().into_inner().operations;
    assert_eq!((operations[0].name.as_str(), operations[0].span_kind.as_str()), ("cart 2", "client"));
    let asked = GetTraceRequest { trace_id: "2A".to_owned(), ..GetTraceRequest::default() };
    let trace = chunks(client.get_trace(asked).await.unwrap().into_inner()).await;
    assert_eq!(trace, [(u128::from(0x2a_u8).to_be_bytes().to_vec(), 2)]);
    let mut wanted = query("cart");
    wanted.attributes.insert("link.reason".to_owned(), "retry".to_owned());
    wanted.duration_min = Some(Duration { seconds: 0, nanos: 1_000 });
    let found = client.find_traces(FindTracesRequest { query: Some(wanted.clone()) }).await.unwrap();
    assert_eq!(chunks(found.into_inner()).await, trace);
    let mut stream = client
        .find_trace_summaries(FindTraceSummariesRequest { query: Some(wanted) })
        .await
        .unwrap()
        .into_inner();
    let summaries = stream.message().await.unwrap().unwrap().summaries;
    assert_eq!((summaries.len(), summaries[0].span_count, summaries[0].error_span_count), (1, 2, 1));
    assert_eq!(summaries[0].trace_id, crate::world::trace_hex(0x2a));
    let mut of_other = Request::new(GetServicesRequest {});
    of_other.metadata_mut().insert("x-tenant", "other".parse().unwrap());
    assert!(client.get_services(of_other).await.unwrap().into_inner().services.is_empty());
}

#[tokio::test]
async fn a_large_trace_comes_in_chunks_that_clients_take() {
    let world = World::new().await;
    let long = "x".repeat(200_000);
    world.append((1..=30).map(|id| span("web", 1, id, T).attribute(text("long", &long))).collect()).await;
    let asked = GetTraceRequest { trace_id: "1".to_owned(), ..GetTraceRequest::default() };
    let trace = chunks(client(&world).get_trace(asked).await.unwrap().into_inner()).await;
    assert_eq!(trace.iter().map(|(_, spans)| *spans).collect::<Vec<_>>(), [5, 5, 5, 5, 5, 5]);
}

#[tokio::test]
async fn what_is_wrong_has_its_code() {
    let world = World::new().await;
    let mut client = client(&world);
    let trace = |id: &str| GetTraceRequest { trace_id: id.to_owned(), ..GetTraceRequest::default() };
    let find = |query| FindTracesRequest { query };
    for (status, code, message) in [
        (client.get_trace(trace("1")).await.unwrap_err(), Code::NotFound, "trace not found"),
        (
            client.get_trace(trace("x")).await.unwrap_err(),
            Code::InvalidArgument,
            "strconv.ParseUint: parsing \"x\": invalid syntax",
        ),
        (client.find_traces(find(None)).await.unwrap_err(), Code::InvalidArgument, "missing query"),
        (
            client.find_traces(find(Some(TraceQueryParameters::default()))).await.unwrap_err(),
            Code::InvalidArgument,
            "start time min and max are required parameters",
        ),
        (
            client
                .find_traces(find(Some(TraceQueryParameters { search_depth: -1, ..query("web") })))
                .await
                .unwrap_err(),
            Code::InvalidArgument,
            "search depth must be from 0 to 10000",
        ),
        (
            client
                .find_traces(find(Some(TraceQueryParameters { filter: Some(Call {}), ..query("web") })))
                .await
                .unwrap_err(),
            Code::InvalidArgument,
            "structured filters are not supported",
        ),
    ] {
        assert_eq!((status.code(), status.message()), (code, message));
    }
    let empty = client.find_traces(find(Some(query("none")))).await.unwrap().into_inner();
    assert!(chunks(empty).await.is_empty());
}
