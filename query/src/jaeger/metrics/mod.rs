//! Rates, errors and latencies of spans over time, as Jaeger reads them from Prometheus: at each point, what the time
//! before it held.
//!
//! | file | owns |
//! |---|---|
//! | `question.rs` | what is asked |
//! | `series.rs` | counts by series and time, from what the leaves counted |
//! | `window.rs` | sums over a window that moves on |

mod question;
mod series;
mod window;

pub(crate) use question::{Measure, MetricsQuestion};

use spoor_store::leaf::{Budget, Detail};
use spoor_store::model::{Tenant, UnixNanos};

use self::series::{Grid, Series, collect};
use self::window::Window;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::plan::prune::prune;
use crate::services::gather::{Gathered, from_whole_bucket};

/// Most points of one series; as many as Prometheus answers.
pub(crate) const POINTS_MAX: u64 = 11_000;

/// Most series of one answer; as many as a leaf keeps names for.
const SERIES_MAX: usize = 2_000;

/// Bytes of a point, beside what JSON writes for it.
const POINT_BYTES: usize = size_of::<Point>() + 100;

/// Values of one service, or of one of its operations.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Metric {
    pub(crate) service: String,
    /// When asked for by operation.
    pub(crate) operation: Option<String>,
    pub(crate) points: Vec<Point>,
}

/// A value at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    pub(crate) at: UnixNanos,
    /// Not a number where there is nothing to tell.
    pub(crate) value: f64,
}

impl Engine {
    /// What `question` asks, by service and operation.
    ///
    /// # Errors
    /// [`Error::Malformed`] of more series than are answered at once.
    pub(crate) async fn span_metrics(
        &self,
        tenant: &Tenant,
        question: MetricsQuestion,
    ) -> Result<Vec<Metric>> {
        let turn = self.turn(tenant).await?;
        let range = from_whole_bucket(question.counted());
        let visited = prune(&self.snapshot(tenant), range);
        let (visits, skipped) = (visited.leaves.len(), visited.skipped);
        let gathered = Gathered::of(&turn, visited, range, Detail::OverTime).await?;
        let grid = Grid::of(gathered.resolution(), question.rate_per);
        let add_up = move |budget: &Budget| {
            let series = collect(&gathered.summaries, &question, grid, budget)?;
            if series.len() > SERIES_MAX {
                return Ok(Err(series.len()));
            }
            series
                .into_iter()
                .map(|one| metric(one, &question, grid, budget))
                .collect::<spoor_store::Result<_>>()
                .map(Ok)
        };
        let metrics: std::result::Result<Vec<Metric>, usize> = turn.run.once(add_up).await?;
        turn.end(visits, skipped);
        let wide = |count| {
            let asked = "ask for fewer services, or not by operation";
            Error::malformed(format!(
                "{count} series are more than the {SERIES_MAX} answered at once; {asked}"
            ))
        };
        metrics.map_err(wide)
    }
}

fn metric(
    series: Series,
    question: &MetricsQuestion,
    grid: Grid,
    budget: &Budget,
) -> spoor_store::Result<Metric> {
    budget.check()?;
    budget
        .hold(usize::try_from(question.points_count()).unwrap_or(usize::MAX).saturating_mul(POINT_BYTES))?;
    let mut window = Window::over(&series.cells);
    let mut value = question.measure.value(&window.sum(), grid.window);
    let mut points = Vec::new();
    for at in question.points() {
        if window.move_to(at.saturating_sub(grid.window)..at) {
            value = question.measure.value(&window.sum(), grid.window);
        }
        points.push(Point { at, value });
    }
    Ok(Metric { service: series.service, operation: series.operation, points })
}
