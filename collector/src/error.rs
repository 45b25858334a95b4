//! What can go wrong while the collector is built.

/// Result of building a part of the collector.
pub type Result<T> = std::result::Result<T, Error>;

/// The collector cannot be built as it is configured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A correlation rule is wrong.
    #[error("{place} {problem}")]
    Correlation {
        /// Where it stands in the configuration.
        place: String,
        /// What is wrong, and what to write instead.
        problem: String,
    },
    /// A setting is out of bounds.
    #[error("{0}")]
    Config(String),
    /// The HTTP client that forwards metrics could not be made.
    #[error("failed to make the HTTP client for forwarding metrics")]
    Client {
        /// Why.
        source: reqwest::Error,
    },
    /// The descriptors that gRPC reflection serves do not read.
    #[error("failed to prepare gRPC reflection")]
    Reflection {
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    /// What the caller can do about it.
    pub fn kind(&self) -> spoor_runtime::ErrorKind {
        match self {
            Self::Correlation { .. } | Self::Config(_) => spoor_runtime::ErrorKind::Invalid,
            Self::Client { .. } | Self::Reflection { .. } => spoor_runtime::ErrorKind::Internal,
        }
    }
}
