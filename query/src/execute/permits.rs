//! How many queries run at once, of all tenants and of one, and how many wait for their turn.
//!
//! Tenants take turns: of those that wait, the one whose last turn is longest ago is next. When every place to wait is
//! taken, a tenant with fewer waiting takes the place of the newest query of the tenant with the most.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use spoor_runtime::clock::Clock;
use spoor_store::model::Tenant;
use tokio::sync::oneshot;

use crate::error::{Error, Result};

/// What a client that is turned away is told to wait.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// How many may run and wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) concurrent_max: usize,
    pub(crate) concurrent_per_tenant_max: usize,
    pub(crate) waiting_max: usize,
}

/// Turns for queries; cheap to clone.
#[derive(Clone)]
pub(crate) struct Permits {
    shared: Arc<Shared>,
}

struct Shared {
    bounds: Bounds,
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    running: usize,
    tenants: HashMap<Tenant, Share>,
    /// Tenants with queries that wait, the next one first.
    order: VecDeque<Tenant>,
}

/// What one tenant has of the turns.
#[derive(Default)]
struct Share {
    running: usize,
    waiting: VecDeque<oneshot::Sender<Permit>>,
}

/// The right to run one query; the turn ends when it is dropped.
pub(crate) struct Permit {
    shared: Arc<Shared>,
    tenant: Tenant,
}

impl Permits {
    pub(crate) fn new(bounds: Bounds, clock: Clock) -> Self {
        Self { shared: Arc::new(Shared { bounds, clock, state: Mutex::default() }) }
    }

