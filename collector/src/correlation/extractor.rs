//! The compiled extraction rules, applied to attributes and bodies.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use regex::{CaptureLocations, Regex, RegexBuilder};
use spoor_store::model::value::{array_items, map_entries};
use spoor_store::model::{KeyValueRef, ValueRef};

use super::config::CorrelationConfig;
use super::found::Found;
use super::json;
use super::path::{self, Node, Step};
use crate::error::{Error, Result};

/// Longest body that is read as JSON, in bytes.
const JSON_BYTES_MAX: usize = 64 << 10;
/// Bytes of a text body that expressions search.
const REGEX_TEXT_MAX: usize = 16 << 10;
/// Compiled size of one expression, and of its cache, in bytes.
const REGEX_SIZE_MAX: usize = 1 << 20;
/// Expressions of all keys together.
const REGEXES_MAX: usize = 32;
/// Name of the group that holds the id.
const GROUP: &str = "id";

/// Finds ids; made once from the configuration.
#[derive(Debug)]
pub(crate) struct Extractor {
    names: Vec<String>,
    /// Hashed without a random seed: the names come from the configuration, clients only look up.
    attributes: HashMap<Box<[u8]>, Vec<u16>, FixedState>,
    /// Bit `filter_bit(name)` is set for every attribute name looked for; most names are sorted out by it.
    filter: [u64; 16],
    paths: Node,
    /// Matches JSON text in which one of the paths may lead somewhere; `None` when any text may.
    json_hint: Option<Regex>,
    expressions: Vec<Expression>,
}

#[derive(Debug)]
struct Expression {
    key: u16,
    regex: Regex,
    group: usize,
}

/// Space for matches, used again for every body.
#[derive(Debug, Default)]
pub(crate) struct TextScratch {
    locations: Vec<CaptureLocations>,
}

impl Extractor {
    /// Compiles the rules.
    pub(crate) fn new(config: &CorrelationConfig) -> Result<Self> {
        config.check_names().map_err(|(place, problem)| Error::Correlation { place, problem })?;
        let mut extractor = Self {
            names: Vec::new(),
            attributes: HashMap::default(),
            filter: [0; 16],
            paths: Node::default(),
            json_hint: None,
            expressions: Vec::new(),
        };
        let mut hints = Vec::new();
        for (number, (place, key)) in (0_u16..).zip(config.merged()) {
            for attribute in &key.attributes {
                let bit = filter_bit(attribute.as_bytes());
                extractor.filter[bit / 64] |= 1 << (bit % 64);
                extractor.attributes.entry(attribute.as_bytes().into()).or_default().push(number);
            }
            for (index, path) in key.body_json.iter().enumerate() {
                let steps = path::parse(path).map_err(|problem| Error::Correlation {
                    place: format!("{place}.body_json[{index}]"),
                    problem,
                })?;
                hints.push(hint(&steps));
                extractor.paths.insert(&steps, number);
            }
            for (index, pattern) in key.body_regex.iter().enumerate() {
                let expression = Expression::new(number, pattern).map_err(|problem| Error::Correlation {
                    place: format!("{place}.body_regex[{index}]"),
                    problem,
                })?;
                extractor.expressions.push(expression);
            }
            extractor.names.push(key.name);
        }
        if extractor.expressions.len() > REGEXES_MAX {
            return Err(Error::Correlation {
                place: "correlation.keys".to_owned(),
                problem: format!("hold more than {REGEXES_MAX} body_regex"),
            });
        }
        let hints: Option<Vec<String>> = hints.into_iter().collect();
        extractor.json_hint = hints.and_then(|hints| Regex::new(&hints.join("|")).ok());
        Ok(extractor)
    }

    /// The name of a key.
    pub(crate) fn name(&self, key: u16) -> &str {
        self.names.get(usize::from(key)).map_or("", String::as_str)
    }

    /// Space for [`Extractor::text`].
    pub(crate) fn scratch(&self) -> TextScratch {
        let locations = self.expressions.iter().map(|expression| expression.regex.capture_locations());
        TextScratch { locations: locations.collect() }
    }

    /// Looks at an attribute of a record, event, scope or resource: its key, and its `KeyValue` message.
    #[inline]
    pub(crate) fn attribute(&self, key: &[u8], key_value: &[u8], found: &mut Found) {
        let bit = filter_bit(key);
        if self.filter[bit / 64] & 1 << (bit % 64) != 0 {
            self.likely_attribute(key, key_value, found);
        }
    }

