//! The process's own logs: text for people or JSON for machines, on standard error.

use std::io::IsTerminal as _;

use anyhow::Context as _;
use tracing_subscriber::filter::EnvFilter;

use crate::config::{LogFormat, TelemetryConfig};

/// Starts logging; panics are logged too, so that no line of the process has another form.
pub(crate) fn start(config: &TelemetryConfig) -> anyhow::Result<()> {
    let filter: EnvFilter = config.log.parse().context("failed to read telemetry.log")?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match config.log_format {
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).with_target(false).try_init(),
        LogFormat::Json => {
            lines.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init()
        }
    };
    started.map_err(|error| anyhow::anyhow!(error)).context("failed to start logging")?;
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let backtrace = std::backtrace::Backtrace::capture();
        tracing::error!(place, %backtrace, "{panic}");
    }));
    Ok(())
}
