//! Full load, alone and with clients that ask all the while: what queries cost ingest, and how long they then take.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Result};
use tokio::task::JoinSet;

use super::api::{Api, encode};
use super::check::{self, Checked};
use super::load::{Waves, options, send};
use super::server::Server;
use super::timing::Timing;
use crate::cli::RunArgs;
use crate::figures::{Figures, Measure};
use crate::generate::Rng;
use crate::truth::{FlowTruth, SEARCHES, Truth};

/// Clients, each with one query on its way at any time.
const CLIENTS: u64 = 10;
/// Loads alone and loads with clients, in turn; the median of each counts.
const PAIRS: usize = 3;
/// Of the main load's records, the part that each of these loads has.
const PART: u64 = 3;
/// Flows that the clients open.
const FLOWS: usize = 500;

/// What one client found out.
#[derive(Default)]
struct Asked {
    timing: Timing,
    outcomes: Vec<Checked>,
}

/// Compares ingest with and without queries; `truth` is what the server held before.
pub(super) async fn measure(
    arguments: &RunArgs,
    server: &Server,
    waves: &mut Waves,
    truth: &Truth,
    figures: &mut Figures,
) -> Result<()> {
    let options = options(arguments, server, None)?;
    let flows: Arc<[FlowTruth]> = truth.flows.iter().take(FLOWS).cloned().collect();
    let (mut alone, mut beside, mut asked) = (Vec::new(), Vec::new(), Asked::default());
    for pair in 0..PAIRS as u64 {
        let wave = waves.next(arguments.workload.records / PART);
        alone.push(send(&wave, &options).await?.rate());
        server.settle().await?;
        let wave = waves.next(arguments.workload.records / PART);
        let stop = Arc::new(AtomicBool::new(false));
        let mut clients = JoinSet::new();
        for number in 0..CLIENTS {
            let rng = Rng::new(arguments.workload.seed, 0x3a_0000 + pair * CLIENTS + number);
            clients.spawn(ask(server.api(), Arc::clone(&flows), rng, Arc::clone(&stop)));
        }
        beside.push(send(&wave, &options).await?.rate());
        stop.store(true, Ordering::Relaxed);
        while let Some(one) = clients.join_next().await {
            let one = one.context("a client panicked")??;
            asked.timing.extend(&one.timing);
            asked.outcomes.extend(one.outcomes);
        }
        server.settle().await?;
    }
    asked.outcomes.into_iter().for_each(|outcome| figures.checked("during ingest", outcome));
    let (alone, beside) = (median(alone), median(beside));
    let note = format!("{alone:.0} and {beside:.0} records/s, {} queries", asked.timing.count());
    figures.set_noted(Measure::IngestBesideQueries, 100.0 * (1.0 - beside / alone), note);
    super::queries::tell(figures, Measure::QueryBesideIngest, &asked.timing);
    Ok(())
}

/// Asks one thing after another until it is told to stop.
async fn ask(mut api: Api, flows: Arc<[FlowTruth]>, mut rng: Rng, stop: Arc<AtomicBool>) -> Result<Asked> {
    let mut asked = Asked::default();
    while !stop.load(Ordering::Relaxed) {
        let flow = &flows[rng.index(flows.len())];
        let search = encode(&SEARCHES[rng.index(SEARCHES.len())].query());
        let path = match rng.index(8) {
            0 => format!("/api/v1/search?q={search}&limit=100"),
            1 => format!("/api/v1/histogram?q={search}"),
            2 => "/api/v1/services".to_owned(),
            _ => format!("/api/v1/flows/{}?key=order.id", encode(&flow.id)),
        };
        let answer = api.get(&path).await?;
        asked.timing.add(answer.took);
        asked.outcomes.push(if path.starts_with("/api/v1/flows") {
            check::flow(&answer, flow)
        } else {
            answer.ok().map(drop).map_err(|error| format!("{path}: {error:#}"))
        });
    }
    Ok(asked)
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}
