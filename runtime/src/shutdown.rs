//! A token to wait on, and the hand that pulls it.

use tokio_util::sync::CancellationToken;

/// Tells its holder when to stop; clones see the same moment.
#[derive(Clone, Debug)]
pub struct Shutdown {
    token: CancellationToken,
}

/// Starts the shutdown its [`Shutdown`] tokens wait for.
#[derive(Clone, Debug)]
pub struct ShutdownTrigger {
    token: CancellationToken,
}

impl ShutdownTrigger {
    /// Creates a trigger that has not been pulled, and a token of it.
    #[must_use]
    pub fn new() -> (Self, Shutdown) {
        let trigger = Self { token: CancellationToken::new() };
        let shutdown = trigger.token();
        (trigger, shutdown)
    }

    /// Wakes everyone who waits on a token; later calls change nothing.
    pub fn shut_down(&self) {
        self.token.cancel();
    }

    /// Returns one more token of this trigger.
    #[must_use]
    pub fn token(&self) -> Shutdown {
        Shutdown { token: self.token.clone() }
    }
}

impl Shutdown {
    /// Returns a token that is never cancelled.
    #[must_use]
    pub fn never() -> Self {
        Self { token: CancellationToken::new() }
    }

    /// Waits until shutdown starts; at once when it has.
    pub async fn cancelled(&self) {
        self.token.cancelled().await;
    }

    /// Returns whether shutdown has started.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.token.is_cancelled()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_clone_sees_the_shutdown() {
        let (trigger, shutdown) = ShutdownTrigger::new();
        let other = shutdown.clone();
        assert!(!other.is_cancelled());
        trigger.shut_down();
        other.cancelled().await;
        assert!(shutdown.is_cancelled() && trigger.token().is_cancelled());
    }
}
