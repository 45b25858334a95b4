//! The calls of `jaeger.api_v3.QueryService`.

use futures_util::stream::{self, BoxStream, StreamExt as _};
use spoor_proto::jaeger::TracesData;
use spoor_proto::jaeger::api_v3::query_service_server::QueryService;
use spoor_proto::jaeger::api_v3::{
    DependenciesResponse, Dependency, FindTraceSummariesRequest, FindTraceSummariesResponse,
    FindTracesRequest, GetDependenciesRequest, GetOperationsRequest, GetOperationsResponse,
    GetServicesRequest, GetServicesResponse, GetTraceRequest, Operation, ServiceSummary, TraceSummary,
};
use spoor_proto::otlp::ResourceSpans;
use spoor_store::model::Tenant;
use tonic::{Request, Response, Status};

use super::parameters::{question, range};
use crate::api::answer::observe;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::jaeger::failure::Failure;
use crate::jaeger::request;
use crate::jaeger::summary::Summary;
use crate::jaeger::trace::Trace;
use crate::jaeger::{dependencies, operations, trace_id, v3};

/// Bytes of one chunk, about: well below the 4 MiB that clients take by default. A longer span is a chunk of its own.
const CHUNK_BYTES_MAX: usize = 1 << 20;

/// Summaries in one chunk.
const CHUNK_SUMMARIES_MAX: usize = 100;

/// Answers over the engine.
pub(super) struct Service {
    engine: Engine,
}

type Answer<T> = std::result::Result<Response<T>, Status>;

/// Chunks that wait to be sent.
type Chunks<T> = BoxStream<'static, std::result::Result<T, Status>>;

impl Service {
    pub(super) fn new(engine: Engine) -> Self {
        Self { engine }
    }

    /// Runs a call, times and counts it.
    async fn answer<T>(&self, call: &'static str, work: impl Future<Output = Result<T>>) -> Answer<T> {
        observe(&self.engine, call, work).await.map(Response::new).map_err(|error| {
            let failure = Failure::new(&self.engine, &error);
            Status::new(failure.code, failure.message)
        })
    }
}

fn tenant<T>(request: &Request<T>) -> Result<Tenant> {
    request::tenant(request.metadata().as_ref())
}

fn chunks(traces: Vec<Vec<Vec<ResourceSpans>>>) -> Chunks<TracesData> {
    let chunks = traces.into_iter().flatten().map(|resource_spans| Ok(TracesData { resource_spans }));
    stream::iter(chunks).boxed()
}

fn into_chunks(trace: Trace) -> Vec<Vec<ResourceSpans>> {
    trace.into_chunks(CHUNK_BYTES_MAX)
}

#[tonic::async_trait]
impl QueryService for Service {
    type GetTraceStream = Chunks<TracesData>;
    type FindTracesStream = Chunks<TracesData>;
    type FindTraceSummariesStream = Chunks<FindTraceSummariesResponse>;

    async fn get_trace(&self, request: Request<GetTraceRequest>) -> Answer<Self::GetTraceStream> {
        self.answer("jaeger_trace", async {
            let tenant = tenant(&request)?;
            let asked = request.into_inner();
            let ids = trace_id::parse(&asked.trace_id)?.into_iter().collect();
            let found = self.engine.load_traces(&tenant, ids, asked.raw_traces, into_chunks).await?;
            if found.is_empty() {
                return Err(Error::TraceNotFound);
            }
            Ok(chunks(found))
        })
        .await
    }

    async fn find_traces(&self, request: Request<FindTracesRequest>) -> Answer<Self::FindTracesStream> {
        self.answer("jaeger_traces", async {
            let tenant = tenant(&request)?;
            let query = request.into_inner().query;
            let raw = query.as_ref().is_some_and(|query| query.raw_traces);
            Ok(chunks(self.engine.find_traces(&tenant, question(query)?, raw, into_chunks).await?))
        })
        .await
    }

    async fn find_trace_summaries(
        &self,
        request: Request<FindTraceSummariesRequest>,
    ) -> Answer<Self::FindTraceSummariesStream> {
        self.answer("jaeger_summaries", async {
            let tenant = tenant(&request)?;
            let question = question(request.into_inner().query)?;
            let found = self.engine.find_summaries(&tenant, question).await?;
            let summaries: Vec<TraceSummary> = found.into_iter().map(summary).collect();
            let chunk = |some: &[TraceSummary]| Ok(FindTraceSummariesResponse { summaries: some.to_vec() });
            let chunks: Vec<_> = summaries.chunks(CHUNK_SUMMARIES_MAX).map(chunk).collect();
            Ok(stream::iter(chunks).boxed())
        })
        .await
    }

    async fn get_services(&self, request: Request<GetServicesRequest>) -> Answer<GetServicesResponse> {
        self.answer("jaeger_services", async {
            Ok(GetServicesResponse { services: self.engine.jaeger_services(&tenant(&request)?).await? })
        })
        .await
    }

    async fn get_operations(&self, request: Request<GetOperationsRequest>) -> Answer<GetOperationsResponse> {
        self.answer("jaeger_operations", async {
            let tenant = tenant(&request)?;
            let GetOperationsRequest { service, span_kind } = request.into_inner();
            let found = self.engine.operations_of_kind(&tenant, &service, Some(&span_kind)).await?;
            let shown = |operations::Operation { name, kind }| Operation {
                name,
                span_kind: v3::shown(kind).to_owned(),
            };
            Ok(GetOperationsResponse { operations: found.into_iter().map(shown).collect() })
        })
        .await
    }

    async fn get_dependencies(
        &self,
        request: Request<GetDependenciesRequest>,
    ) -> Answer<DependenciesResponse> {
        self.answer("jaeger_dependencies", async {
            let range = range(request.get_ref())?;
            let found = self.engine.dependencies(&tenant(&request)?, range, None).await?;
            let shown = |dependencies::Dependency { parent, child, calls }| Dependency {
                parent,
                child,
                call_count: calls,
            };
            Ok(DependenciesResponse { dependencies: found.into_iter().map(shown).collect() })
        })
        .await
    }
}

/// Counts of one answer stay far below what 32 bits hold: memory bounds them.
fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn summary(summary: Summary) -> TraceSummary {
    let service = |one: crate::jaeger::summary::ServiceSummary| ServiceSummary {
        name: one.name,
        span_count: count(one.spans),
        error_span_count: count(one.errors),
    };
    TraceSummary {
        trace_id: summary.id.to_string(),
        root_service_name: summary.root_service,
        root_operation_name: summary.root_operation,
        min_start_time_unix_nano: summary.start,
        max_end_time_unix_nano: summary.end,
        span_count: count(summary.spans),
        error_span_count: count(summary.errors),
        orphan_span_count: count(summary.orphans),
        services: summary.services.into_iter().map(service).collect(),
    }
}
