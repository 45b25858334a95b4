//! The parts, built on each other: store, collector, query. The only place that knows all three.

use std::collections::HashSet;
use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use spoor_collector::{Collector, CorrelationConfig, OtlpDecoder};
use spoor_query::{KeyAliases, Query};
use spoor_runtime::clock::Clock;
use spoor_runtime::cpu::CpuPool;
use spoor_runtime::error_kind::{ErrorKind, chain};
use spoor_runtime::metrics::Metrics;
use spoor_runtime::shutdown::ShutdownTrigger;
use spoor_runtime::task::Task;
use spoor_store::Store;

use crate::admin::Check;
use crate::config::Config;

/// Jobs that may wait for a computing thread; more would only wait longer than their deadlines.
const CPU_QUEUE_MAX: usize = 4096;

/// What the parts hand over.
pub(crate) struct Parts {
    /// Kept open until everything on it has stopped.
    pub store: Store,
    /// Background work of the store.
    pub storage_tasks: Vec<Task>,
    /// Background work of what stands on it.
    pub tasks: Vec<Task>,
    /// What takes logs and traces in.
    pub otlp: Router,
    /// What answers questions.
    pub api: Router,
    /// Ends those answers that last as long as their readers.
    pub end_of_streams: ShutdownTrigger,
    /// What answers Jaeger's gRPC clients.
    pub jaeger_grpc: Router,
    /// Whether the store can do its work.
    pub check: Check,
}

/// Opens the store, which reads back what is durable, and builds the rest on it. Starts nothing.
pub(crate) async fn build(config: &Config, clock: &Clock, metrics: &mut Metrics) -> anyhow::Result<Parts> {
    let decoder = OtlpDecoder::new(&config.correlation).context("failed to read correlation")?;
    let opened = Store::open(config.store.clone(), clock.clone(), metrics, Arc::new(decoder.clone()));
    let (store, storage_tasks) = opened.await.context("failed to open the store")?;

    // Two pools, so that long queries do not hold up what is coming in; nor do many short ones: they give way.
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let incoming = register("ingest", CpuPool::new(threads, CPU_QUEUE_MAX), metrics);
    let querying = register("query", CpuPool::yielding(threads, CPU_QUEUE_MAX), metrics);
    let parts = spoor_collector::Parts {
        append: Arc::new(store.writer()),
        decoder,
        cpu: incoming,
        clock: clock.clone(),
    };
    let mut collector =
        Collector::build(&config.collector, parts, metrics).context("failed to build the collector")?;
    let parts = spoor_query::Parts {
        reader: store.reader(),
        cpu: querying,
        clock: clock.clone(),
        correlation_keys: correlation_keys(&config.correlation),
        owners: config.owners.clone(),
    };
    let query = Query::build(config.query.clone(), parts, metrics);
    let jaeger = query.jaeger_grpc().context("failed to build Jaeger's gRPC service")?;
    let mut tasks = collector.tasks();
    tasks.push(jaeger.health);

    Ok(Parts {
        check: store_check(&store),
        store,
        storage_tasks,
        tasks,
        otlp: collector.routes(),
        api: query.routes(),
        end_of_streams: query.end_of_streams(),
        jaeger_grpc: jaeger.routes,
    })
}

fn register(name: &str, pool: CpuPool, metrics: &mut Metrics) -> CpuPool {
    metrics.with_prefix(&format!("server_{name}"), |registry| pool.register(registry));
    pool
}

/// A budget that is used up passes with time; a writer that stopped does not.
fn store_check(store: &Store) -> Check {
    let writer = store.writer();
    Box::new(move || match writer.admit(0) {
        Err(error) if error.kind() == ErrorKind::Unavailable => Err(chain(&error)),
        _ => Ok(()),
    })
}

/// Tells queries every key, and which ones every Spoor knows as they are.
fn correlation_keys(config: &CorrelationConfig) -> Vec<KeyAliases> {
    let built_in: HashSet<_> = CorrelationConfig::default().attribute_names().into_iter().collect();
    let keys = config.attribute_names().into_iter();
    keys.map(|key| KeyAliases { built_in: built_in.contains(&key), name: key.0, attributes: key.1 }).collect()
}

#[cfg(test)]
mod tests {
    use spoor_collector::KeyConfig;

    use super::*;

    #[test]
    fn a_built_in_key_that_was_added_to_is_no_longer_as_every_spoor_knows_it() {
        let own = |name: &str| KeyConfig {
            name: name.to_owned(),
            attributes: vec!["own.attribute".to_owned()],
            ..KeyConfig::default()
        };
        let first = correlation_keys(&CorrelationConfig::default())[0].name.clone();
        let config =
            CorrelationConfig { keys: vec![own(&first), own("order.id")], ..CorrelationConfig::default() };
        let keys = correlation_keys(&config);
        let find = |name: &str| keys.iter().find(|key| key.name == name).unwrap();
        assert!(!find(&first).built_in && !find("order.id").built_in);
        assert!(find(&first).attributes.len() > 1);
        assert_eq!(keys.iter().filter(|key| key.built_in).count(), keys.len() - 2);
    }
}
