//! The `correlation:` section of the configuration.

use serde::{Deserialize, Serialize};

use super::builtin;
use super::extractor::Extractor;

/// Keys that may be configured, built-in ones not counted.
const KEYS_MAX: usize = 64;
/// Longest name of a key, in bytes.
const NAME_MAX: usize = 64;

/// Which ids join records into flows, and where they are found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CorrelationConfig {
    /// Whether the built-in keys (`correlation.id`, `request.id`, `order.id` and others) are looked for.
    pub builtin: bool,
    /// More keys. One with the name of a built-in key adds to it.
    pub keys: Vec<KeyConfig>,
}

/// One correlation key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeyConfig {
    /// Its name, in the index, the API and the page: `order.id`.
    pub name: String,
    /// Names of attributes that hold it, on spans, logs, events, scopes and resources.
    pub attributes: Vec<String>,
    /// Where it stands in log bodies that are structured or JSON text: `$.order.id`, `$.orders[0].id`, `$['order-id']`.
    pub body_json: Vec<String>,
    /// How it stands in text bodies: a regular expression with a group named `id`.
    pub body_regex: Vec<String>,
}

impl Default for CorrelationConfig {
    fn default() -> Self {
        Self { builtin: true, keys: Vec::new() }
    }
}

impl CorrelationConfig {
    /// Checks names, paths and regular expressions.
    ///
    /// # Errors
    /// A sentence that names the key of the configuration and what to write instead.
    pub fn validate(&self) -> Result<(), String> {
        Extractor::new(self).map(|_| ()).map_err(|error| spoor_runtime::error_kind::chain(&error))
    }

    /// Every key with the attribute names it is known under, the built-in ones included, for queries over records that
    /// were stored before a key was configured.
    pub fn attribute_names(&self) -> Vec<(String, Vec<String>)> {
        self.merged().into_iter().map(|(_, key)| (key.name, key.attributes)).collect()
    }

    /// The keys in force, each with where it stands in the configuration.
    pub(super) fn merged(&self) -> Vec<(String, KeyConfig)> {
        let builtin = if self.builtin { builtin::keys() } else { Vec::new() };
        let mut merged: Vec<(String, KeyConfig)> =
            builtin.into_iter().map(|key| (format!("built-in key {}", key.name), key)).collect();
        for (index, key) in self.keys.iter().enumerate() {
            let place = format!("correlation.keys[{index}]");
            match merged.iter_mut().find(|(_, known)| known.name == key.name) {
                Some((known_place, known)) => {
                    *known_place = place;
                    extend(&mut known.attributes, &key.attributes);
                    extend(&mut known.body_json, &key.body_json);
                    extend(&mut known.body_regex, &key.body_regex);
                }
                None => merged.push((place, key.clone())),
            }
        }
        merged
    }

    /// What the names must be; paths and expressions are checked where they are compiled.
    pub(super) fn check_names(&self) -> Result<(), (String, String)> {
        let problem = |place: String, problem: &str| Err((place, problem.to_owned()));
        if self.keys.len() > KEYS_MAX {
            return problem("correlation.keys".to_owned(), &format!("must be at most {KEYS_MAX}"));
        }
        for (index, key) in self.keys.iter().enumerate() {
            let place = format!("correlation.keys[{index}]");
            let valid = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
            if key.name.is_empty() || key.name.len() > NAME_MAX || !key.name.bytes().all(valid) {
                return problem(
                    format!("{place}.name"),
                    &format!("must be 1-{NAME_MAX} characters of A-Z a-z 0-9 . _ - (got {:?})", key.name),
                );
            }
            if self.keys.iter().take(index).any(|earlier| earlier.name == key.name) {
                return problem(
                    format!("{place}.name"),
                    &format!("repeats {:?}; put both into one key", key.name),
                );
            }
            if key.attributes.is_empty() && key.body_json.is_empty() && key.body_regex.is_empty() {
                return problem(place, "must say where the id is: attributes, body_json or body_regex");
            }
            if key.attributes.iter().any(String::is_empty) {
                return problem(format!("{place}.attributes"), "must not hold an empty name");
            }
        }
        Ok(())
    }
}

fn extend(known: &mut Vec<String>, more: &[String]) {
    for item in more {
        if !known.contains(item) {
            known.push(item.clone());
        }
    }
}
