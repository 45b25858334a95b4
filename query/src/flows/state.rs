//! How a flow stands.

use std::time::Duration;

use spoor_store::model::UnixNanos;

use super::answer::FlowState;

/// What a flow's state follows from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signs {
    /// Whether something in it failed.
    pub(crate) has_error: bool,
    /// Whether a span's parent is not here.
    pub(crate) awaits_parents: bool,
    /// Its last moment.
    pub(crate) end: UnixNanos,
}

/// For how long a flow without news may still change.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// After any record.
    pub(crate) running: Duration,
    /// For parents that have not arrived; past it they count as missing, and the flow as ended.
    pub(crate) settle: Duration,
}

/// An error is an error at once; a flow without one runs until nothing has come for a while.
pub(crate) fn state(signs: Signs, patience: Patience, now: UnixNanos) -> FlowState {
    let silent = Duration::from_nanos(now.saturating_sub(signs.end));
    if signs.has_error {
        FlowState::Error
    } else if silent < patience.running || (signs.awaits_parents && silent < patience.settle) {
        FlowState::Running
    } else {
        FlowState::Ok
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_follow_the_table() {
        let patience = Patience { running: Duration::from_secs(60), settle: Duration::from_secs(600) };
        let now = 1_000_000_000_000_000;
        let seconds_ago = |seconds: u64| now - seconds * 1_000_000_000;
        for (has_error, awaits_parents, end, expected) in [
            (false, false, seconds_ago(59), FlowState::Running),
            (false, false, seconds_ago(60), FlowState::Ok),
            (false, true, seconds_ago(599), FlowState::Running),
            (false, true, seconds_ago(600), FlowState::Ok),
            (true, true, seconds_ago(1), FlowState::Error),
            (false, false, now + 5, FlowState::Running),
        ] {
            let signs = Signs { has_error, awaits_parents, end };
            assert_eq!(state(signs, patience, now), expected, "{signs:?}");
        }
    }
}
