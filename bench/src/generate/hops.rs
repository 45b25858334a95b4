//! What follows through the queue: consumers that start their own trace and link back, and the service that only logs.

use opentelemetry_proto::tonic::logs::v1::SeverityNumber::{Debug, Error, Info};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;

use super::calls::database;
use super::estate::Service;
use super::flow::{Fault, Order, Produced};
use super::records::{OpenSpan, Stage};
use super::values::{double, int, text};

/// Puts a message on `topic`.
pub(super) fn produce(stage: &mut Stage<'_>, parent: &OpenSpan, topic: &str) -> Produced {
    let mut span = stage.begin(parent.instance, parent, SpanKind::Producer, &format!("{topic} publish"));
    span.span.attributes.extend([
        text("messaging.system", "kafka"),
        text("messaging.destination.name", topic),
        text("messaging.operation.type", "publish"),
        int("messaging.destination.partition.id", stage.rng.below(12)),
        int("messaging.kafka.offset", stage.rng.below(4_000_000)),
    ]);
    stage.pass(200, 2_500);
    let produced = Produced::by(&span, stage);
    stage.end(span);
    produced
}

/// Plays the hops after checkout, as many as the order has traces left.
pub(super) fn play(stage: &mut Stage<'_>, order: &Order, message: &Produced) {
    let second = accounting(stage, order, message);
    if order.traces > 2 {
        fraud_detection(stage, order, message);
    }
    if let Some(second) = second {
        shipment(stage, order, &second);
    }
    legacy_billing(stage, order, message);
}

/// A consumer's root span: a new trace, linked to the span that produced the message.
fn consume(stage: &mut Stage<'_>, instance: usize, topic: &str, group: &str, message: &Produced) -> OpenSpan {
    stage.now = message.at;
    stage.pass(3_000, 900_000);
    let trace = stage.new_trace();
    let mut span = stage.begin_root(instance, trace, SpanKind::Consumer, &format!("{topic} process"));
    span.caller = Some(message.by);
    span.span.links.push(message.link.clone());
    span.span.attributes.extend([
        text("messaging.system", "kafka"),
        text("messaging.destination.name", topic),
        text("messaging.operation.type", "process"),
        text("messaging.consumer.group.name", group),
        int("messaging.destination.partition.id", stage.rng.below(12)),
    ]);
    stage.pass(200, 1_500);
    span
}

/// Knows the order only in free text: once with trace context, once without.
fn accounting(stage: &mut Stage<'_>, order: &Order, message: &Produced) -> Option<Produced> {
    let instance = order.at(Service::Accounting);
    let span = consume(stage, instance, "orders", "accounting", message);
    stage.log(
        &span,
        Info,
        format!("Order details: orderId: {} items {}", order.id, order.products.len()),
        Vec::new(),
    );
    let insert =
        database(stage, &span, "INSERT accounting.orders", "INSERT INTO accounting.orders VALUES (?, ?, ?)");
    let body = format!("query batch flushed to orders ledger, {} ms", stage.rng.between(1, 90));
    stage.log(&insert, Debug, body, Vec::new());
    if order.fault == Fault::AccountingInsert {
        stage.log(&insert, Error, "could not insert: deadlock detected".to_owned(), Vec::new());
        stage.fail(insert, "org.postgresql.util.PSQLException", "deadlock detected");
        stage.fail(span, "AccountingException", "order not booked");
        return None;
    }
    stage.end(insert);
    let produced = (order.traces > 3).then(|| produce(stage, &span, "shipments"));
    stage.log_by_id(
        instance,
        Info,
        format!("booked orderId: {} into ledger {}", order.id, stage.flow % 7),
        Vec::new(),
    );
    stage.end(span);
    produced
}

/// Knows the order only inside JSON text.
fn fraud_detection(stage: &mut Stage<'_>, order: &Order, message: &Produced) {
    let instance = order.at(Service::FraudDetection);
    let span = consume(stage, instance, "orders", "fraud-detection", message);
    let score = stage.rng.below(1000);
    let body = format!(
        r#"{{"event":"fraud.checked","orderId":"{}","score":{}.{:03},"items":{}}}"#,
        order.id,
        0,
        score,
        order.products.len()
    );
    stage.log(&span, Info, body.clone(), vec![double("app.fraud.score", score as f64 / 1000.0)]);
    if stage.rng.per_mille(500) {
        let body = body.replace("fraud.checked", "fraud.audited");
        stage.log_by_id(instance, Info, body, Vec::new());
    }
    stage.end(span);
}

/// Carries no correlation id at all: only the link joins it.
fn shipment(stage: &mut Stage<'_>, order: &Order, message: &Produced) {
    let instance = order.at(Service::Shipping);
    let span = consume(stage, instance, "shipments", "shipping", message);
    let label = database(stage, &span, "INSERT shipping.labels", "INSERT INTO shipping.labels VALUES (?, ?)");
    stage.end(label);
    let printer = stage.rng.below(6);
    stage.log(&span, Info, format!("label printed on printer {printer}"), Vec::new());
    stage.end(span);
}

/// Has no tracing: plain lines, a while later.
fn legacy_billing(stage: &mut Stage<'_>, order: &Order, message: &Produced) {
    let instance = order.at(Service::LegacyBilling);
    stage.now = message.at;
    stage.pass(800_000, 4_000_000);
    let body = format!(
        "BILLING RUN INV-{:06} orderId: {} amount {}",
        stage.rng.below(900_000),
        order.id,
        order.cents
    );
    stage.log_by_id(instance, Info, body, Vec::new());
    stage.pass(1_000, 30_000);
    stage.log_by_id(instance, Info, format!("invoice closed, orderId: {}", order.id), Vec::new());
}
