//! Settings of the collector, their defaults and their bounds.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Settings of the collector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Largest request, in bytes, after decompression.
    pub request_bytes_max: usize,
    /// Memory of all requests between socket and store, in bytes; past it clients are told to wait.
    pub in_flight_bytes_max: usize,
    /// Seconds that the body of a request may take to arrive.
    pub body_seconds_max: u64,
    /// Origins of web pages that may send: `*`, or such as `https://shop.example` or `http://localhost:*`.
    pub cors_origins: Vec<String>,
    /// OTLP/HTTP endpoint that metrics are passed on to, such as `http://prometheus:9090/api/v1/otlp/v1/metrics`; empty
    /// to drop them. Without a path, `/v1/metrics` is added.
    pub forward_metrics_to: String,
    /// Memory of metrics waiting to be forwarded, in bytes; past it they are dropped and counted.
    pub forward_queue_bytes_max: usize,
}

const MIB: usize = 1 << 20;

impl Default for Config {
    fn default() -> Self {
        Self {
            request_bytes_max: 64 * MIB,
            in_flight_bytes_max: 192 * MIB,
            body_seconds_max: 30,
            cors_origins: vec!["*".to_owned()],
            forward_metrics_to: String::new(),
            forward_queue_bytes_max: 16 * MIB,
        }
    }
}

impl Config {
    /// Checks bounds.
    ///
    /// # Errors
    /// A sentence that names the key and what to write instead.
    pub fn validate(&self) -> Result<()> {
        let fail = |problem: String| Err(Error::Config(problem));
        if !(64 << 10..=1 << 30).contains(&self.request_bytes_max) {
            return fail("collector.request_bytes_max must be from 64 KiB to 1 GiB".to_owned());
        }
        if self.in_flight_bytes_max / 3 < self.request_bytes_max {
            return fail(format!(
                "collector.in_flight_bytes_max must be at least three times collector.request_bytes_max ({}): a \
                 request is in memory as it came, decompressed, and decoded",
                self.request_bytes_max
            ));
        }
        if !(1..=3600).contains(&self.body_seconds_max) {
            return fail("collector.body_seconds_max must be from 1 to 3600".to_owned());
        }
        for origin in &self.cors_origins {
            if origin != "*" && !origin.starts_with("http://") && !origin.starts_with("https://") {
                return fail(format!(
                    "collector.cors_origins: {origin:?} must be `*` or begin with http:// or https://"
                ));
            }
        }
        self.forward_endpoint().map(|_| ())
    }

    /// Where metrics go, if anywhere.
    pub(crate) fn forward_endpoint(&self) -> Result<Option<reqwest::Url>> {
        let text = self.forward_metrics_to.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let fail =
            |problem: &str| Err(Error::Config(format!("collector.forward_metrics_to {text:?} {problem}")));
        let Ok(mut url) = reqwest::Url::parse(text) else { return fail("is not a URL") };
        if url.scheme() != "http" {
            return fail("must begin with http://; put a proxy in between to send over TLS");
        }
        if url.path() == "/" {
            url.set_path("/v1/metrics");
        }
        Ok(Some(url))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(change: impl FnOnce(&mut Config)) -> String {
        let mut config = Config::default();
        change(&mut config);
        config.validate().unwrap_err().to_string()
    }

    #[test]
    fn defaults_are_valid() {
        Config::default().validate().unwrap();
    }

    #[test]
    fn a_wrong_setting_names_its_key() {
        assert!(problem(|config| config.request_bytes_max = 1).contains("request_bytes_max"));
        assert!(problem(|config| config.in_flight_bytes_max = 191 << 20).contains("in_flight_bytes_max"));
        assert!(problem(|config| config.body_seconds_max = 0).contains("body_seconds_max"));
        assert!(problem(|config| config.cors_origins = vec!["shop".into()]).contains("\"shop\""));
        assert!(problem(|config| config.forward_metrics_to = "prometheus".into()).contains("not a URL"));
        assert!(problem(|config| config.forward_metrics_to = "https://x".into()).contains("http://"));
    }

    #[test]
    fn an_endpoint_without_a_path_gets_the_usual_one() {
        let config = Config { forward_metrics_to: "http://localhost:9".into(), ..Config::default() };
        assert_eq!(config.forward_endpoint().unwrap().unwrap().as_str(), "http://localhost:9/v1/metrics");
        let config = Config { forward_metrics_to: "http://localhost:9/otlp".into(), ..Config::default() };
        assert_eq!(config.forward_endpoint().unwrap().unwrap().as_str(), "http://localhost:9/otlp");
    }
}
