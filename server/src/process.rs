//! Metrics of the process itself under Prometheus's usual names, read from `/proc` when somebody asks.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

/// `/proc` counts CPU time in hundredths of a second on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// Reads `/proc/self` on every scrape; yields nothing where there is none.
#[derive(Debug)]
pub(crate) struct ProcessCollector;

/// What one scrape reads.
#[derive(Debug, PartialEq)]
struct Usage {
    cpu_seconds: f64,
    threads: i64,
    virtual_bytes: i64,
}

impl Collector for ProcessCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let mut gauge = |name, help, value: i64| {
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)
        };
        if let Some(bytes) = resident_bytes() {
            gauge("process_resident_memory_bytes", "Memory the process holds", bytes)?;
        }
        if let Ok(files) = std::fs::read_dir("/proc/self/fd") {
            let open = i64::try_from(files.count()).unwrap_or(i64::MAX);
            gauge("process_open_fds", "Open file descriptors", open)?;
        }
        let Some(usage) = std::fs::read_to_string("/proc/self/stat").ok().and_then(|stat| parse_stat(&stat))
        else {
            return Ok(());
        };
        gauge("process_threads", "Threads", usage.threads)?;
        gauge("process_virtual_memory_bytes", "Address space", usage.virtual_bytes)?;
        let cpu = ConstCounter::new(usage.cpu_seconds);
        let help = "CPU time, user and system, in seconds";
        cpu.encode(encoder.encode_descriptor("process_cpu_seconds", help, None, cpu.metric_type())?)
    }
}

/// `VmRSS` is in kilobytes whatever the page size is.
fn resident_bytes() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.split_whitespace().next()?.parse::<i64>().ok()? * 1024)
}

/// Fields are counted after the program's name, which may hold spaces and parentheses (proc(5)).
fn parse_stat(stat: &str) -> Option<Usage> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse::<i64>().ok();
    Some(Usage {
        cpu_seconds: (number(11)? + number(12)?) as f64 / TICKS_PER_SECOND,
        threads: number(17)?,
        virtual_bytes: number(20)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_shift_the_fields() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 9 0 100 8192000 300 184";
        let expected = Usage { cpu_seconds: 3.0, threads: 9, virtual_bytes: 8_192_000 };
        assert_eq!(parse_stat(stat), Some(expected));
        assert_eq!(parse_stat("7 (cut"), None);
    }
}
