//! A fixed number of OS threads for work over 500 µs, so that it never holds up the async runtime.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use tokio::sync::oneshot;

use crate::error_kind::ErrorKind;
use crate::supervisor::panic_message;

/// Why work was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CpuError {
    /// The queue is at its bound; the work was not accepted.
    #[error("queue for computing is full")]
    Full,
    /// The work panicked; the panic was logged and the thread lives on.
    #[error("computation panicked")]
    Panicked,
}

impl CpuError {
    /// Returns what the caller can do.
    #[must_use]
    pub fn kind(self) -> ErrorKind {
        match self {
            Self::Full => ErrorKind::Unavailable,
            Self::Panicked => ErrorKind::Internal,
        }
    }
}

/// A handle to the threads; they end when the last handle is dropped.
#[derive(Clone, Debug)]
pub struct CpuPool {
    owner: Arc<Owner>,
}

impl CpuPool {
    /// Starts `threads` threads (at least one) behind a queue of at most `queue_max` waiting jobs.
    ///
    /// # Panics
    /// When the system refuses to start even one thread.
    #[must_use]
    pub fn new(threads: usize, queue_max: usize) -> Self {
        Self::start(threads, queue_max, || {})
    }

    /// As [`Self::new`], with threads that give way to the rest of the process where cores are short.
    ///
    /// On Linux alone can a thread have a priority of its own; elsewhere they are threads like all others.
    ///
    /// # Panics
    /// When the system refuses to start even one thread.
    #[must_use]
    pub fn yielding(threads: usize, queue_max: usize) -> Self {
        Self::start(threads, queue_max, give_way)
    }

    fn start(threads: usize, queue_max: usize, prepare: fn()) -> Self {
        let shared = Arc::new(Shared {
            queue: Mutex::new(Queue { jobs: VecDeque::new(), closed: false }),
            ready: Condvar::new(),
            queue_max,
            waiting: Gauge::default(),
            refused_total: Counter::default(),
        });
        let mut started = 0;
        for index in 0..threads.max(1) {
            let worker = Arc::clone(&shared);
            let work = move || {
                prepare();
                worker.work();
            };
            match thread::Builder::new().name(format!("cpu-{index}")).spawn(work) {
                Ok(_) => started += 1,
                Err(error) => tracing::error!(%error, "failed to start a computing thread"),
            }
        }
        assert!(started > 0, "the system refused to start a single computing thread");
        Self { owner: Arc::new(Owner { shared }) }
    }

    /// Registers the queue's length and the refusals.
    pub fn register(&self, registry: &mut Registry) {
        let shared = &self.owner.shared;
        registry.register("cpu_queue_jobs", "Jobs waiting for a computing thread", shared.waiting.clone());
        registry.register(
            "cpu_refused",
            "Jobs refused because the queue was full",
            shared.refused_total.clone(),
        );
    }

    /// Runs `work` on one of the threads and returns what it computed.
    ///
    /// Dropping the future before a thread has begun takes the job back; work that has begun runs to its end.
    ///
    /// # Errors
    /// [`CpuError::Full`] when the queue is at its bound, [`CpuError::Panicked`] when `work` panicked.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, CpuError> {
        let (done, result) = oneshot::channel();
        let job = move || {
            if done.is_closed() {
                return;
            }
            match catch_unwind(AssertUnwindSafe(work)) {
                // The caller may have gone away meanwhile.
                Ok(value) => drop(done.send(value)),
                Err(panic) => tracing::error!(error = panic_message(&*panic), "computation panicked"),
            }
        };
        self.owner.shared.push(Box::new(job))?;
        result.await.map_err(|_| CpuError::Panicked)
    }
}

/// How much the threads of a yielding pool give way: the kernel gives them a tenth of the weight of the others.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

#[cfg(target_os = "linux")]
fn give_way() {
    // To Linux a thread is a process: none named is the calling thread.
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::warn!(%error, "failed to lower the priority of a computing thread");
    }
}

#[cfg(not(target_os = "linux"))]
fn give_way() {}

type Job = Box<dyn FnOnce() + Send>;

#[derive(Debug)]
struct Owner {
    shared: Arc<Shared>,
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.ready.notify_all();
    }
}

struct Shared {
    queue: Mutex<Queue>,
    ready: Condvar,
    queue_max: usize,
    waiting: Gauge,
    refused_total: Counter,
}

struct Queue {
    jobs: VecDeque<Job>,
    closed: bool,
}

impl Shared {
    /// Jobs run outside the lock, so a panic cannot leave the queue half changed.
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, job: Job) -> Result<(), CpuError> {
        let mut queue = self.lock();
        if queue.jobs.len() >= self.queue_max {
            self.refused_total.inc();
            return Err(CpuError::Full);
        }
        queue.jobs.push_back(job);
        self.waiting.inc();
        drop(queue);
        self.ready.notify_one();
        Ok(())
    }

    fn work(&self) {
        loop {
            let mut queue = self.lock();
            let job = loop {
                if let Some(job) = queue.jobs.pop_front() {
                    break job;
                }
                if queue.closed {
                    return;
                }
                queue = self.ready.wait(queue).unwrap_or_else(PoisonError::into_inner);
            };
            drop(queue);
            self.waiting.dec();
            job();
        }
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("CpuPool").field("queue_max", &self.queue_max).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn work_runs_on_a_thread_of_the_pool() {
        let pool = CpuPool::new(1, 1);
        let name = pool.run(|| thread::current().name().map(str::to_owned)).await;
        assert_eq!(name, Ok(Some("cpu-0".to_owned())));
    }

    #[tokio::test]
    async fn a_panic_is_reported_and_the_thread_lives_on() {
        let pool = CpuPool::new(1, 1);
        assert_eq!(pool.run(|| panic!("broken")).await, Err::<(), _>(CpuError::Panicked));
        assert_eq!(pool.run(|| 7).await, Ok(7));
    }

    #[tokio::test]
    async fn a_full_queue_refuses_and_a_dropped_caller_takes_its_job_back() {
        let pool = CpuPool::new(1, 1);
        let (started, has_started) = mpsc::sync_channel(1);
        let (release, released) = mpsc::sync_channel::<()>(1);
        let mut first = Box::pin(pool.run(move || {
            started.send(()).unwrap();
            released.recv().unwrap();
        }));
        assert!(futures_util::poll!(&mut first).is_pending());
        has_started.recv().unwrap();

        let mut waiting = Box::pin(pool.run(|| panic!("must not run: nobody waits for it")));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        assert_eq!(pool.run(|| ()).await, Err(CpuError::Full));
        drop(waiting);
        release.send(()).unwrap();
        assert_eq!(first.await, Ok(()));
        assert_eq!(pool.owner.shared.refused_total.get(), 1);
    }

    #[tokio::test]
    async fn threads_end_with_the_last_handle() {
        let pool = CpuPool::new(2, 1);
        let shared = Arc::downgrade(&pool.owner.shared);
        drop(pool);
        let deadline = crate::clock::Clock::system();
        while shared.upgrade().is_some() {
            assert!(deadline.monotonic().as_secs() < 10, "threads still run");
            thread::yield_now();
        }
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn the_threads_of_a_yielding_pool_alone_have_less_weight() {
        let niceness = || rustix::process::getpriority_process(None).expect("asked of a thread that runs");
        let own = niceness();
        let yielding = CpuPool::yielding(1, 1).run(niceness).await.expect("ran");
        let ordinary = CpuPool::new(1, 1).run(niceness).await.expect("ran");
        assert_eq!((yielding, ordinary, niceness()), (NICENESS, own, own));
    }
}
