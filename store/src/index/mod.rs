//! What is indexed — the terms of a record, and how text becomes tokens — and how a predicate is evaluated.

pub(crate) mod evaluate;
pub(crate) mod matching;
pub(crate) mod term;
pub(crate) mod tokenizer;
