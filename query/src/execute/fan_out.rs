//! Work on leaves, on the computing threads: in order, several at once where that pays, until the deadline passes,
//! one fails, or nobody waits for the answer any more.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use spoor_runtime::clock::Clock;
use spoor_runtime::cpu::CpuPool;
use spoor_store::leaf::Budget;

use crate::config::Config;
use crate::error::{Error, Result};

/// One query on its way: its budget, its threads. Dropping it ends the work that goes on for it.
pub(crate) struct Run {
    budget: Budget,
    cpu: CpuPool,
    lanes: usize,
    deadline: Duration,
}

impl Run {
    /// Starts the query's time.
    pub(crate) fn start(cpu: CpuPool, clock: &Clock, config: &Config) -> Self {
        let deadline = config.deadline();
        let ends = clock.monotonic().saturating_add(deadline);
        let budget = Budget::new(clock.clone(), ends, config.memory_per_query_max);
        Self { budget, cpu, lanes: config.lanes(), deadline }
    }

    pub(crate) fn budget(&self) -> &Budget {
        &self.budget
    }

    /// Threads this query may use.
    pub(crate) fn lanes(&self) -> usize {
        self.lanes
    }

    /// Gives back memory of what was fetched and is not kept.
    pub(crate) fn release(&self, bytes: usize) {
        self.budget.release(bytes);
    }

    /// Runs one piece of work on a computing thread.
    pub(crate) async fn once<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Budget) -> spoor_store::Result<T> + Send + 'static,
    ) -> Result<T> {
        let budget = self.budget.clone();
        let done = self.cpu.run(move || budget.check().and_then(|()| work(&budget))).await?;
        done.map_err(|error| self.failure(error))
    }

    /// Runs `work` on every item, at most `lanes` at once, each lane taking the next item in order. The answers come
    /// in the items' order. The first failure ends the work of all.
    pub(crate) async fn each<I, T>(
        &self,
        items: Vec<I>,
        lanes: usize,
        work: impl Fn(&I, &Budget) -> spoor_store::Result<T> + Send + Sync + 'static,
    ) -> Result<Vec<T>>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
    {
        let lanes = lanes.min(self.lanes).min(items.len());
        if lanes <= 1 {
            return self.once(move |budget| items.iter().map(|item| work(item, budget)).collect()).await;
        }
        let job = Arc::new(Job { items, work, next: AtomicUsize::new(0), done: Mutex::default() });
        let running = (0..lanes).map(|_| {
            let job = Arc::clone(&job);
            self.once(move |budget| job.lane(budget).inspect_err(|_| budget.cancel()))
        });
        // The lane that failed ends the others, which then say that they were cancelled.
        let ends = join_all(running).await;
        let (cancelled, failed): (Vec<Error>, Vec<Error>) = ends
            .into_iter()
            .filter_map(Result::err)
            .partition(|error| matches!(error, Error::Deadline { .. }));
        if let Some(error) = failed.into_iter().chain(cancelled).next() {
            return Err(error);
        }
        let mut done = std::mem::take(&mut *job.done.lock().unwrap_or_else(PoisonError::into_inner));
        done.sort_unstable_by_key(|(index, _)| *index);
        Ok(done.into_iter().map(|(_, answer)| answer).collect())
    }

    fn failure(&self, error: spoor_store::Error) -> Error {
        match error {
            spoor_store::Error::Cancelled => Error::Deadline { deadline: self.deadline },
            other => Error::Store(other),
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.budget.cancel();
    }
}

struct Job<I, T, W> {
    items: Vec<I>,
    work: W,
    next: AtomicUsize,
    done: Mutex<Vec<(usize, T)>>,
}

impl<I, T, W: Fn(&I, &Budget) -> spoor_store::Result<T>> Job<I, T, W> {
    fn lane(&self, budget: &Budget) -> spoor_store::Result<()> {
        loop {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = self.items.get(index) else { return Ok(()) };
            budget.check()?;
            let answer = (self.work)(item, budget)?;
            self.done.lock().unwrap_or_else(PoisonError::into_inner).push((index, answer));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use futures_util::poll;

    use super::*;

    fn run(deadline_seconds: u64) -> Run {
        let config = Config { deadline_seconds, threads_per_query: 2, ..Config::default() };
        Run::start(CpuPool::new(2, 16), &Clock::system(), &config)
    }

    #[tokio::test]
    async fn answers_come_in_the_order_of_the_items() {
        let run = run(60);
        for lanes in [1, 2] {
            let squares = run.each((0..100_u64).collect(), lanes, |item, _| Ok(item * item)).await.unwrap();
            assert_eq!(squares, (0..100).map(|item| item * item).collect::<Vec<u64>>());
        }
    }

    #[tokio::test]
    async fn the_first_failure_ends_the_work() {
        let run = run(60);
        let failed =
            run.each((0..1_000).collect(), 2, |item, _| {
                if *item == 3 { Err(spoor_store::Error::Closed) } else { Ok(()) }
            })
            .await;
        assert!(matches!(failed, Err(Error::Store(spoor_store::Error::Closed))), "{failed:?}");
        assert!(run.budget().check().is_err());
    }

    #[tokio::test]
    async fn a_passed_deadline_is_told_as_such() {
        let run = run(0);
        assert!(matches!(run.each(vec![1], 1, |_, _| Ok(())).await, Err(Error::Deadline { .. })));
    }

    #[tokio::test]
    async fn a_client_that_leaves_stops_the_work_that_has_begun() {
        let run = run(60);
        let (started, has_started) = mpsc::sync_channel(1);
        let (stopped, has_stopped) = mpsc::sync_channel(1);
        let mut work = Box::pin(async move {
            run.once(move |budget| {
                started.send(()).unwrap();
                while budget.check().is_ok() {
                    std::thread::yield_now();
                }
                stopped.send(()).unwrap();
                Ok(())
            })
            .await
        });
        assert!(poll!(&mut work).is_pending());
        has_started.recv().unwrap();
        drop(work);
        has_stopped.recv().unwrap();
    }
}
