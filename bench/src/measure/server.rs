//! The server under test: started with a fresh data directory and free ports, killed, started again, looked at from outside.

use std::fs;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tempfile::{NamedTempFile, TempDir};

use super::api::Api;
use crate::clock::Stopwatch;
use crate::process;

/// Longest wait for readiness.
const READY_WAIT_MAX: Duration = Duration::from_secs(120);
/// Longest wait for an idle server.
const SETTLE_WAIT_MAX: Duration = Duration::from_secs(180);
/// Share of one core below which the server counts as idle.
const IDLE_SHARE: f64 = 0.03;
/// Seconds it must stay so.
const IDLE_SECONDS: u32 = 3;
/// What is shown of the server's log when it dies.
const LOG_TAIL: usize = 2_000;

/// The correlation keys that the workload needs: two attribute names, a JSON path, and free text.
const CORRELATION: &str = r"correlation:
  keys:
    - name: order.id
      attributes: [order.id, app.order.id]
      body_json: ['$.orderId']
      body_regex: ['orderId: (?<id>[0-9a-f-]{36})']
";

/// How to start it.
#[derive(Clone, Debug)]
pub(super) struct Setup {
    /// The binary.
    pub(super) binary: PathBuf,
    /// Where data directories are made; the system's temporary directory when none.
    pub(super) work_dir: Option<PathBuf>,
    /// YAML put before the benchmark's own sections.
    pub(super) extra_config: String,
    /// Seconds after which hot rows become a split.
    pub(super) split_age_seconds: u64,
    /// Records of a split, if not the default.
    pub(super) split_records: Option<u64>,
}

/// A server process and its data; both are gone when this is dropped.
pub(super) struct Server {
    setup: Setup,
    dir: TempDir,
    config: NamedTempFile,
    log: NamedTempFile,
    /// OTLP/gRPC.
    pub(super) otlp_grpc: SocketAddr,
    /// OTLP/HTTP.
    pub(super) otlp_http: SocketAddr,
    http: SocketAddr,
    child: Option<Child>,
}

/// What lies in a data directory, in bytes as `du` counts them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usage {
    /// Everything.
    pub(super) bytes: u64,
    /// Of it, the WAL.
    pub(super) wal_bytes: u64,
    /// Split files.
    pub(super) splits: u64,
}

impl Server {
    /// Starts a server on an empty data directory and waits until it is ready.
    pub(super) async fn start(setup: &Setup) -> Result<Self> {
        let dir = match &setup.work_dir {
            Some(work_dir) => TempDir::with_prefix_in("spoor-bench-", work_dir)?,
            None => TempDir::with_prefix("spoor-bench-")?,
        };
        let mut config = NamedTempFile::with_suffix(".yaml")?;
        config.write_all(config_text(setup).as_bytes())?;
        let [otlp_grpc, otlp_http, http] = free_addresses()?;
        let log = NamedTempFile::with_suffix(".log")?;
        let mut server =
            Self { setup: setup.clone(), dir, config, log, otlp_grpc, otlp_http, http, child: None };
        server.launch().await?;
        Ok(server)
    }

    /// Starts the process on the data there is; the time until it is ready.
    pub(super) async fn launch(&mut self) -> Result<Duration> {
        let clock = Stopwatch::start();
        let child = Command::new(&self.setup.binary)
            .arg("--data-dir")
            .arg(self.data_dir())
            .arg("--config")
            .arg(self.config.path())
            .args(["--otlp-grpc", &self.otlp_grpc.to_string()])
            .args(["--otlp-http", &self.otlp_http.to_string()])
            .args(["--http", &self.http.to_string()])
            .args(["--jaeger-grpc", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::from(self.log.reopen()?))
            .spawn()
            .with_context(|| format!("start {}", self.setup.binary.display()))?;
        let child = self.child.insert(child);
        let mut api = Api::new(self.http);
        loop {
            if let Some(status) = child.try_wait()? {
                let log = tail(self.log.path());
                bail!("the server ended with {status} before it was ready; its log ends:\n{log}");
            }
            if api.get("/readyz").await.is_ok_and(|answer| answer.status == 200) {
                return Ok(clock.elapsed());
            }
            if clock.elapsed() > READY_WAIT_MAX {
                bail!(
                    "the server was not ready after {READY_WAIT_MAX:?}; its log ends:\n{}",
                    tail(self.log.path())
                );
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Ends the process with `kill -9`.
    pub(super) fn kill(&mut self) -> Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// A client of its API.
    pub(super) fn api(&self) -> Api {
        Api::new(self.http)
    }

    /// CPU time the running process has used.
    pub(super) fn cpu(&self) -> Result<Duration> {
        process::cpu(self.pid()?)
    }

    /// Process id of the running process.
    pub(super) fn pid(&self) -> Result<u32> {
        Ok(self.child.as_ref().context("the server is not running")?.id())
    }

    /// What lies in its data directory.
    pub(super) fn usage(&self) -> Usage {
        let mut usage = Usage::default();
        add_usage(&self.data_dir(), &mut usage);
        usage
    }

    /// Waits until hot rows are old enough to have become splits and the process is idle; false when it never was.
    pub(super) async fn settle(&self) -> Result<bool> {
        tokio::time::sleep(Duration::from_secs(self.setup.split_age_seconds + 2)).await;
        let clock = Stopwatch::start();
        let mut idle = 0;
        let mut before = self.cpu()?;
        while clock.elapsed() < SETTLE_WAIT_MAX {
            let second = Stopwatch::start();
            tokio::time::sleep(Duration::from_secs(1)).await;
            let used = self.cpu()?.saturating_sub(before);
            before += used;
            idle =
                if used.as_secs_f64() < IDLE_SHARE * second.elapsed().as_secs_f64() { idle + 1 } else { 0 };
            if idle == IDLE_SECONDS {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn data_dir(&self) -> PathBuf {
        self.dir.path().join("data")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing more can be done about a process that cannot be killed.
        drop(self.kill());
    }
}

fn config_text(setup: &Setup) -> String {
    let mut text = format!(
        "{}{CORRELATION}store:\n  split_age_seconds: {}\n",
        setup.extra_config, setup.split_age_seconds
    );
    if let Some(records) = setup.split_records {
        text.push_str(&format!("  split_records: {records}\n"));
    }
    text
}

fn free_addresses() -> Result<[SocketAddr; 3]> {
    // All three are held at once, so that they differ; they are free again when the listeners drop.
    let listeners = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0"));
    let mut addresses = [SocketAddr::from(([127, 0, 0, 1], 0)); 3];
    for (address, listener) in addresses.iter_mut().zip(&listeners) {
        *address =
            listener.as_ref().map_err(|error| anyhow::anyhow!("find a free port: {error}"))?.local_addr()?;
    }
    Ok(addresses)
}

fn tail(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    String::from_utf8_lossy(&text[text.len().saturating_sub(LOG_TAIL)..]).into_owned()
}

/// Adds up a folder. Files that vanish while it looks are not counted.
fn add_usage(folder: &Path, usage: &mut Usage) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.is_dir() {
            add_usage(&entry.path(), usage);
            continue;
        }
        let bytes = metadata.blocks() * 512;
        usage.bytes += bytes;
        match entry.path().extension().and_then(|extension| extension.to_str()) {
            Some("wal") => usage.wal_bytes += bytes,
            Some("split") => usage.splits += 1,
            _ => {}
        }
    }
}
