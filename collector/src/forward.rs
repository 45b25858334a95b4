//! Passes metrics requests on to another OTLP endpoint, as they came.
//!
//! Metrics are no part of Spoor; SDKs that send all three signals to one endpoint must still find them accepted. What
//! cannot be passed on is dropped and counted: the queue is bounded, and tries end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use reqwest::{Client, Url};
use spoor_runtime::backoff::Backoff;
use spoor_runtime::clock::Clock;
use spoor_runtime::shutdown::Shutdown;
use spoor_runtime::task::{OnError, Task};
use spoor_store::model::Tenant;
use tokio::sync::mpsc;

use crate::admission::{Memory, Permit, TENANT_HEADER};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::metrics::CollectorMetrics;
use crate::otlp::Format;

/// Requests waiting; their bytes have a bound of their own.
const QUEUE_MAX: usize = 1024;
/// Tries of one request.
const TRIES_MAX: u32 = 5;
const DELAY_FIRST: Duration = Duration::from_millis(200);
const DELAY_MAX: Duration = Duration::from_secs(10);
/// How long one try may take.
const TRY_TIME_MAX: Duration = Duration::from_secs(10);

/// Takes metrics requests; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Forwarder {
    target: Option<Target>,
    metrics: CollectorMetrics,
    warned: Arc<AtomicBool>,
}

#[derive(Debug, Clone)]
struct Target {
    queue: mpsc::Sender<Waiting>,
    memory: Memory,
}

#[derive(Debug)]
struct Waiting {
    tenant: Tenant,
    request: Bytes,
    _permit: Permit,
}

impl Forwarder {
    /// Makes the queue and the task that empties it; no task when nothing is forwarded.
    pub(crate) fn new(
        config: &Config,
        clock: Clock,
        metrics: CollectorMetrics,
    ) -> Result<(Self, Option<Task>)> {
        let warned = Arc::new(AtomicBool::new(false));
        let Some(endpoint) = config.forward_endpoint()? else {
            return Ok((Self { target: None, metrics, warned }, None));
        };
        let client = Client::builder()
            .timeout(TRY_TIME_MAX)
            // An endpoint that redirects is configured wrongly; following would turn POST into GET.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|source| Error::Client { source })?;
        let (queue, waiting) = mpsc::channel(QUEUE_MAX);
        let memory = Memory::new(config.forward_queue_bytes_max, metrics.forward_queue_bytes.clone());
        let sender = Sender { client, endpoint, clock, metrics: metrics.clone() };
        let task = Task::told("metrics-forward", OnError::Degrade, |shutdown| async move {
            sender.run(waiting, shutdown).await;
            Ok(())
        });
        Ok((Self { target: Some(Target { queue, memory }), metrics, warned }, Some(task)))
    }

    /// Queues a request, or drops and counts it.
    pub(crate) fn offer(&self, tenant: &Tenant, request: Bytes) {
        let Some(target) = &self.target else {
            self.metrics.dropped("no_endpoint");
            if !self.warned.swap(true, Ordering::Relaxed) {
                tracing::warn!(
                    "metrics are accepted and dropped; set collector.forward_metrics_to to pass them on"
                );
            }
            return;
        };
        let mut permit = target.memory.permit();
        let waiting = permit.grow(request.len()).is_ok();
        let waiting = waiting.then(|| Waiting { tenant: tenant.clone(), request, _permit: permit });
        let queued = waiting.is_some_and(|waiting| target.queue.try_send(waiting).is_ok());
        if !queued {
            self.metrics.dropped("queue_full");
        }
    }
}

/// Sends what waits, one request at a time and in order.
struct Sender {
    client: Client,
    endpoint: Url,
    clock: Clock,
    metrics: CollectorMetrics,
}

/// What a try came to.
enum Try {
    Done,
    Again(String),
    Refused(String),
}

impl Sender {
    async fn run(&self, mut waiting: mpsc::Receiver<Waiting>, shutdown: Shutdown) {
        let mut seed = 0;
        loop {
            let next = tokio::select! {
                next = waiting.recv() => next,
                () = shutdown.cancelled() => None,
            };
            let Some(next) = next else { break };
            seed += 1;
            tokio::select! {
                () = self.send(&next, seed) => {}
                () = shutdown.cancelled() => self.metrics.dropped("stopped"),
            }
        }
        while waiting.try_recv().is_ok() {
            self.metrics.dropped("stopped");
        }
    }

    async fn send(&self, waiting: &Waiting, seed: u64) {
        let mut backoff = Backoff::new(DELAY_FIRST, DELAY_MAX, seed);
        loop {
            match self.once(waiting).await {
                Try::Done => {
                    self.metrics.forwarded.inc();
                    return;
                }
                Try::Refused(why) => {
                    tracing::warn!(endpoint = %self.endpoint, error = why, "endpoint refused metrics");
                    return self.metrics.dropped("refused");
                }
                Try::Again(why) if backoff.tries() + 1 >= TRIES_MAX => {
                    tracing::warn!(endpoint = %self.endpoint, error = why, "failed to forward metrics");
                    return self.metrics.dropped("unreachable");
                }
                Try::Again(why) => {
                    tracing::debug!(endpoint = %self.endpoint, error = why, "forwarding metrics again");
                    self.clock.sleep(backoff.next_delay()).await;
                }
            }
        }
    }

    async fn once(&self, waiting: &Waiting) -> Try {
        let answer = self
            .client
            .post(self.endpoint.clone())
            .header(CONTENT_TYPE, Format::Protobuf.content_type())
            .header(TENANT_HEADER, waiting.tenant.as_str())
            .body(waiting.request.clone())
            .send()
            .await;
        match answer {
            Ok(answer) if answer.status().is_success() => Try::Done,
            Ok(answer) if matches!(answer.status().as_u16(), 429 | 502 | 503 | 504) => {
                Try::Again(answer.status().to_string())
            }
            Ok(answer) => Try::Refused(answer.status().to_string()),
            Err(error) => Try::Again(spoor_runtime::error_kind::chain(&error)),
        }
    }
}
