//! What is indexed: the terms of a record, and how text becomes tokens.

pub(crate) mod term;
pub(crate) mod tokenizer;
