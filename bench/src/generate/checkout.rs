//! The first trace of a flow: checkout, from the browser's request to the message on the queue.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::logs::v1::SeverityNumber::{Debug, Error, Info, Warn};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;

use super::calls::{call, database, end_call, fail_call};
use super::estate::Service;
use super::flow::{Fault, Order, Produced};
use super::hops;
use super::records::{OpenSpan, Stage};
use super::values::{double, flag, int, text};

/// Plays the trace; gives the message it put on the queue, if it came so far.
pub(super) fn play(stage: &mut Stage<'_>, order: &Order) -> Option<Produced> {
    let trace = stage.new_trace();
    let mut root =
        stage.begin_root(order.at(Service::Frontend), trace, SpanKind::Server, "POST /api/checkout");
    root.span.attributes.extend([
        text("http.request.method", "POST"),
        text("http.route", "/api/checkout"),
        text("url.path", "/api/checkout"),
        text("user_agent.original", stage.rng.pick(&AGENTS)),
        text("app.user.id", order.user.clone()),
    ]);
    stage.pass(100, 900);
    let body = format!("session {} resumed, {} items in view", order.session, stage.rng.between(1, 9));
    stage.log(
        &root,
        Debug,
        body,
        vec![text("http.request.method", "POST"), text("url.path", "/api/checkout")],
    );
    stage.log(&root, Info, format!("POST /api/checkout from {}", order.user), user(order));
    if stage.rng.per_mille(400) {
        recommend(stage, order, &root);
    }

    let produced = place_order(stage, order, &root);

    let status = if produced.is_some() { 200 } else { 500 };
    root.span.attributes.push(int("http.response.status_code", status));
    stage.pass(50, 400);
    let body = format!("request completed with {status} for cart of {} items", order.products.len());
    stage.log(&root, if status == 200 { Info } else { Error }, body, vec![text("url.path", "/api/checkout")]);
    match produced {
        Some(produced) if order.traces > 1 => {
            stage.end(root);
            Some(produced)
        }
        Some(_) => {
            stage.end(root);
            None
        }
        None => {
            stage.fail(root, "CheckoutError", "could not place order");
            None
        }
    }
}

const AGENTS: [&str; 4] = [
    "Mozilla/5.0 (X11; Linux x86_64) Firefox/144.0",
    "Mozilla/5.0 (Macintosh) Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0) Chrome/142.0",
    "shop-app/5.12 (Android 16)",
];

/// The checkout service's part; none when the order was not placed.
fn place_order(stage: &mut Stage<'_>, order: &Order, root: &OpenSpan) -> Option<Produced> {
    let (client, mut server) =
        call(stage, root, order.at(Service::Checkout), "oteldemo.CheckoutService", "PlaceOrder");
    server
        .span
        .attributes
        .extend([text("order.id", order.id.clone()), int("app.order.items", order.products.len() as u64)]);
    stage.log(&server, Info, format!("[PlaceOrder] user_id={} user_currency=EUR", order.user), user(order));
    cart(stage, order, &server, "GetCart", "HGET");
    for product in &order.products {
        catalog(stage, order, &server, product);
    }
    quote(stage, order, &server);
    reserve(stage, order, &server);
    let body =
        format!("order {} prepared, total {}.{:02} EUR", order.id, order.cents / 100, order.cents % 100);
    stage.log(&server, Info, body, vec![text("order.id", order.id.clone())]);
    if !charge(stage, order, &server) {
        stage.log(
            &server,
            Error,
            "failed to charge card: payment declined".to_owned(),
            vec![text("order.id", order.id.clone())],
        );
        stage.fail(server, "rpc.PermissionDenied", "failed to charge card");
        fail_call(stage, client);
        return None;
    }
    ship(stage, order, &server);
    cart(stage, order, &server, "EmptyCart", "HDEL");
    confirm(stage, order, &server);
    let produced = hops::produce(stage, &server, "orders");
    stage.log(
        &server,
        Info,
        "order placed".to_owned(),
        vec![text("order.id", order.id.clone()), text("app.order.state", "placed")],
    );
    end_call(stage, client, server);
    Some(produced)
}

