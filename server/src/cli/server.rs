//! Arguments of the commands that run the server or look at its files.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::Value;

use crate::config::{Flag, ListenAddress, LogFormat, Sources};

/// The flags of `serve`; each stands above the environment and the file.
#[derive(Clone, Debug, Args)]
pub(crate) struct ServeArgs {
    /// Configuration file (YAML). Defaults are complete: no file is needed.
    #[arg(long, value_name = "FILE", env = "SPOOR_CONFIG")]
    pub config: Option<PathBuf>,
    /// Folder that holds everything stored.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Address for OTLP over gRPC [default: 127.0.0.1:4317]
    #[arg(long, value_name = "HOST:PORT")]
    otlp_grpc: Option<ListenAddress>,
    /// Address for OTLP over HTTP [default: 127.0.0.1:4318]
    #[arg(long, value_name = "HOST:PORT")]
    otlp_http: Option<ListenAddress>,
    /// Address of the web page and the API [default: 127.0.0.1:16686]
    #[arg(long, value_name = "HOST:PORT")]
    http: Option<ListenAddress>,
    /// Address of Jaeger's gRPC query service [default: 127.0.0.1:16685]
    #[arg(long, value_name = "HOST:PORT")]
    jaeger_grpc: Option<ListenAddress>,
    /// How log lines look on standard error [default: text]
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<LogFormat>,
    /// Allow addresses that other machines can reach, without authentication.
    #[arg(long)]
    insecure: bool,
}

/// What to do with the configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigAction {
    /// Say whether the server would start with it.
    Check(ServeArgs),
    /// Write every key with its value and where that came from.
    Print(ServeArgs),
}

/// What to look at.
#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// Which part of the stored data.
    #[arg(value_enum, default_value = "catalog")]
    pub what: InspectWhat,
    /// Configuration file (YAML).
    #[arg(long, value_name = "FILE", env = "SPOOR_CONFIG")]
    config: Option<PathBuf>,
    /// Folder that holds everything stored.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

/// A part of the stored data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum InspectWhat {
    /// Every split with its records, size and time range; reads each whole and checks it.
    Splits,
    /// Every file of the write-ahead log with its frames.
    Wal,
    /// What the catalog says exists.
    Catalog,
}

/// Whom to ask.
#[derive(Debug, Args)]
pub(crate) struct HealthArgs {
    /// Address of the server's API [default: what the configuration says]
    #[arg(long, value_name = "HOST:PORT")]
    pub http: Option<ListenAddress>,
    /// Configuration file (YAML).
    #[arg(long, value_name = "FILE", env = "SPOOR_CONFIG")]
    config: Option<PathBuf>,
}

impl ServeArgs {
    /// Returns the sources of the configuration, the environment among them.
    pub(crate) fn sources(&self) -> Sources {
        let mut flags = Vec::new();
        let mut flag = |name, path, value: Option<Value>| {
            flags.extend(value.map(|value| Flag { name, path, value }));
        };
        let text = |value: &dyn ToString| Value::String(value.to_string());
        flag("--data-dir", &["store", "data_dir"], self.data_dir.as_ref().map(|dir| text(&dir.display())));
        flag("--otlp-grpc", &["listen", "otlp_grpc"], self.otlp_grpc.map(|address| text(&address)));
        flag("--otlp-http", &["listen", "otlp_http"], self.otlp_http.map(|address| text(&address)));
        flag("--http", &["listen", "http"], self.http.map(|address| text(&address)));
        flag("--jaeger-grpc", &["listen", "jaeger_grpc"], self.jaeger_grpc.map(|address| text(&address)));
        flag(
            "--log-format",
            &["telemetry", "log_format"],
            self.log_format.map(|format| text(&format.name())),
        );
        flag("--insecure", &["listen", "insecure"], self.insecure.then_some(Value::Bool(true)));
        Sources { file: self.config.clone(), environment: environment(), flags }
    }
}

impl InspectArgs {
    /// Returns the sources of the configuration, the environment among them.
    pub(crate) fn sources(&self) -> Sources {
        let value = |dir: &PathBuf| Value::String(dir.display().to_string());
        let path: &[&str] = &["store", "data_dir"];
        let flag = self.data_dir.as_ref().map(|dir| Flag { name: "--data-dir", path, value: value(dir) });
        Sources { file: self.config.clone(), environment: environment(), flags: flag.into_iter().collect() }
    }
}

impl HealthArgs {
    /// Returns the sources of the configuration, the environment among them.
    pub(crate) fn sources(&self) -> Sources {
        Sources { file: self.config.clone(), environment: environment(), flags: Vec::new() }
    }
}

/// Variables that are not Unicode cannot be ours: every name and value of ours is.
fn environment() -> Vec<(String, String)> {
    let unicode = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let mut variables: Vec<_> = unicode.collect();
    variables.sort();
    variables
}
