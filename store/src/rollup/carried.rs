//! What found no partner in its rows, on its way to the tenant's next ones.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::pairing::Side;
use crate::model::Tenant;

/// Spans, newest first, that are carried although nothing says they call: a span under them may come yet.
pub(crate) const RECENT_MAX: usize = 65_536;

/// Spans of each side that one tenant carries; the oldest go first.
const CARRIED_MAX: usize = 65_536;

/// Spans of each side that all tenants carry between sets of rows.
const PARKED_MAX: usize = 4 * CARRIED_MAX;

/// How long a span is carried.
const CARRIED_FOR: Duration = Duration::from_secs(600);

/// A span without its partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Carried {
    /// Of the caller, also where it is the callee that is carried.
    pub(crate) key: u64,
    /// Its number of the service says nothing here.
    pub(crate) side: Side,
    pub(crate) service: Arc<str>,
    /// When it left the rows it came in.
    pub(crate) since: Duration,
    /// The callee names the caller by a link.
    pub(crate) by_link: bool,
}

/// All that found no partner.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Leftovers {
    /// Spans that may have called others.
    pub(crate) callers: Vec<Carried>,
    /// Spans whose caller has not come.
    pub(crate) callees: Vec<Carried>,
}

/// A span that is carried no further.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Lost {
    pub(crate) service: Arc<str>,
    /// Whether it is the calling side.
    pub(crate) is_caller: bool,
    /// Whether it went before its time, for others.
    pub(crate) is_dropped: bool,
}

/// Leftovers between two sets of rows, by tenant.
#[derive(Debug, Default)]
pub(crate) struct Parked {
    by_tenant: HashMap<Tenant, Leftovers>,
}

impl Parked {
    /// Keeps what one tenant's rows left; returns what is carried no further.
    pub(crate) fn put(&mut self, tenant: &Tenant, mut leftovers: Leftovers, now: Duration) -> Vec<Lost> {
        let earlier = self.by_tenant.remove(tenant).unwrap_or_default();
        leftovers.callers.extend(earlier.callers);
        leftovers.callees.extend(earlier.callees);
        let mut lost = Vec::new();
        let [mut callers, mut callees] = [0, 0];
        for others in self.by_tenant.values() {
            callers += others.callers.len();
            callees += others.callees.len();
        }
        let room = |others: usize| CARRIED_MAX.min(PARKED_MAX.saturating_sub(others));
        shorten(&mut leftovers.callers, room(callers), now, true, &mut lost);
        shorten(&mut leftovers.callees, room(callees), now, false, &mut lost);
        if leftovers != Leftovers::default() {
            self.by_tenant.insert(tenant.clone(), leftovers);
        }
        lost
    }

    /// Takes what is kept of a tenant.
    pub(crate) fn take(&mut self, tenant: &Tenant) -> Option<Leftovers> {
        self.by_tenant.remove(tenant)
    }

    /// Lets go of what was kept for too long; returns it with its tenant.
    pub(crate) fn expire(&mut self, now: Duration) -> Vec<(Tenant, Vec<Lost>)> {
        let mut expired = Vec::new();
        self.by_tenant.retain(|tenant, leftovers| {
            let mut lost = Vec::new();
            shorten(&mut leftovers.callers, usize::MAX, now, true, &mut lost);
            shorten(&mut leftovers.callees, usize::MAX, now, false, &mut lost);
            if !lost.is_empty() {
                expired.push((tenant.clone(), lost));
            }
            !leftovers.callers.is_empty() || !leftovers.callees.is_empty()
        });
        expired
    }
}

/// Keeps the newest `most` of those that are not too old.
fn shorten(carried: &mut Vec<Carried>, most: usize, now: Duration, is_caller: bool, lost: &mut Vec<Lost>) {
    // A caller that was answered, or that nobody says calls, was only kept in case.
    let is_missed = |one: &Carried| !is_caller || (one.side.calls() && !one.side.is_answered);
    let mut lose = |one: &Carried, is_dropped| {
        if is_missed(one) {
            lost.push(Lost { service: Arc::clone(&one.service), is_caller, is_dropped });
        }
    };
    carried.retain(|one| {
        let is_old = now.saturating_sub(one.since) > CARRIED_FOR;
        if is_old {
            lose(one, false);
        }
        !is_old
    });
    if carried.len() > most {
        carried.select_nth_unstable_by_key(most, |one| std::cmp::Reverse((one.since, one.side.start)));
        carried.drain(most..).for_each(|one| lose(&one, true));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SpanKind;

    fn carried(key: u64, since: u64, kind: SpanKind) -> Carried {
        let side = Side { kind: kind as u8, start: key, is_known: true, ..Side::default() };
        Carried { key, side, service: "a".into(), since: Duration::from_secs(since), by_link: false }
    }

    #[test]
    fn the_newest_stay_and_what_goes_is_told() {
        let mut parked = Parked::default();
        let callers: Vec<Carried> =
            (0..CARRIED_MAX as u64 + 3).map(|key| carried(key, key / 1_000, SpanKind::Client)).collect();
        let callees = vec![carried(1, 5, SpanKind::Server)];
        let tenant = Tenant::default();
        let lost = parked.put(&tenant, Leftovers { callers, callees }, Duration::from_secs(70));
        assert_eq!(lost.len(), 3);
        assert!(lost.iter().all(|lost| lost.is_caller && lost.is_dropped));
        let kept = parked.take(&tenant).unwrap();
        assert_eq!((kept.callers.len(), kept.callees.len()), (CARRIED_MAX, 1));
        assert!(kept.callers.iter().all(|one| one.key >= 3));
        assert_eq!(parked.take(&tenant), None);
    }

    #[test]
    fn what_is_too_old_is_told_unless_it_was_only_kept_in_case() {
        let mut parked = Parked::default();
        let mut answered = carried(1, 0, SpanKind::Producer);
        answered.side.is_answered = true;
        let callers = vec![answered, carried(2, 0, SpanKind::Server), carried(3, 0, SpanKind::Client)];
        let leftovers = Leftovers { callers, callees: vec![carried(4, 300, SpanKind::Server)] };
        assert_eq!(parked.put(&Tenant::default(), leftovers, Duration::from_secs(300)), []);
        let expired = parked.expire(Duration::from_secs(601));
        let unpaired = Lost { service: "a".into(), is_caller: true, is_dropped: false };
        assert_eq!(expired, [(Tenant::default(), vec![unpaired])]);
        assert_eq!(parked.take(&Tenant::default()).unwrap().callees.len(), 1);
    }

    #[test]
    fn many_tenants_share_one_bound() {
        let mut parked = Parked::default();
        for tenant in 0..6 {
            let callers = (0..CARRIED_MAX as u64).map(|key| carried(key, 1, SpanKind::Client)).collect();
            let tenant = Tenant::new(&format!("t{tenant}")).unwrap();
            parked.put(&tenant, Leftovers { callers, callees: Vec::new() }, Duration::from_secs(1));
        }
        let held: usize = parked.by_tenant.values().map(|leftovers| leftovers.callers.len()).sum();
        assert_eq!(held, PARKED_MAX);
    }
}
