//! Correlation keys that need no configuration, with the spellings seen in the wild.

use super::config::KeyConfig;

/// Attribute names come from OpenTelemetry's semantic conventions (present and former), from HTTP headers as SDKs
/// and proxies record them, and from the usual field names of log libraries.
const KEYS: [(&str, &[&str], &[&str]); 6] = [
    (
        "correlation.id",
        &[
            "correlation.id",
            "correlation_id",
            "correlation-id",
            "correlationId",
            "correlationID",
            "correlationid",
            "CorrelationId",
            "CorrelationID",
            "app.correlation.id",
            "app.correlation_id",
            "x-correlation-id",
            "x_correlation_id",
            "X-Correlation-Id",
            "X-Correlation-ID",
            "http.request.header.x-correlation-id",
            "http.request.header.x_correlation_id",
            "http.request.header.correlation-id",
            "http.response.header.x-correlation-id",
            "http.response.header.x_correlation_id",
            "rpc.request.metadata.x-correlation-id",
            "rpc.grpc.request.metadata.x-correlation-id",
            "rpc.grpc.request.metadata.x_correlation_id",
            "messaging.message.conversation_id",
            "messaging.conversation_id",
            "messaging.header.correlation-id",
            "messaging.header.x-correlation-id",
        ],
        &[
            "$.correlationId",
            "$.correlation_id",
            "$.CorrelationId",
            "$['correlation.id']",
            "$['x-correlation-id']",
        ],
    ),
    (
        "request.id",
        &[
            "request.id",
            "request_id",
            "request-id",
            "requestId",
            "requestID",
            "RequestId",
            "RequestID",
            "req_id",
            "reqId",
            "app.request.id",
            "app.request_id",
            "x-request-id",
            "x_request_id",
            "X-Request-Id",
            "X-Request-ID",
            "guid:x-request-id",
            "http.request.id",
            "http.request_id",
            "http.request.header.x-request-id",
            "http.request.header.x_request_id",
            "http.response.header.x-request-id",
            "http.response.header.x_request_id",
            "rpc.request.metadata.x-request-id",
            "rpc.grpc.request.metadata.x-request-id",
            "aws.request_id",
            "aws.requestId",
            "faas.invocation_id",
            "faas.execution",
        ],
        &["$.requestId", "$.request_id", "$.RequestId", "$['request.id']", "$['x-request-id']"],
    ),
    (
        "message.id",
        &["messaging.message.id", "messaging.message_id", "message.id", "message_id", "messageId"],
        &[],
    ),
    // The ids that a support ticket most often names.
    (
        "order.id",
        &[
            "order.id",
            "order_id",
            "orderId",
            "orderID",
            "OrderId",
            "app.order.id",
            "app.order_id",
            "demo.order.id",
        ],
        &["$.orderId", "$.order_id", "$.orderID", "$.OrderId", "$['order.id']", "$.order.id"],
    ),
    (
        "payment.id",
        &["payment.id", "payment_id", "paymentId", "PaymentId", "app.payment.id", "app.payment_id"],
        &["$.paymentId", "$.payment_id", "$['payment.id']", "$.payment.id"],
    ),
    (
        "transaction.id",
        &["transaction.id", "transaction_id", "transactionId", "TransactionId", "app.transaction.id"],
        &["$.transactionId", "$.transaction_id", "$['transaction.id']"],
    ),
];

/// The built-in keys, as if they stood in the configuration.
pub(super) fn keys() -> Vec<KeyConfig> {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    KEYS.iter()
        .map(|(name, attributes, body_json)| KeyConfig {
            name: (*name).to_owned(),
            attributes: owned(attributes),
            body_json: owned(body_json),
            body_regex: Vec::new(),
        })
        .collect()
}
