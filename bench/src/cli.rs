//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Load generator and benchmark of Spoor.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Generate the workload and print its shape, truth and hash.
    Generate(WorkloadArgs),
    /// Generate the workload and send it to a running server.
    Load(LoadArgs),
    /// Answer export requests and throw them away.
    Sink {
        /// Where to listen.
        #[arg(long, default_value = "127.0.0.1:4317")]
        listen: SocketAddr,
    },
    /// Be a plain server in memory, for the benchmark's own tests.
    #[command(hide = true)]
    StandIn(StandInArgs),
    /// Send the workload to a sink in another process: the sender's own ceiling.
    Ceiling(CeilingArgs),
    /// Start the server, measure it, and print the table; exit code 1 when an answer is wrong.
    Run(Box<RunArgs>),
}

/// What to generate.
#[derive(Args, Clone, Debug)]
pub struct WorkloadArgs {
    /// Records, about half of them spans.
    #[arg(long, default_value_t = 2_400_000)]
    pub records: u64,
    /// Decides everything random.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Unique 36 byte values on every record (at most 8).
    #[arg(long, default_value_t = 0)]
    pub unique_attributes: usize,
}

/// How to send.
#[derive(Args, Clone, Debug)]
pub struct SenderArgs {
    /// OTLP over gRPC or over HTTP/1.1, both protobuf.
    #[arg(long, value_enum, default_value_t = Transport::Grpc)]
    pub transport: Transport,
    /// Compress request bodies (before the timed run).
    #[arg(long)]
    pub gzip: bool,
    /// Connections.
    #[arg(long, default_value_t = 4)]
    pub connections: usize,
    /// Requests in flight on each connection.
    #[arg(long, default_value_t = 4)]
    pub in_flight: usize,
}

/// OTLP transports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Transport {
    /// OTLP/gRPC.
    Grpc,
    /// OTLP/HTTP with protobuf.
    Http,
}

/// Arguments of `load`.
#[derive(Args, Clone, Debug)]
pub struct LoadArgs {
    /// The server's OTLP address for the chosen transport.
    #[arg(long, default_value = "127.0.0.1:4317")]
    pub to: SocketAddr,
    /// Records a second to offer; as fast as it goes when left out.
    #[arg(long)]
    pub rate: Option<f64>,
    /// What to send.
    #[command(flatten)]
    pub workload: WorkloadArgs,
    /// How.
    #[command(flatten)]
    pub sender: SenderArgs,
}

/// Arguments of `ceiling`.
#[derive(Args, Clone, Debug)]
pub struct CeilingArgs {
    /// What to send.
    #[command(flatten)]
    pub workload: WorkloadArgs,
    /// How.
    #[command(flatten)]
    pub sender: SenderArgs,
}

/// Arguments of `stand-in`: the server's, as far as the benchmark passes them.
#[derive(Args, Clone, Debug)]
pub struct StandInArgs {
    /// Where requests are kept.
    #[arg(long)]
    pub data_dir: PathBuf,
    /// Taken and not read.
    #[arg(long)]
    pub config: Option<PathBuf>,
    /// OTLP/gRPC.
    #[arg(long)]
    pub otlp_grpc: SocketAddr,
    /// OTLP/HTTP.
    #[arg(long)]
    pub otlp_http: SocketAddr,
    /// The API.
    #[arg(long)]
    pub http: SocketAddr,
    /// Taken and not served.
    #[arg(long)]
    pub jaeger_grpc: Option<SocketAddr>,
    /// Keep nothing over a restart.
    #[arg(long)]
    pub forget: bool,
}

/// A part of the benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Rate, CPU, disk and memory at full load; ack latency at half load; visibility.
    Ingest,
    /// Query latencies, every answer checked.
    Queries,
    /// `kill -9`, time to ready, and what is left.
    Restart,
    /// Ingest rate with and without ten clients that ask all the while.
    Mixed,
    /// Ingest rate and id lookup at few and at many splits.
    Growth,
    /// Three unique values on every record.
    HighCardinality,
}

/// Arguments of `run`.
#[derive(Args, Clone, Debug)]
pub struct RunArgs {
    /// The server's binary.
    #[arg(long, default_value = "target/release/spoor")]
    pub spoor: PathBuf,
    /// Parts to run, comma separated; all when left out.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub only: Vec<Part>,
    /// Where data directories are made and removed; the system's temporary directory when left out.
    #[arg(long)]
    pub work_dir: Option<PathBuf>,
    /// Where the JSON goes.
    #[arg(long, default_value = "bench/out")]
    pub out: PathBuf,
    /// A configuration to start the server with, beside what the benchmark needs: YAML text put before it.
    #[arg(long)]
    pub config: Option<PathBuf>,
    /// Flows asked for by id.
    #[arg(long, default_value_t = 200)]
    pub lookups: usize,
    /// Repetitions of each other query.
    #[arg(long, default_value_t = 100)]
    pub repeats: usize,
    /// Seconds of half load.
    #[arg(long, default_value_t = 20)]
    pub half_load_seconds: u64,
    /// Restart with so many gigabytes stored instead of the workload's.
    #[arg(long)]
    pub stored_gb: Option<f64>,
    /// Seconds after which hot rows become a split, so that settling does not take minutes.
    #[arg(long, default_value_t = 10)]
    pub split_age_seconds: u64,
    /// Records of a split in the growth test.
    #[arg(long, default_value_t = 25_000)]
    pub growth_split_records: u64,
    /// Splits to grow to.
    #[arg(long, default_value_t = 100)]
    pub growth_splits: u64,
    /// What to send.
    #[command(flatten)]
    pub workload: WorkloadArgs,
    /// How.
    #[command(flatten)]
    pub sender: SenderArgs,
}

impl RunArgs {
    /// Whether a part is to run.
    pub fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }
}