    #[inline(never)]
    fn likely_attribute(&self, key: &[u8], key_value: &[u8], found: &mut Found) {
        let Some(keys) = self.attributes.get(key) else { return };
        each_id(KeyValueRef::parse(key_value).value, &mut |id| {
            keys.iter().for_each(|key| found.add(*key, id))
        });
    }

    /// Looks into a text body: as JSON when it looks like it, and by the expressions.
    pub(crate) fn text(&self, text: &str, scratch: &mut TextScratch, found: &mut Found) {
        if !self.paths.is_empty() && looks_like_json(text) && text.len() <= JSON_BYTES_MAX {
            let may_lead = self.json_hint.as_ref().is_none_or(|hint| hint.is_match(text));
            if may_lead {
                json::follow(text, &self.paths, found);
            }
        }
        if self.expressions.is_empty() {
            return;
        }
        let text = text.get(..text.floor_char_boundary(REGEX_TEXT_MAX)).unwrap_or_default();
        for (expression, locations) in self.expressions.iter().zip(&mut scratch.locations) {
            expression.find(text, locations, found);
        }
    }

    /// Looks into a structured body.
    pub(crate) fn structured(&self, value: ValueRef<'_>, found: &mut Found) {
        if !self.paths.is_empty() {
            follow(value, &self.paths, found);
        }
    }
}

impl Expression {
    fn new(key: u16, pattern: &str) -> std::result::Result<Self, String> {
        let regex = RegexBuilder::new(pattern)
            .size_limit(REGEX_SIZE_MAX)
            .dfa_size_limit(REGEX_SIZE_MAX)
            .build()
            .map_err(|error| error.to_string())?;
        let group = regex.capture_names().position(|name| name == Some(GROUP));
        let group = group.ok_or_else(|| format!("{pattern:?} must have a group named id: (?<id>…)"))?;
        Ok(Self { key, regex, group })
    }

    fn find(&self, text: &str, locations: &mut CaptureLocations, found: &mut Found) {
        let mut start = 0;
        while let Some(matched) = self.regex.captures_read_at(locations, text, start) {
            if let Some((from, to)) = locations.get(self.group) {
                found.add(self.key, text.get(from..to).unwrap_or_default());
            }
            // An empty match would be found again for ever.
            if matched.is_empty() || found.is_full() {
                return;
            }
            start = matched.end();
        }
    }
}

/// Strings and integers are ids; of an array (as HTTP headers are recorded) every such item is.
fn each_id(value: ValueRef<'_>, visit: &mut impl FnMut(&str)) {
    match value {
        ValueRef::Str(text) => visit(text),
        ValueRef::Int(int) => visit(&int.to_string()),
        ValueRef::Array(array) => {
            for item in array_items(array) {
                match item {
                    ValueRef::Str(text) => visit(text),
                    ValueRef::Int(int) => visit(&int.to_string()),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

/// Recursion ends with the paths, which are short.
fn follow(value: ValueRef<'_>, node: &Node, found: &mut Found) {
    each_id(value, &mut |id| node.ends.iter().for_each(|key| found.add(*key, id)));
    match value {
        ValueRef::Map(map) => {
            for entry in map_entries(map) {
                if let Some(child) = node.key(entry.key) {
                    follow(entry.value, child, found);
                }
            }
        }
        ValueRef::Array(array) => {
            for (index, item) in array_items(array).enumerate() {
                if let Some(child) = node.item(index) {
                    follow(item, child, found);
                }
            }
        }
        _ => {}
    }
}

fn looks_like_json(text: &str) -> bool {
    matches!(text.trim_start().as_bytes().first(), Some(b'{' | b'['))
}

/// A literal that JSON text must hold for the path to lead somewhere; `None` for a path of positions only.
fn hint(steps: &[Step]) -> Option<String> {
    steps.iter().rev().find_map(|step| match step {
        Step::Key(name) => Some(regex::escape(&format!("\"{}\"", json_escaped(name)))),
        Step::Item(_) => None,
    })
}

fn json_escaped(name: &str) -> String {
    name.replace('\\', "\\\\").replace('"', "\\\"")
}

/// A number below 1024 from a name's length and four of its bytes.
#[inline]
fn filter_bit(name: &[u8]) -> usize {
    let len = name.len();
    if len == 0 {
        return 0;
    }
    let byte = |index: usize| usize::from(name[index]);
    let mixed = len * 7 + byte(0) * 131 + byte(len / 2) * 31 + byte(len - 1) * 61 + byte(len * 3 / 4) * 17;
    mixed & 1023
}
