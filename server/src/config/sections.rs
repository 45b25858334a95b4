//! The configuration's tree: every section, its defaults, and what is refused.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use spoor_runtime::error_kind::chain;

use super::address::ListenAddress;

/// Everything an operator decides.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    #[serde(deserialize_with = "null_is_default")]
    pub listen: ListenConfig,
    #[serde(deserialize_with = "null_is_default")]
    pub store: spoor_store::Config,
    #[serde(deserialize_with = "null_is_default")]
    pub collector: spoor_collector::Config,
    #[serde(deserialize_with = "null_is_default")]
    pub query: spoor_query::Config,
    #[serde(deserialize_with = "null_is_default")]
    pub correlation: spoor_collector::CorrelationConfig,
    /// Which team answers for a service, by the service's name; used where the service does not say it itself.
    #[serde(deserialize_with = "null_is_default")]
    pub owners: BTreeMap<String, String>,
    #[serde(deserialize_with = "null_is_default")]
    pub telemetry: TelemetryConfig,
}

/// Where the process listens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ListenConfig {
    /// Address for OTLP over gRPC; it takes OTLP over HTTP as well.
    pub otlp_grpc: ListenAddress,
    /// Address for OTLP over HTTP; it takes OTLP over gRPC as well.
    pub otlp_http: ListenAddress,
    /// Address of the web page, the API, health and metrics.
    pub http: ListenAddress,
    /// Address of Jaeger's gRPC query service.
    pub jaeger_grpc: ListenAddress,
    /// Allows addresses that other machines can reach, without authentication.
    pub insecure: bool,
    /// Path under which a reverse proxy serves the web page and the API, such as `/spoor`.
    pub base_path: String,
    /// Most connections open at once, on each address.
    pub connections_max: usize,
}

/// The process's own logs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TelemetryConfig {
    /// How log lines look on standard error: `text` or `json`.
    pub log_format: LogFormat,
    /// What is logged: a level, or levels by module such as `info,spoor_store=debug`.
    pub log: String,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for machines.
    Json,
}

impl Default for ListenConfig {
    fn default() -> Self {
        Self {
            otlp_grpc: ListenAddress::loopback(4317),
            otlp_http: ListenAddress::loopback(4318),
            http: ListenAddress::loopback(16686),
            jaeger_grpc: ListenAddress::loopback(16685),
            insecure: false,
            base_path: String::new(),
            connections_max: 1024,
        }
    }
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        Self { log_format: LogFormat::Text, log: "info".to_owned() }
    }
}

impl Config {
    /// Checks what the types cannot.
    ///
    /// # Errors
    /// A sentence that names the key and what to write instead.
    pub(crate) fn validate(&self) -> Result<(), String> {
        self.listen.validate()?;
        self.store.validate()?;
        self.collector.validate().map_err(|error| chain(&error))?;
        self.query.validate()?;
        self.correlation.validate()?;
        self.telemetry.validate()
    }
}

impl ListenConfig {
    fn validate(&self) -> Result<(), String> {
        let base = &self.base_path;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
        if !base.is_empty()
            && (!base.starts_with('/')
                || base.ends_with('/')
                || base.contains("//")
                || !base.bytes().all(plain))
        {
            return Err(format!(
                "listen.base_path `{base}` must be empty or start with `/`, not end with it, and hold letters, \
                 digits and `-_.~` between single slashes"
            ));
        }
        if self.connections_max == 0 {
            return Err("listen.connections_max must be at least 1".to_owned());
        }
        if self.insecure {
            return Ok(());
        }
        for (key, address) in [
            ("otlp_grpc", self.otlp_grpc),
            ("otlp_http", self.otlp_http),
            ("http", self.http),
            ("jaeger_grpc", self.jaeger_grpc),
        ] {
            if !address.is_loopback() {
                return Err(format!(
                    "listen.{key} is {address}, which other machines can reach, and there is no authentication: \
                     anybody on the network could send and read data. Listen on 127.0.0.1, or accept that with \
                     --insecure (listen.insecure: true, SPOOR_LISTEN_INSECURE=true)"
                ));
            }
        }
        Ok(())
    }
}

impl TelemetryConfig {
    fn validate(&self) -> Result<(), String> {
        match self.log.parse::<tracing_subscriber::filter::EnvFilter>() {
            Ok(_) => Ok(()),
            Err(error) => Err(format!("telemetry.log `{}` is not a log filter: {error}", self.log)),
        }
    }
}

impl LogFormat {
    /// Returns the name it has in the configuration.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
    }
}

/// A section whose keys are all commented out reads as null and means the defaults.
fn null_is_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}
