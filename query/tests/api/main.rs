//! The API over a real store: one file for each call.

mod errors;
mod fields;
mod find;
mod flows;
mod histogram;
mod otlp;
mod search;
mod services;
mod world;
