//! Follows paths through JSON text without building the document.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::found::Found;
use super::path::Node;

/// Adds to `found` what stands in `text` at the paths of `node`; text that is not JSON adds what came before the fault.
pub(super) fn follow(text: &str, node: &Node, found: &mut Found) {
    let mut document = serde_json::Deserializer::from_str(text);
    // A body that only looks like JSON is no error.
    drop(At { node, found, inside_end: false }.deserialize(&mut document));
}

/// Where the walk stands.
struct At<'n, 'f> {
    node: &'n Node,
    found: &'f mut Found,
    /// Whether this is an item of an array in which a path ends: `$.orderIds` takes every scalar of the array.
    inside_end: bool,
}

impl At<'_, '_> {
    fn scalar(self, text: &str) {
        for &key in &self.node.ends {
            self.found.add(key, text);
        }
    }
}

impl<'de> DeserializeSeed<'de> for At<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for At<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON value")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.scalar(text);
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        if !self.node.ends.is_empty() {
            self.scalar(&number.to_string());
        }
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        if !self.node.ends.is_empty() {
            self.scalar(&number.to_string());
        }
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { node, found, inside_end } = self;
        while let Some(child) = map.next_key_seed(Child(node))? {
            match child.filter(|_| !inside_end) {
                Some(node) => map.next_value_seed(At { node, found: &mut *found, inside_end: false })?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Self { node, found, inside_end } = self;
        for index in 0.. {
            let item = match node.item(index).filter(|_| !inside_end) {
                Some(node) => items.next_element_seed(At { node, found: &mut *found, inside_end: false })?,
                None if node.ends.is_empty() || inside_end => items.next_element::<IgnoredAny>()?.map(|_| ()),
                None => items.next_element_seed(At { node, found: &mut *found, inside_end: true })?,
            };
            if item.is_none() {
                break;
            }
        }
        Ok(())
    }
}

/// Reads a key of a map, as the node that lies under it.
struct Child<'n>(&'n Node);

impl<'de, 'n> DeserializeSeed<'de> for Child<'n> {
    type Value = Option<&'n Node>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'n> Visitor<'_> for Child<'n> {
    type Value = Option<&'n Node>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.key(key))
    }
}
