//! A server that keeps everything in memory and answers by scanning: slow, plain, and right.
//!
//! It stands in for Spoor where the benchmark itself is tested: a right server passes, one that forgets is caught.
//! `serve` listens, `memory` is what it keeps, `answers` what it says; requests lie in one file, read back at start.

mod answers;
mod memory;
mod serve;

pub use serve::serve;