fn recommend(stage: &mut Stage<'_>, order: &Order, parent: &OpenSpan) {
    let (client, mut server) = call(
        stage,
        parent,
        order.at(Service::Recommendation),
        "oteldemo.RecommendationService",
        "ListRecommendations",
    );
    server.span.attributes.push(int("app.products_recommended.count", stage.rng.between(3, 5)));
    if stage.rng.per_mille(600) {
        let product = stage.rng.pick(&["binoculars", "telescope", "lens cleaner"]);
        let body = format!("targeted ad request received for {product}, slot {}", stage.rng.below(40));
        stage.log(&server, Info, body, vec![text("app.ads.category", product)]);
    } else {
        stage.log(&server, Info, "Receive ListRecommendations for product ids".to_owned(), Vec::new());
    }
    end_call(stage, client, server);
}

fn cart(stage: &mut Stage<'_>, order: &Order, parent: &OpenSpan, method: &str, command: &str) {
    let (client, mut server) = call(stage, parent, order.at(Service::Cart), "oteldemo.CartService", method);
    server.span.attributes.push(text("app.user.id", order.user.clone()));
    let mut redis = stage.begin(server.instance, &server, SpanKind::Client, command);
    redis.span.attributes.extend([
        text("db.system.name", "redis"),
        text("db.query.text", format!("{command} {} cart", order.user)),
        text("server.address", "valkey-cart"),
        int("server.port", 6379),
        int("network.peer.port", 6379),
    ]);
    stage.pass(80, 700);
    stage.end(redis);
    stage.log(&server, Info, format!("{method} called with userId={}", order.user), user(order));
    if stage.rng.per_mille(800) {
        let body =
            format!("query for open orders of {} answered by replica {}", order.user, stage.rng.below(3));
        stage.log(&server, Debug, body, user(order));
    }
    end_call(stage, client, server);
}

fn catalog(stage: &mut Stage<'_>, order: &Order, parent: &OpenSpan, product: &str) {
    let (client, mut server) = call(
        stage,
        parent,
        order.at(Service::ProductCatalog),
        "oteldemo.ProductCatalogService",
        "GetProduct",
    );
    server.span.attributes.push(text("app.product.id", product));
    let db =
        database(stage, &server, "SELECT catalog.products", "SELECT * FROM catalog.products WHERE id = $1");
    if stage.rng.per_mille(850) {
        let body = format!("query joined with orders table took {} us", stage.rng.between(90, 8_000));
        stage.log(&db, Debug, body, vec![text("app.product.id", product)]);
    }
    stage.end(db);
    let body = format!("Product Found, ID: {product}, stock page {}", stage.rng.below(900));
    stage.log(&server, Info, body, vec![text("app.product.id", product)]);
    end_call(stage, client, server);
}

fn quote(stage: &mut Stage<'_>, order: &Order, parent: &OpenSpan) {
    let mut server = stage.begin(order.at(Service::Shipping), parent, SpanKind::Server, "POST /get-quote");
    let cents = stage.rng.between(300, 2_500);
    server.span.attributes.extend([
        text("http.request.method", "POST"),
        text("url.path", "/get-quote"),
        int("http.response.status_code", 200),
        int("app.quote.items.count", order.products.len() as u64),
        double("app.quote.cost.total", cents as f64 / 100.0),
    ]);
    stage.pass(200, 2_000);
    stage.log(&server, Info, format!("Sending Quote: {}.{:02}", cents / 100, cents % 100), Vec::new());
    stage.end(server);
}

