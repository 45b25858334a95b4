//! Where accepted batches go: the store's writer, or a test's.

use std::future::Future;
use std::pin::Pin;

use spoor_store::model::Batch;
use spoor_store::{Appended, Error, Writer};

/// A future that a trait object returns.
pub type AppendFuture<'a> = Pin<Box<dyn Future<Output = Result<Appended, Error>> + Send + 'a>>;

/// Takes batches.
pub trait Append: Send + Sync + 'static {
    /// Whether `bytes` more may come in; cheap, and asked before a body is read.
    ///
    /// # Errors
    /// Why not, and whether waiting helps.
    fn admit(&self, bytes: usize) -> Result<(), Error>;

    /// Stores a batch; done when it is durable and visible.
    fn append(&self, batch: Batch) -> AppendFuture<'_>;
}

impl Append for Writer {
    fn admit(&self, bytes: usize) -> Result<(), Error> {
        Writer::admit(self, bytes)
    }

    fn append(&self, batch: Batch) -> AppendFuture<'_> {
        Box::pin(Writer::append(self, batch))
    }
}
