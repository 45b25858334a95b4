//! What the supervisor promises: failures are noticed, stopping is ordered and bounded.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::tasks::TaskLabel;
use super::{Connections, Supervisor};
use crate::clock::{Clock, ManualClock};
use crate::error_kind::chain;
use crate::task::{OnError, OnStop, Task};

fn supervisor() -> (Supervisor, ManualClock) {
    let (clock, hand) = Clock::manual(0);
    (Supervisor::new(clock), hand)
}

#[tokio::test]
async fn an_error_of_a_needed_task_is_a_failure() {
    let (mut supervisor, _) = supervisor();
    supervisor
        .start(Task::new("writer", OnError::ShutDown, OnStop::Finish, async { Err("disk gone".into()) }));
    let failure = supervisor.failure().await;
    assert_eq!(chain(&failure), "task writer failed: disk gone");
}

#[tokio::test]
async fn a_panic_of_a_needed_task_is_a_failure() {
    let (mut supervisor, _) = supervisor();
    supervisor
        .start(Task::new("writer", OnError::ShutDown, OnStop::Finish, async { panic!("no room {}", 7) }));
    assert_eq!(chain(&supervisor.failure().await), "task writer failed: panicked: no room 7");
}

#[tokio::test]
async fn a_degradable_failure_is_counted_and_stops_nothing() {
    let (mut supervisor, _) = supervisor();
    supervisor.start(Task::new("extra", OnError::Degrade, OnStop::Finish, async { Err("gone".into()) }));
    supervisor
        .start(Task::new("needed", OnError::ShutDown, OnStop::Finish, async { Err("gone too".into()) }));
    assert_eq!(supervisor.failure().await.task, "needed");
    assert_eq!(supervisor.failed_total.get_or_create(&TaskLabel { task: "extra" }).get(), 1);
}

#[tokio::test]
async fn tasks_stop_last_started_first() {
    let (mut supervisor, _) = supervisor();
    let stopped = Arc::new(Mutex::new(Vec::new()));
    for name in ["first", "second", "third"] {
        let stopped = Arc::clone(&stopped);
        supervisor.start(Task::told(name, OnError::ShutDown, |shutdown| async move {
            shutdown.cancelled().await;
            stopped.lock().unwrap().push(name);
            Ok(())
        }));
    }
    assert!(supervisor.stop(Duration::from_secs(1)).await.is_empty());
    assert_eq!(*stopped.lock().unwrap(), ["third", "second", "first"]);
}

#[tokio::test]
async fn an_abortable_task_is_dropped_at_once() {
    let (mut supervisor, _) = supervisor();
    supervisor.start(Task::new("loop", OnError::ShutDown, OnStop::Abort, std::future::pending()));
    assert!(supervisor.stop(Duration::from_secs(1)).await.is_empty());
}

#[tokio::test]
async fn a_task_past_its_limit_is_dropped_and_named() {
    let (mut supervisor, hand) = supervisor();
    supervisor.start(Task::new("stubborn", OnError::ShutDown, OnStop::Finish, std::future::pending()));
    let mut stop = Box::pin(supervisor.stop(Duration::from_secs(5)));
    assert!(futures_util::poll!(&mut stop).is_pending());
    hand.advance(Duration::from_secs(5));
    assert_eq!(stop.await, ["stubborn"]);
}

#[tokio::test]
async fn connections_are_bounded_and_their_places_come_back() {
    let connections = Connections::new(1);
    let permit = connections.permit().await;
    assert!(connections.try_permit().is_none());
    connections.spawn(permit, async { panic!("a connection may panic") });
    connections.idle().await;
    assert!(connections.try_permit().is_some());
    assert_eq!(connections.active().get(), 0);
}

#[tokio::test]
async fn aborting_drops_open_connections() {
    let connections = Connections::new(2);
    connections.spawn(connections.permit().await, std::future::pending());
    assert_eq!(connections.active().get(), 1);
    connections.abort();
    connections.idle().await;
    assert_eq!(connections.active().get(), 0);
}
