//! From the search language to what leaves are asked: names become typed fields, time prunes leaves.
//!
//! | module | owns |
//! |---|---|
//! | [`resolve`] | tree → [`spoor_store::predicate::Predicate`] |
//! | [`fields`] | the fields that are not attributes, and what each takes |
//! | [`narrow`] | words that a regex cannot do without |
//! | [`severity`] | names in order |
//! | [`values`] | conditions on text, numbers and durations |
//! | [`origins`] | a field's name → the places where a record's value of it stands |
//! | [`prune`] | which leaves of a snapshot a query visits |

pub(crate) mod fields;
mod narrow;
pub(crate) mod origins;
pub(crate) mod prune;
pub(crate) mod resolve;
mod severity;
#[cfg(test)]
mod tests;
pub(crate) mod values;

pub(crate) use resolve::Resolver;
