//! Query latencies on settled data, each answer checked.

use anyhow::Result;

use super::api::{Api, encode};
use super::check::{self, Checked};
use super::reports;
use super::timing::Timing;
use crate::cli::RunArgs;
use crate::figures::{Figures, Measure};
use crate::generate::{Rng, hex};
use crate::truth::{FlowTruth, JAEGER_LIMIT, JAEGER_SERVICE, SEARCHES, SearchCase, SearchTruth, Truth};

/// Lookups before those that count, on other flows: what is cold at first is warm then.
const WARM_UP: usize = 20;
/// Widest histogram asked for.
const BUCKETS: u32 = 60;

/// Asks everything.
pub(super) async fn measure(
    arguments: &RunArgs,
    api: &mut Api,
    truth: &Truth,
    figures: &mut Figures,
) -> Result<()> {
    let mut rng = Rng::new(arguments.workload.seed, 0x0009_e571);
    let flows = lookups(api, truth, arguments.lookups, &mut rng, figures).await?;
    let note = format!("{} flows", flows.count());
    figures.set_noted(Measure::FlowP50, flows.ms(0.5), note);
    figures.set(Measure::FlowP99, flows.ms(0.99));
    let known = finds(api, truth, arguments.lookups, &mut rng, figures).await?;
    tell(figures, Measure::FindKnown, &known);
    let absent = absent(api, arguments.lookups, &mut rng, figures).await?;
    tell(figures, Measure::AbsentFlow, &absent.flows);
    tell(figures, Measure::AbsentFind, &absent.finds);
    for ((case, found), measure) in SEARCHES.iter().zip(&truth.searches).zip([
        Measure::SearchManyHits,
        Measure::SearchFewHits,
        Measure::SearchAttribute,
    ]) {
        let timing = search(api, arguments.repeats, case, found, figures).await?;
        tell(figures, measure, &timing);
    }
    aggregates(api, arguments.repeats, truth, figures).await
}

/// Sets a latency's median, its 99th percentile beside it.
pub(super) fn tell(figures: &mut Figures, measure: Measure, timing: &Timing) {
    figures.set_noted(measure, timing.ms(0.5), format!("p99 {:.2}", timing.ms(0.99)));
}

/// Opens random flows by their correlation id, warm.
pub(super) async fn lookups(
    api: &mut Api,
    truth: &Truth,
    count: usize,
    rng: &mut Rng,
    figures: &mut Figures,
) -> Result<Timing> {
    let mut timing = Timing::default();
    if truth.flows.is_empty() {
        return Ok(timing);
    }
    for number in 0..count + WARM_UP {
        let flow: &FlowTruth = &truth.flows[rng.index(truth.flows.len())];
        let answer = api.get(&format!("/api/v1/flows/{}?key=order.id", encode(&flow.id))).await?;
        figures.checked("flow by order.id", check::flow(&answer, flow));
        if number >= WARM_UP {
            timing.add(answer.took);
        }
    }
    Ok(timing)
}

/// Asks what known ids are: correlation ids and trace ids in turn.
async fn finds(
    api: &mut Api,
    truth: &Truth,
    count: usize,
    rng: &mut Rng,
    figures: &mut Figures,
) -> Result<Timing> {
    let mut timing = Timing::default();
    for number in 0..count {
        let flow = &truth.flows[rng.index(truth.flows.len())];
        let (id, kind) =
            if number % 2 == 0 { (flow.id.clone(), "flow") } else { (hex(&flow.traces[0]), "trace") };
        let answer = api.get(&format!("/api/v1/find?id={}", encode(&id))).await?;
        figures.checked("find", check::find(&answer, &id, Some(kind)));
        timing.add(answer.took);
    }
    Ok(timing)
}

/// Latencies of ids that nothing carries.
pub(super) struct Absent {
    /// `/flows/{id}`.
    pub(super) flows: Timing,
    /// `/find`.
    pub(super) finds: Timing,
}

