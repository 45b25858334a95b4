//! One flow: an order from the first click to the last queue hop, over one to four traces.

use opentelemetry_proto::tonic::logs::v1::SeverityNumber;
use opentelemetry_proto::tonic::trace::v1::span::Link;

use super::checkout;
use super::estate::{Estate, Service};
use super::hops;
use super::records::{Emitted, OpenSpan, Stage};
use super::rng::{Rng, hex};
use super::values::string;
use crate::truth::FlowTruth;

/// The instances that serve one flow, and what the flow is about.
pub(super) struct Order {
    /// The correlation id.
    pub(super) id: String,
    /// The customer, out of a pool.
    pub(super) user: String,
    /// The customer's session: one for each customer.
    pub(super) session: String,
    /// The products bought.
    pub(super) products: Vec<&'static str>,
    /// Total in cents.
    pub(super) cents: u64,
    /// How many traces the flow has if nothing fails before the queue.
    pub(super) traces: u64,
    /// What goes wrong.
    pub(super) fault: Fault,
    cast: [usize; Service::ALL.len()],
}

/// What goes wrong in a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nothing.
    None,
    /// The card is refused: no queue hop follows.
    PaymentDeclined,
    /// The confirmation is not sent; the order goes through.
    EmailDown,
    /// The accounting consumer fails on its insert.
    AccountingInsert,
}

impl Order {
    /// The instance of `service` that serves this flow.
    pub(super) fn at(&self, service: Service) -> usize {
        self.cast[service as usize]
    }
}

/// A producer span that has ended, for consumers to link to.
pub(super) struct Produced {
    /// Who sent the message.
    pub(super) by: Service,
    /// The link a consumer holds.
    pub(super) link: Link,
    /// When the message was in the queue.
    pub(super) at: u64,
}

impl Produced {
    /// Remembers `span`, which ends now.
    pub(super) fn by(span: &OpenSpan, stage: &Stage<'_>) -> Self {
        let by = stage.estate.instances[span.instance].service;
        Self { by, link: super::records::link_to(span), at: stage.now }
    }
}

const PRODUCTS: [&str; 10] = [
    "OLJCESPC7Z",
    "66VCHSJNUP",
    "1YMWWN1N4O",
    "L9ECAV7KIM",
    "2ZYFJ3GM2N",
    "0PUK6V6EV0",
    "LS4PSXUNUM",
    "9SIQT8TOJO",
    "6E92ZMYYFZ",
    "HQTGWGPNH4",
];

/// Plays flow number `flow`, starting at `start`: its records, by no particular order, and its truth.
pub(super) fn play(
    estate: &Estate,
    rng: &mut Rng,
    flow: u32,
    start: u64,
    unique_attributes: usize,
) -> (Vec<Emitted>, FlowTruth) {
    let order = order(estate, rng);
    let truth = FlowTruth { id: order.id.clone(), ..FlowTruth::default() };
    let emitted = Vec::with_capacity(64);
    let session = order.session.clone();
    let mut stage = Stage { estate, rng, now: start, truth, flow, session, unique_attributes, emitted };

    let produced = checkout::play(&mut stage, &order);
    if let Some(produced) = produced {
        hops::play(&mut stage, &order, &produced);
    }
    noise(&mut stage);
    (stage.emitted, stage.truth)
}

fn order(estate: &Estate, rng: &mut Rng) -> Order {
    let products = (0..rng.between(1, 2)).map(|_| rng.pick(&PRODUCTS)).collect();
    let traces = match rng.below(100) {
        0..30 => 1,
        30..62 => 2,
        62..85 => 3,
        _ => 4,
    };
    let fault = match rng.below(1000) {
        0..30 => Fault::PaymentDeclined,
        30..45 => Fault::EmailDown,
        45..55 => Fault::AccountingInsert,
        _ => Fault::None,
    };
    let user = rng.below(5_000);
    Order {
        id: rng.uuid(),
        user: format!("user-{user:05}"),
        session: hex(&Rng::new(user, 0x5e55).bytes::<8>()),
        products,
        cents: rng.between(500, 90_000),
        traces,
        fault,
        cast: Service::ALL.map(|service| estate.one_of(service, rng)),
    }
}

/// Records that belong to no flow: housekeeping of whichever instance.
fn noise(stage: &mut Stage<'_>) {
    if !stage.rng.per_mille(600) {
        return;
    }
    let service = stage.rng.pick(&Service::ALL);
    let instance = stage.estate.one_of(service, stage.rng);
    let (severity, body) = match stage.rng.below(4) {
        0 => (
            SeverityNumber::Debug,
            format!("heap after collection: {} KiB", stage.rng.between(20_000, 90_000)),
        ),
        1 => (SeverityNumber::Info, format!("cache refreshed, {} entries", stage.rng.between(100, 4_000))),
        2 => (SeverityNumber::Info, "health probe answered".to_owned()),
        _ => (SeverityNumber::Warn, format!("slow disk: flush took {} ms", stage.rng.between(50, 900))),
    };
    stage.noise(instance, severity, string(body));
}
