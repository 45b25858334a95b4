//! Pairs each span with the span that called it, in whatever order they arrive, and by links over traces.
//!
//! A span is known by its number in the rows' tables; one that is only told of by other rows, before or after, by
//! [`key`]. What finds no partner in its rows is carried to the tenant's next ones ([`super::carried`]).

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::carried::{Carried, Leftovers, RECENT_MAX};
use super::tally::EdgeKind;
use crate::hot::chunk::NONE;
use crate::model::{SpanKind, UnixNanos};

/// Bits of the filter before the maps of what was carried: as many keys as one tenant carries set one bit in eight.
const FILTER_BITS: usize = 1 << 20;

/// One side of a pair.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Side {
    pub(crate) start: UnixNanos,
    pub(crate) end: UnixNanos,
    /// Number of the service.
    pub(crate) service: u32,
    /// Number of the span's name.
    pub(crate) name: u32,
    /// `SpanKind`, as numbered.
    pub(crate) kind: u8,
    pub(crate) is_error: bool,
    /// Whether there is such a span; a number may be that of a parent which has not come.
    pub(crate) is_known: bool,
    /// Whether some span was called by it.
    pub(crate) is_answered: bool,
}

/// A span that waits for the one that called it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Callee {
    pub(crate) side: Side,
    /// Joined by a link rather than as a child.
    pub(crate) by_link: bool,
    /// When it was carried; `None` for one of these rows.
    pub(crate) since: Option<std::time::Duration>,
}

/// A span of earlier rows that may have called one of these.
#[derive(Debug, Clone, Copy)]
struct Caller {
    side: Side,
    since: std::time::Duration,
}

/// Two spans, one of which called the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) caller: Side,
    pub(crate) callee: Side,
    pub(crate) kind: EdgeKind,
    /// Start of that span of the pair which is in these rows; of the callee when both are.
    pub(crate) time: UnixNanos,
}

/// Finds pairs among the spans of one set of rows.
#[derive(Debug, Default)]
pub(crate) struct Pairing {
    /// By span number: its key, what it is, the first in `waiting` that waits for it.
    keys: Vec<u64>,
    seen: Vec<Side>,
    first_waiting: Vec<u32>,
    waiting: Vec<(Callee, u32)>,
    filter: Vec<u64>,
    callers: HashMap<u64, Caller, FixedState>,
    callees: HashMap<u64, Vec<Callee>, FixedState>,
    /// Found and not taken yet.
    pub(crate) pairs: Vec<Pair>,
}

/// Where a span stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// The first with its ids.
    New,
    /// Its ids were there before.
    Known(Side),
}

/// What a span is told by in other rows: a mix of its trace's id and its own, in 64 bits. Ids are random by their
/// specification, but not every sender keeps to it: all bytes are mixed.
#[inline]
pub(crate) fn key(trace: &[u8; 16], span: &[u8; 8]) -> u64 {
    let trace = u128::from_le_bytes(*trace);
    let trace = folded(trace as u64 ^ 0x9e37_79b9_7f4a_7c15, (trace >> 64) as u64 ^ 0xff51_afd7_ed55_8ccd);
    folded(trace ^ u64::from_le_bytes(*span), 0xd6e8_feb8_6659_fd93)
}

fn folded(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product >> 64) as u64 ^ product as u64
}

impl Pair {
    /// Whether either side failed.
    pub(crate) fn is_error(&self) -> bool {
        self.caller.is_error || self.callee.is_error
    }

    /// From the end of the producer's span to the start of the consumer's, in nanoseconds.
    pub(crate) fn queue_time(&self) -> u64 {
        self.callee.start.saturating_sub(self.caller.end)
    }
}