/// Asks for ids that nothing carries.
pub(super) async fn absent(
    api: &mut Api,
    count: usize,
    rng: &mut Rng,
    figures: &mut Figures,
) -> Result<Absent> {
    let mut absent = Absent { flows: Timing::default(), finds: Timing::default() };
    for _ in 0..count {
        let id = rng.uuid();
        let answer = api.get(&format!("/api/v1/flows/{id}?key=order.id")).await?;
        figures.checked("absent flow", check::no_flow(&answer));
        absent.flows.add(answer.took);
        let answer = api.get(&format!("/api/v1/find?id={id}")).await?;
        figures.checked("absent find", check::find(&answer, &id, None));
        absent.finds.add(answer.took);
    }
    Ok(absent)
}

async fn search(
    api: &mut Api,
    count: usize,
    case: &SearchCase,
    truth: &SearchTruth,
    figures: &mut Figures,
) -> Result<Timing> {
    let query = case.query();
    let path = format!("/api/v1/search?q={}&signal=logs&limit=100", encode(&query));
    repeat(api, count, &path, case.name, figures, |answer| check::search(answer, &query, truth)).await
}

async fn aggregates(api: &mut Api, count: usize, truth: &Truth, figures: &mut Figures) -> Result<()> {
    let all = truth.records()..=truth.records() + truth.duplicates();
    let path = format!("/api/v1/histogram?buckets={BUCKETS}&by=severity");
    let timing = repeat(api, count, &path, "histogram", figures, |answer| {
        check::histogram(answer, "everything", all.clone())
    })
    .await?;
    tell(figures, Measure::Histogram, &timing);

    let (query, found) = (format!("signal:logs {}", SEARCHES[0].query()), truth.searches[0].count);
    let path = format!("/api/v1/histogram?q={}&buckets={BUCKETS}", encode(&query));
    let timing = repeat(api, count, &path, "histogram of a query", figures, |answer| {
        check::histogram(answer, &query, found..=found)
    })
    .await?;
    tell(figures, Measure::HistogramQuery, &timing);

    let path = "/api/v1/fields/service/values?limit=20";
    let timing =
        repeat(api, count, path, "values", figures, |answer| check::service_values(answer, truth)).await?;
    tell(figures, Measure::Facet, &timing);

    let timing =
        repeat(api, count, "/api/v1/services", "services", figures, |answer| check::services(answer, truth))
            .await?;
    tell(figures, Measure::Services, &timing);

    let path = "/api/v1/graph";
    let timing = repeat(api, count, path, "graph", figures, |answer| check::graph(answer, truth)).await?;
    tell(figures, Measure::Graph, &timing);

    let path = format!("/api/v1/services?buckets={BUCKETS}");
    let timing =
        repeat(api, count, &path, "services over time", figures, |answer| check::services(answer, truth))
            .await?;
    tell(figures, Measure::ServiceSeries, &timing);

    // All of time, in microseconds: the workload's times are its own.
    let path = format!(
        "/api/traces?service={}&limit={JAEGER_LIMIT}&start=0&end=9000000000000000",
        JAEGER_SERVICE.name()
    );
    let timing =
        repeat(api, count, &path, "Jaeger search", figures, |answer| check::jaeger_traces(answer, truth))
            .await?;
    tell(figures, Measure::JaegerTraces, &timing);
    reports::measure(api, count, truth, figures).await
}

/// Asks the same thing `count` times after one time that does not count.
pub(super) async fn repeat(
    api: &mut Api,
    count: usize,
    path: &str,
    what: &str,
    figures: &mut Figures,
    check: impl Fn(&super::api::Answer) -> Checked,
) -> Result<Timing> {
    let mut timing = Timing::default();
    for number in 0..=count {
        let answer = api.get(path).await?;
        figures.checked(what, check(&answer));
        if number > 0 {
            timing.add(answer.took);
        }
    }
    Ok(timing)
}
