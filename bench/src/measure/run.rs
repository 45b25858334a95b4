//! Which parts run, on which server, in which order.

use std::fs;

use anyhow::{Context as _, Result, ensure};

use super::load::Waves;
use super::report::report;
use super::server::{Server, Setup};
use super::{growth, ingest, mixed, queries, restart};
use crate::cli::{Part, RunArgs};
use crate::figures::{Figures, Measure};
use crate::generate::Rng;
use crate::output;
use crate::process;

/// Unique values on each record in the high-cardinality part.
const UNIQUE_ATTRIBUTES: usize = 3;

/// Runs the parts that were asked for, prints the table, writes the JSON; false when an answer was wrong.
pub async fn run(arguments: &RunArgs) -> Result<bool> {
    ensure!(arguments.spoor.is_file(), "{} is not there: build it with --release", arguments.spoor.display());
    let mut figures = Figures::default();
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    figures.remark(format!("{cores} cores, load average {:.2} at the start", process::load_average()));
    let setup = Setup {
        binary: arguments.spoor.clone(),
        work_dir: arguments.work_dir.clone(),
        extra_config: match &arguments.config {
            Some(path) => fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?,
            None => String::new(),
        },
        split_age_seconds: arguments.split_age_seconds,
        split_records: None,
    };
    if [Part::Ingest, Part::Queries, Part::Mixed].iter().any(|part| arguments.wants(*part))
        || (arguments.wants(Part::Restart) && arguments.stored_gb.is_none())
    {
        main_server(arguments, &setup, &mut figures).await?;
    }
    if let (true, Some(gigabytes)) = (arguments.wants(Part::Restart), arguments.stored_gb) {
        let mut server = Server::start(&setup).await?;
        let mut waves = Waves::new(arguments);
        let truth = restart::fill(arguments, &server, &mut waves, gigabytes).await?;
        restart::measure(arguments, &mut server, &mut waves, &truth, &mut figures).await?;
    }
    if arguments.wants(Part::Growth) {
        growth::measure(arguments, &setup, &mut figures).await?;
    }
    if arguments.wants(Part::HighCardinality) {
        high_cardinality(arguments, &setup, &mut figures).await?;
    }
    figures.remark(format!("load average {:.2} at the end", process::load_average()));
    report(arguments, &figures)?;
    Ok(figures.wrong == 0)
}

/// The parts that share one server: full load, queries on exactly that, the kill, and last what asks for no totals.
async fn main_server(arguments: &RunArgs, setup: &Setup, figures: &mut Figures) -> Result<()> {
    let mut waves = Waves::new(arguments);
    let generated = waves.next(arguments.workload.records);
    output::progress(&format!("{} records generated", generated.truth.sent_records));
    let mut server = Server::start(setup).await?;
    let cost = ingest::full_load(arguments, &server, &generated, figures).await?;
    ingest::tell(&cost, figures);
    let truth = generated.truth;
    // The encoded requests are most of what this process holds.
    drop(generated.requests);
    if arguments.wants(Part::Queries) {
        queries::measure(arguments, &mut server.api(), &truth, figures).await?;
    }
    if arguments.wants(Part::Restart) && arguments.stored_gb.is_none() {
        restart::measure(arguments, &mut server, &mut waves, &truth, figures).await?;
    }
    if arguments.wants(Part::Ingest) {
        ingest::half_load(arguments, &server, &mut waves, figures).await?;
        ingest::visibility(arguments, &server, &mut waves, figures).await?;
    }
    if arguments.wants(Part::Mixed) {
        mixed::measure(arguments, &server, &mut waves, &truth, figures).await?;
    }
    Ok(())
}

async fn high_cardinality(arguments: &RunArgs, setup: &Setup, figures: &mut Figures) -> Result<()> {
    let mut waves = Waves::unique(arguments, UNIQUE_ATTRIBUTES);
    let generated = waves.next(arguments.workload.records / 2);
    let server = Server::start(setup).await?;
    let cost = ingest::full_load(arguments, &server, &generated, figures).await?;
    let bytes = generated.bytes() as f64 / generated.truth.sent_records as f64;
    figures.set_noted(
        Measure::HighCardinalityRate,
        cost.rate,
        format!("{bytes:.0} B/record, {} retries", cost.retries),
    );
    figures.set(Measure::HighCardinalityCpu, cost.cpu);
    figures.set_noted(
        Measure::HighCardinalityDisk,
        cost.disk,
        format!("{:.1} WAL, {} splits", cost.disk_wal, cost.splits),
    );
    figures.set_noted(Measure::HighCardinalityRss, cost.rss, format!("{:.0} anonymous", cost.anonymous));
    let mut rng = Rng::new(arguments.workload.seed, 0xca4d);
    let lookups =
        queries::lookups(&mut server.api(), &generated.truth, arguments.lookups, &mut rng, figures).await?;
    queries::tell(figures, Measure::HighCardinalityFlowP50, &lookups);
    Ok(())
}