impl Side {
    /// In nanoseconds.
    pub(crate) fn duration(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    fn is(&self, kind: SpanKind) -> bool {
        self.kind == kind as u8
    }

    /// Whether it is of a kind that calls others.
    pub(crate) fn calls(&self) -> bool {
        self.is(SpanKind::Client) || self.is(SpanKind::Producer)
    }

    /// Whether it is of a kind that others call.
    fn is_called(&self) -> bool {
        self.is(SpanKind::Server) || self.is(SpanKind::Consumer)
    }
}

/// What lies between two spans; `None` for one at work inside one service.
fn edge(caller: &Side, callee: &Side, by_link: bool) -> Option<EdgeKind> {
    let queue = callee.is(SpanKind::Consumer) && caller.is(SpanKind::Producer);
    let call = callee.is(SpanKind::Server) && caller.is(SpanKind::Client);
    match (by_link, queue, call) {
        (_, true, _) => Some(EdgeKind::Queue),
        (true, ..) => None,
        (_, _, true) => Some(EdgeKind::Call),
        _ if caller.service == callee.service => None,
        _ if callee.is(SpanKind::Consumer) || caller.is(SpanKind::Producer) => Some(EdgeKind::Queue),
        _ => Some(EdgeKind::Call),
    }
}

impl Pairing {
    /// Span numbers that are known.
    pub(crate) fn numbers(&self) -> usize {
        self.keys.len()
    }

    /// Makes known the next span number.
    pub(crate) fn number(&mut self, key: u64) {
        self.keys.push(key);
        self.seen.push(Side::default());
        self.first_waiting.push(NONE);
    }

    /// Notes that span `number` is there, and pairs it with those that wait for it.
    #[inline]
    pub(crate) fn arrive(&mut self, number: u32, side: Side) -> Arrival {
        let slot = &mut self.seen[number as usize];
        if slot.is_known {
            return Arrival::Known(*slot);
        }
        *slot = Side { is_known: true, is_answered: false, ..side };
        if self.first_waiting[number as usize] != NONE || self.may_be_carried(self.keys[number as usize]) {
            self.answer(number);
        }
        Arrival::New
    }

    /// Pairs `callee` with its parent, or lets it wait for it.
    #[inline]
    pub(crate) fn under(&mut self, parent: u32, callee: Side) {
        let caller = self.seen[parent as usize];
        if caller.is_known {
            self.seen[parent as usize].is_answered |= self.pair(&caller, &callee, false, callee.start);
        } else {
            self.called_by(parent, Callee { side: callee, by_link: false, since: None });
        }
    }

    /// Pairs a consumer with the span it links to, of which `key` tells and which has `number` if these rows name it.
    pub(crate) fn linked(&mut self, key: u64, number: Option<u32>, side: Side) {
        let callee = Callee { side, by_link: true, since: None };
        match number.filter(|number| (*number as usize) < self.seen.len()) {
            Some(number) if self.seen[number as usize].is_known => {
                let caller = self.seen[number as usize];
                self.seen[number as usize].is_answered |= self.pair(&caller, &side, true, side.start);
            }
            Some(number) => self.called_by(number, callee),
            None if self.answered_by_carried(key, &callee) => {}
            None => self.wait_by_key(key, callee),
        }
    }

    /// Takes over what earlier rows left; `service` numbers names.
    pub(crate) fn absorb(&mut self, leftovers: Leftovers, mut service: impl FnMut(&str) -> u32) {
        let Leftovers { callers, callees } = leftovers;
        for Carried { key, side, service: name, since, .. } in callers {
            let caller = Caller { side: Side { service: service(&name), ..side }, since };
            self.mark(key);
            self.callers.insert(key, caller);
            let waiting = self.callees.remove(&key).unwrap_or_default();
            for callee in waiting {
                self.answered_by_carried(key, &callee);
            }
        }
        for Carried { key, side, service: name, since, by_link } in callees {
            let side = Side { service: service(&name), ..side };
            let callee = Callee { side, by_link, since: Some(since) };
            if !self.answered_by_carried(key, &callee) {
                self.wait_by_key(key, callee);
            }
        }
        for number in 0..self.keys.len() as u32 {
            if self.may_be_carried(self.keys[number as usize]) {
                self.answer_or_ask(number);
            }
        }
    }