    /// Waits for a turn of `tenant`, at most `patience`.
    pub(crate) async fn acquire(&self, tenant: &Tenant, patience: Duration) -> Result<Permit> {
        let busy = Error::Busy { retry_after: RETRY_AFTER };
        let turn = {
            let mut state = self.shared.lock();
            let share = state.tenants.get(tenant);
            let is_first = share.is_none_or(|share| share.waiting.iter().all(oneshot::Sender::is_closed));
            let running = share.map_or(0, |share| share.running);
            let bounds = self.shared.bounds;
            if is_first && state.running < bounds.concurrent_max && running < bounds.concurrent_per_tenant_max
            {
                return Ok(Shared::start(&self.shared, &mut state, tenant));
            }
            if !state.make_room(tenant, bounds.waiting_max) {
                return Err(busy);
            }
            state.wait(tenant)
        };
        match self.shared.clock.timeout(patience, turn).await {
            Ok(Ok(permit)) => Ok(permit),
            // Patience ended, or another tenant took the place.
            Ok(Err(_)) | Err(_) => Err(busy),
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(this: &Arc<Self>, state: &mut State, tenant: &Tenant) -> Permit {
        state.running += 1;
        state.tenants.entry(tenant.clone()).or_default().running += 1;
        Permit { shared: Arc::clone(this), tenant: tenant.clone() }
    }
}

impl State {
    /// Whether there is a place to wait for one more query of `tenant`.
    fn make_room(&mut self, tenant: &Tenant, waiting_max: usize) -> bool {
        let count = |share: &Share| share.waiting.len();
        if self.tenants.values().map(count).sum::<usize>() < waiting_max {
            return true;
        }
        for share in self.tenants.values_mut() {
            share.waiting.retain(|query| !query.is_closed());
        }
        if self.tenants.values().map(count).sum::<usize>() < waiting_max {
            return true;
        }
        let own = self.tenants.get(tenant).map_or(0, count);
        let most = self.tenants.values_mut().max_by_key(|share| share.waiting.len());
        most.filter(|most| most.waiting.len() > own + 1).and_then(|most| most.waiting.pop_back()).is_some()
    }

    fn wait(&mut self, tenant: &Tenant) -> oneshot::Receiver<Permit> {
        let (sender, receiver) = oneshot::channel();
        self.tenants.entry(tenant.clone()).or_default().waiting.push_back(sender);
        if !self.order.contains(tenant) {
            self.order.push_back(tenant.clone());
        }
        receiver
    }

    /// Takes out the query whose turn is next; `None` when nobody waits who may run.
    fn next(&mut self, bounds: Bounds) -> Option<(Tenant, oneshot::Sender<Permit>)> {
        if self.running >= bounds.concurrent_max {
            return None;
        }
        for _ in 0..self.order.len() {
            let tenant = self.order.pop_front()?;
            let Some(share) = self.tenants.get_mut(&tenant) else { continue };
            share.waiting.retain(|query| !query.is_closed());
            if share.waiting.is_empty() {
                continue;
            }
            let may_run = share.running < bounds.concurrent_per_tenant_max;
            let query = if may_run { share.waiting.pop_front() } else { None };
            if !share.waiting.is_empty() {
                self.order.push_back(tenant.clone());
            }
            if let Some(query) = query {
                return Some((tenant, query));
            }
        }
        None
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let next = {
            let mut state = self.shared.lock();
            state.running -= 1;
            if let Some(share) = state.tenants.get_mut(&self.tenant) {
                share.running -= 1;
                if share.running == 0 && share.waiting.is_empty() {
                    state.tenants.remove(&self.tenant);
                }
            }
            let next = state.next(self.shared.bounds);
            next.map(|(tenant, query)| (query, Shared::start(&self.shared, &mut state, &tenant)))
        };
        if let Some((query, permit)) = next {
            // Whoever left meanwhile gives the turn on by dropping it.
            drop(query.send(permit));
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::poll;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    fn permits(concurrent_max: usize, concurrent_per_tenant_max: usize, waiting_max: usize) -> Permits {
        Permits::new(Bounds { concurrent_max, concurrent_per_tenant_max, waiting_max }, Clock::system())
    }

    fn tenant(name: &str) -> Tenant {
        Tenant::new(name).unwrap()
    }

    #[tokio::test]
    async fn past_the_queue_a_query_is_turned_away_and_a_dropped_one_leaves_its_place() {
        let permits = permits(1, 1, 1);
        let a = tenant("a");
        let running = permits.acquire(&a, PATIENCE).await.unwrap();
        let mut waiting = Box::pin(permits.acquire(&a, PATIENCE));
        assert!(poll!(&mut waiting).is_pending());
        assert!(matches!(permits.acquire(&a, PATIENCE).await, Err(Error::Busy { .. })));
        drop(waiting);
        let mut next = Box::pin(permits.acquire(&a, PATIENCE));
        assert!(poll!(&mut next).is_pending());
        drop(running);
        assert!(next.await.is_ok());
        assert!(permits.shared.lock().tenants.is_empty(), "nobody runs or waits");
    }

    #[tokio::test]
    async fn one_tenant_leaves_turns_to_others_and_they_alternate() {
        let permits = permits(2, 1, 10);
        let (a, b) = (tenant("a"), tenant("b"));
        let first_of_a = permits.acquire(&a, PATIENCE).await.unwrap();
        let mut a_waits = [0, 1].map(|_| Box::pin(permits.acquire(&a, PATIENCE)));
        for waits in &mut a_waits {
            assert!(poll!(waits).is_pending(), "a may run one at a time");
        }
        let first_of_b = permits.acquire(&b, PATIENCE).await.unwrap();
        let mut b_waits = Box::pin(permits.acquire(&b, PATIENCE));
        assert!(poll!(&mut b_waits).is_pending());
        drop(first_of_b);
        assert!(poll!(&mut a_waits[0]).is_pending(), "a has its turn still");
        let second_of_b = b_waits.await.unwrap();
        drop(first_of_a);
        let [second_of_a, third_of_a] = a_waits;
        let second_of_a = second_of_a.await.unwrap();
        drop((second_of_b, second_of_a));
        assert!(third_of_a.await.is_ok());
    }

    #[tokio::test]
    async fn a_tenant_that_fills_the_queue_gives_a_place_to_one_that_has_none() {
        let permits = permits(1, 1, 2);
        let (a, b) = (tenant("a"), tenant("b"));
        let running = permits.acquire(&a, PATIENCE).await.unwrap();
        let mut older = Box::pin(permits.acquire(&a, PATIENCE));
        let mut newer = Box::pin(permits.acquire(&a, PATIENCE));
        assert!(poll!(&mut older).is_pending() && poll!(&mut newer).is_pending());
        let mut other = Box::pin(permits.acquire(&b, PATIENCE));
        assert!(poll!(&mut other).is_pending());
        assert!(matches!(newer.await, Err(Error::Busy { .. })));
        drop(running);
        let granted = older.await.unwrap();
        drop(granted);
        assert!(other.await.is_ok());
    }

    #[tokio::test]
    async fn patience_ends() {
        let (clock, hand) = Clock::manual(0);
        let bounds = Bounds { concurrent_max: 1, concurrent_per_tenant_max: 1, waiting_max: 1 };
        let permits = Permits::new(bounds, clock);
        let a = tenant("a");
        let _running = permits.acquire(&a, Duration::ZERO).await.unwrap();
        let mut waiting = Box::pin(permits.acquire(&a, Duration::from_secs(5)));
        assert!(poll!(&mut waiting).is_pending());
        hand.advance(Duration::from_secs(5));
        assert!(matches!(waiting.await, Err(Error::Busy { .. })));
    }
}
