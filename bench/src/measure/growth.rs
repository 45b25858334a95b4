//! Costs must not grow with what is stored: ingest and id lookup at few and at many splits.

use anyhow::{Result, ensure};

use super::load::{Waves, options, send};
use super::queries::{absent, lookups};
use super::server::{Server, Setup};
use super::timing::Timing;
use crate::cli::RunArgs;
use crate::figures::{Figures, Measure};
use crate::generate::Rng;
use crate::output;
use crate::truth::Truth;

/// Splits at the first look.
const FEW: u64 = 5;
/// Records in a wave, in splits.
const WAVE_SPLITS: u64 = 4;
/// Waves whose rates make one look; their median counts.
const WAVES: usize = 3;
/// The splits wanted, times this, is when the test gives up because splits are merged away.
const PATIENCE: u64 = 4;

struct Look {
    splits: u64,
    /// Acknowledged records a second.
    rate: f64,
    lookup: Timing,
}

/// Grows a fresh server from few splits to many, and compares.
pub(super) async fn measure(arguments: &RunArgs, setup: &Setup, figures: &mut Figures) -> Result<()> {
    ensure!(arguments.growth_splits > FEW, "--growth-splits is more than {FEW}");
    let setup = Setup { split_records: Some(arguments.growth_split_records), ..setup.clone() };
    let server = Server::start(&setup).await?;
    let mut waves = Waves::new(arguments);
    let mut truth = Truth::default();

    grow(arguments, &server, &mut waves, &mut truth, FEW).await?;
    let few = look(arguments, &server, &mut waves, &mut truth, figures).await?;
    grow(arguments, &server, &mut waves, &mut truth, arguments.growth_splits).await?;
    let many = look(arguments, &server, &mut waves, &mut truth, figures).await?;

    let note =
        format!("{} and {} splits, {:.0} and {:.0} records/s", few.splits, many.splits, few.rate, many.rate);
    figures.set_noted(Measure::GrowthIngest, few.rate / many.rate, note);
    let (before, after) = (few.lookup.ms(0.5), many.lookup.ms(0.5));
    figures.set_noted(Measure::GrowthLookup, after / before, format!("{before:.2} and {after:.2} ms"));
    let mut rng = Rng::new(arguments.workload.seed, 0xab5e);
    let absent = absent(&mut server.api(), arguments.lookups, &mut rng, figures).await?;
    let note = format!("p99 {:.2}, {} splits", absent.flows.ms(0.99), many.splits);
    figures.set_noted(Measure::AbsentManySplits, absent.flows.ms(0.5), note);
    if many.splits < arguments.growth_splits {
        let reached = format!("growth: {} splits instead of {}", many.splits, arguments.growth_splits);
        figures.remark(format!("{reached}: the server merged or had not built the others"));
    }
    Ok(())
}

/// Loads until there are `splits` splits, or as many records as should have made several times that.
async fn grow(
    arguments: &RunArgs,
    server: &Server,
    waves: &mut Waves,
    truth: &mut Truth,
    splits: u64,
) -> Result<()> {
    let options = options(arguments, server, None)?;
    let patience = truth.records() + PATIENCE * splits * arguments.growth_split_records;
    while server.usage().splits < splits && truth.records() < patience {
        let wave = waves.next(WAVE_SPLITS * arguments.growth_split_records);
        send(&wave, &options).await?;
        truth.merge(wave.truth);
    }
    server.settle().await?;
    output::progress(&format!("{} splits, {} records", server.usage().splits, truth.records()));
    Ok(())
}

async fn look(
    arguments: &RunArgs,
    server: &Server,
    waves: &mut Waves,
    truth: &mut Truth,
    figures: &mut Figures,
) -> Result<Look> {
    let mut rng = Rng::new(arguments.workload.seed, truth.records());
    let splits = server.usage().splits;
    let lookup = lookups(&mut server.api(), truth, arguments.lookups, &mut rng, figures).await?;
    let options = options(arguments, server, None)?;
    let mut rates = Vec::new();
    for _ in 0..WAVES {
        let wave = waves.next(2 * WAVE_SPLITS * arguments.growth_split_records);
        rates.push(send(&wave, &options).await?.rate());
        truth.merge(wave.truth);
    }
    rates.sort_by(f64::total_cmp);
    Ok(Look { splits, rate: rates[WAVES / 2], lookup })
}