fn reserve(stage: &mut Stage<'_>, order: &Order, parent: &OpenSpan) {
    let mut server = stage.begin(order.at(Service::Inventory), parent, SpanKind::Server, "Reserve");
    server.span.attributes.extend([
        text("rpc.system", "grpc"),
        text("rpc.method", "Reserve"),
        text("order.id", order.id.clone()),
    ]);
    let db = database(
        stage,
        &server,
        "UPDATE stock.levels",
        "UPDATE stock.levels SET reserved = reserved + ? WHERE sku = ?",
    );
    let body = format!(
        "executed query on open orders for sku {}, {} rows",
        order.products[0],
        stage.rng.between(1, 400)
    );
    stage.log(&db, Debug, body, vec![text("app.product.id", order.products[0])]);
    stage.end(db);
    if stage.rng.per_mille(150) {
        let body = format!("stock low for {}: {} left", order.products[0], stage.rng.below(10));
        stage.log(&server, Warn, body, Vec::new());
    }
    stage.log(&server, Info, "stock reserved".to_owned(), vec![text("order.id", order.id.clone())]);
    stage.end(server);
}

/// Charges the card; false when it was declined.
fn charge(stage: &mut Stage<'_>, order: &Order, parent: &OpenSpan) -> bool {
    let (client, mut server) =
        call(stage, parent, order.at(Service::Payment), "oteldemo.PaymentService", "Charge");
    let card = stage.rng.pick(&["visa", "mastercard", "amex"]);
    server.span.attributes.extend([
        text("app.order.id", order.id.clone()),
        text("app.payment.card_type", card),
        double("app.payment.amount", order.cents as f64 / 100.0),
    ]);
    let alias = vec![text("app.order.id", order.id.clone())];
    stage.log(&server, Info, format!("Charge request received, amount {} cents", order.cents), alias.clone());
    stage.pass(1_000, 9_000);
    if order.fault == Fault::PaymentDeclined {
        stage.log(&server, Error, "PaymentDeclinedException: card refused by issuer".to_owned(), alias);
        stage.fail(server, "PaymentDeclinedException", "card refused by issuer");
        fail_call(stage, client);
        return false;
    }
    server.span.attributes.push(flag("app.payment.charged", true));
    stage.log(&server, Info, format!("Transaction processed with {card}"), alias);
    end_call(stage, client, server);
    true
}

fn ship(stage: &mut Stage<'_>, order: &Order, parent: &OpenSpan) {
    let mut server = stage.begin(order.at(Service::Shipping), parent, SpanKind::Server, "POST /ship-order");
    server.span.attributes.extend([
        text("http.request.method", "POST"),
        text("url.path", "/ship-order"),
        int("http.response.status_code", 200),
        text("order.id", order.id.clone()),
    ]);
    stage.pass(300, 3_000);
    let tracking = stage.rng.below(1 << 40);
    stage.log(
        &server,
        Info,
        format!("Tracking ID Created: {tracking:010x}"),
        vec![text("order.id", order.id.clone())],
    );
    stage.end(server);
}

fn confirm(stage: &mut Stage<'_>, order: &Order, parent: &OpenSpan) {
    let mut server =
        stage.begin(order.at(Service::Email), parent, SpanKind::Server, "POST /send_order_confirmation");
    server.span.attributes.extend([
        text("http.request.method", "POST"),
        text("url.path", "/send_order_confirmation"),
        text("app.order.id", order.id.clone()),
        text("app.email.template", "confirmation"),
    ]);
    stage.pass(500, 6_000);
    if order.fault == Fault::EmailDown {
        server.span.attributes.push(int("http.response.status_code", 503));
        stage.log(
            &server,
            Error,
            "mail relay refused connection".to_owned(),
            vec![text("app.order.id", order.id.clone())],
        );
        stage.fail(server, "Net::OpenTimeout", "mail relay refused connection");
        return;
    }
    server.span.attributes.push(int("http.response.status_code", 200));
    let body = format!("Order confirmation email sent to: {}@example.com", order.user);
    stage.log(&server, Info, body, vec![text("app.order.id", order.id.clone())]);
    stage.end(server);
}

fn user(order: &Order) -> Vec<KeyValue> {
    vec![text("app.user.id", order.user.clone())]
}
