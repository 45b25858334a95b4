//! What the kernel knows about a process: CPU time and memory.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// Clock ticks a second in `/proc/PID/stat`; 100 on every Linux this runs on.
const TICKS_PER_SECOND: u64 = 100;

/// Memory of a process, in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Memory {
    /// Peak resident set, files mapped in included.
    pub peak: u64,
    /// Anonymous resident memory: what the process itself allocated.
    pub anonymous: u64,
    /// Resident set, files mapped in included.
    pub resident: u64,
}

/// User and system time a process has used, all its threads together.
pub fn cpu(pid: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The command name is in parentheses and may hold spaces.
    let (_, fields) = stat.rsplit_once(')').context("read /proc/PID/stat: no command name")?;
    let mut fields = fields.split_whitespace();
    let user: u64 = fields.nth(11).context("read /proc/PID/stat: no user time")?.parse()?;
    let system: u64 = fields.next().context("read /proc/PID/stat: no system time")?.parse()?;
    Ok(Duration::from_millis((user + system) * 1000 / TICKS_PER_SECOND))
}

/// Memory of a process.
pub fn memory(pid: u32) -> Result<Memory> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let kib = |name: &str| -> Option<u64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim_start_matches(':').split_whitespace().next()?.parse().ok()
    };
    let bytes = |name: &str| {
        kib(name).map(|kib| kib * 1024).with_context(|| format!("read /proc/PID/status: no {name}"))
    };
    Ok(Memory { peak: bytes("VmHWM")?, anonymous: bytes("RssAnon")?, resident: bytes("VmRSS")? })
}

/// The one-minute load average, to judge how quiet the machine was.
pub fn load_average() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().and_then(|load| load.parse().ok()).unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_its_own_process() {
        let pid = std::process::id();
        let mut sum = 0_u64;
        while cpu(pid).unwrap() < Duration::from_millis(20) {
            sum = (0..1_000_000_u64).fold(sum, |sum, next| std::hint::black_box(sum ^ next));
        }
        let memory = memory(pid).unwrap();
        assert!(
            memory.peak >= memory.resident && memory.resident >= memory.anonymous && memory.anonymous > 0
        );
    }
}