    /// Ends these rows: what found no partner, to be carried on from `now`. Numbers of services are named by `name`.
    pub(crate) fn leave(
        self,
        now: std::time::Duration,
        name: impl Fn(u32) -> std::sync::Arc<str>,
    ) -> Leftovers {
        let carry = |key: u64, side: Side, since: Option<std::time::Duration>, by_link: bool| Carried {
            key,
            service: name(side.service),
            side,
            since: since.unwrap_or(now),
            by_link,
        };
        let mut leftovers = Leftovers::default();
        for (key, caller) in self.callers {
            leftovers.callers.push(carry(key, caller.side, Some(caller.since), false));
        }
        let recent = self.keys.len().saturating_sub(RECENT_MAX);
        for (number, (key, side)) in self.keys.iter().zip(&self.seen).enumerate() {
            if side.is_known && (number >= recent || side.calls() && !side.is_answered) {
                leftovers.callers.push(carry(*key, *side, None, false));
            }
        }
        for (key, callees) in self.callees {
            let carried =
                callees.into_iter().map(|callee| carry(key, callee.side, callee.since, callee.by_link));
            leftovers.callees.extend(carried);
        }
        for (key, first) in self.keys.iter().zip(&self.first_waiting) {
            let mut next = *first;
            while next != NONE {
                let (callee, after) = self.waiting[next as usize];
                if callee.by_link || callee.side.is_called() {
                    leftovers.callees.push(carry(*key, callee.side, callee.since, callee.by_link));
                }
                next = after;
            }
        }
        leftovers
    }

    /// Memory held, in bytes.
    pub(crate) fn memory(&self) -> usize {
        self.keys.capacity() * (8 + size_of::<Side>() + 4)
            + self.waiting.capacity() * size_of::<(Callee, u32)>()
            + self.filter.capacity() * 8
            + self.callers.capacity() * (9 + size_of::<Caller>())
            + self.callees.capacity() * (9 + size_of::<Vec<Callee>>() + size_of::<Callee>())
    }

    /// Adds a pair if it is one.
    #[inline]
    fn pair(&mut self, caller: &Side, callee: &Side, by_link: bool, time: UnixNanos) -> bool {
        let Some(kind) = edge(caller, callee, by_link) else { return false };
        self.pairs.push(Pair { caller: *caller, callee: *callee, kind, time });
        true
    }

    /// `callee` names `number`, which has not come.
    fn called_by(&mut self, number: u32, callee: Callee) {
        let key = self.keys[number as usize];
        if self.may_be_carried(key) && self.answered_by_carried(key, &callee) {
            return;
        }
        self.waiting.push((callee, self.first_waiting[number as usize]));
        self.first_waiting[number as usize] = (self.waiting.len() - 1) as u32;
    }

    /// Pairs a span that has come with all that wait for it.
    fn answer(&mut self, number: u32) {
        let caller = self.seen[number as usize];
        let mut answered = false;
        let mut next = std::mem::replace(&mut self.first_waiting[number as usize], NONE);
        while next != NONE {
            let (callee, after) = self.waiting[next as usize];
            answered |= self.pair(&caller, &callee.side, callee.by_link, callee.side.start);
            next = after;
        }
        for callee in self.callees.remove(&self.keys[number as usize]).unwrap_or_default() {
            let time = if callee.since.is_some() { caller.start } else { callee.side.start };
            answered |= self.pair(&caller, &callee.side, callee.by_link, time);
        }
        self.seen[number as usize].is_answered |= answered;
    }

    /// Looks again for partners of a number that earlier rows may have told of.
    fn answer_or_ask(&mut self, number: u32) {
        if self.seen[number as usize].is_known {
            return self.answer(number);
        }
        let mut next = std::mem::replace(&mut self.first_waiting[number as usize], NONE);
        while next != NONE {
            let (callee, after) = self.waiting[next as usize];
            self.called_by(number, callee);
            next = after;
        }
    }

    /// Pairs `callee` with the carried span it names, when there is one.
    fn answered_by_carried(&mut self, key: u64, callee: &Callee) -> bool {
        let Some(caller) = self.callers.get(&key).map(|caller| caller.side) else { return false };
        let answered = self.pair(&caller, &callee.side, callee.by_link, callee.side.start);
        if let Some(caller) = self.callers.get_mut(&key) {
            caller.side.is_answered |= answered;
        }
        true
    }

    fn wait_by_key(&mut self, key: u64, callee: Callee) {
        self.mark(key);
        self.callees.entry(key).or_default().push(callee);
    }

    fn mark(&mut self, key: u64) {
        self.filter.resize(FILTER_BITS / 64, 0);
        let bit = key as usize % FILTER_BITS;
        self.filter[bit / 64] |= 1 << (bit % 64);
    }

    #[inline]
    fn may_be_carried(&self, key: u64) -> bool {
        let bit = key as usize % FILTER_BITS;
        self.filter.get(bit / 64).is_some_and(|word| word >> (bit % 64) & 1 == 1)
    }
}
