//! The estate: a dozen services, their instances, and the resource and scopes each instance exports under.

use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::resource::v1::Resource;

use super::rng::{Rng, hex};
use super::values::{int, text};

/// A service of the estate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// Takes the customer's requests.
    Frontend,
    /// Places orders; starts the queue hops.
    Checkout,
    /// Shopping carts in Redis.
    Cart,
    /// Products in Postgres.
    ProductCatalog,
    /// Charges cards; knows the order as `app.order.id`.
    Payment,
    /// Reserves stock.
    Inventory,
    /// Quotes and ships; consumes the second hop.
    Shipping,
    /// Consumes orders; writes the order id into free text.
    Accounting,
    /// Consumes orders; writes the order id into JSON text.
    FraudDetection,
    /// Sends confirmations; knows the order as `app.order.id`.
    Email,
    /// Recommends products.
    Recommendation,
    /// Only logs, without trace context, with the order id in free text.
    LegacyBilling,
}

impl Service {
    /// All services, in the order of their discriminants.
    pub const ALL: [Self; 12] = [
        Self::Frontend,
        Self::Checkout,
        Self::Cart,
        Self::ProductCatalog,
        Self::Payment,
        Self::Inventory,
        Self::Shipping,
        Self::Accounting,
        Self::FraudDetection,
        Self::Email,
        Self::Recommendation,
        Self::LegacyBilling,
    ];

    /// The `service.name`.
    pub fn name(self) -> &'static str {
        self.profile().name
    }

    /// Whether its records carry `thread.name` and `thread.id`, as the Java agent's do.
    pub(super) fn has_threads(self) -> bool {
        self.profile().language == "java"
    }

    fn profile(self) -> Profile {
        let profile = |name, language, instances, span_scope, log_scope| Profile {
            name,
            language,
            instances,
            span_scope,
            log_scope,
        };
        match self {
            Self::Frontend => {
                profile("frontend", "nodejs", 3, "@opentelemetry/instrumentation-http", "frontend.pino")
            }
            Self::Checkout => profile("checkout", "go", 3, OTELGRPC, "checkout/slog"),
            Self::Cart => profile("cart", "dotnet", 2, "Microsoft.AspNetCore", "cart.services.CartService"),
            Self::ProductCatalog => profile("product-catalog", "go", 2, OTELGRPC, "product-catalog/slog"),
            Self::Payment => {
                profile("payment", "java", 2, "io.opentelemetry.grpc-1.6", "payment.ChargeService")
            }
            Self::Inventory => {
                profile("inventory", "java", 1, "io.opentelemetry.jdbc", "inventory.StockService")
            }
            Self::Shipping => {
                profile("shipping", "rust", 2, "opentelemetry-instrumentation-actix-web", "shipping")
            }
            Self::Accounting => {
                profile("accounting", "java", 2, "io.opentelemetry.kafka-clients-2.6", "accounting.Consumer")
            }
            Self::FraudDetection => profile(
                "fraud-detection",
                "java",
                1,
                "io.opentelemetry.kafka-clients-2.6",
                "frauddetection.main",
            ),
            Self::Email => {
                profile("email", "ruby", 2, "OpenTelemetry::Instrumentation::Sinatra", "email_server")
            }
            Self::Recommendation => profile(
                "recommendation",
                "python",
                2,
                "opentelemetry.instrumentation.grpc",
                "recommendation_server",
            ),
            Self::LegacyBilling => profile("legacy-billing", "java", 1, "", "billing.BatchRunner"),
        }
    }
}

const OTELGRPC: &str = "go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc";

struct Profile {
    name: &'static str,
    language: &'static str,
    instances: usize,
    span_scope: &'static str,
    log_scope: &'static str,
}

/// One running copy of a service, with what it exports under.
#[derive(Clone, Debug)]
pub struct Instance {
    /// Whose copy.
    pub service: Service,
    /// Its resource.
    pub resource: Resource,
    /// The scope of its spans.
    pub span_scope: InstrumentationScope,
    /// The scope of its log records.
    pub log_scope: InstrumentationScope,
}

/// All instances; those of one service lie together.
#[derive(Clone, Debug)]
pub struct Estate {
    /// The instances, by the index that records refer to.
    pub instances: Vec<Instance>,
    /// First instance of each service, by discriminant.
    first: [usize; Service::ALL.len()],
}

impl Estate {
    /// The estate for a seed: names and ids of its instances come from it.
    pub fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed, 0xe57a7e);
        let mut instances = Vec::new();
        let mut first = [0; Service::ALL.len()];
        for service in Service::ALL {
            first[service as usize] = instances.len();
            for _ in 0..service.profile().instances {
                instances.push(instance(service, &mut rng));
            }
        }
        Self { instances, first }
    }

    /// A random instance of `service`.
    pub(super) fn one_of(&self, service: Service, rng: &mut Rng) -> usize {
        self.first[service as usize] + rng.index(service.profile().instances)
    }
}

fn instance(service: Service, rng: &mut Rng) -> Instance {
    let profile = service.profile();
    let pod = format!("{}-{}-{}", profile.name, hex(&rng.bytes::<5>()), hex(&rng.bytes::<3>()));
    let resource = Resource {
        attributes: vec![
            text("service.name", profile.name),
            text("service.namespace", "shop"),
            text("service.version", format!("2.{}.{}", rng.below(9), rng.below(20))),
            text("service.instance.id", rng.uuid()),
            text("deployment.environment.name", "production"),
            text("host.name", format!("node-{:02}", rng.below(8))),
            text("k8s.namespace.name", "shop"),
            text("k8s.pod.name", pod),
            int("process.pid", rng.between(1, 60_000)),
            text("telemetry.sdk.language", profile.language),
            text("telemetry.sdk.name", "opentelemetry"),
            text("telemetry.sdk.version", "1.45.0"),
        ],
        ..Resource::default()
    };
    let scope = |name: &str, version: &str| InstrumentationScope {
        name: name.to_owned(),
        version: version.to_owned(),
        ..InstrumentationScope::default()
    };
    Instance {
        service,
        resource,
        span_scope: scope(profile.span_scope, "0.58.0"),
        log_scope: scope(profile.log_scope, ""),
    }
}
