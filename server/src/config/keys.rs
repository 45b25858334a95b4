//! The list of settable keys, read off the configuration types themselves, so that it cannot go stale.
//!
//! A derived `Deserialize` tells its deserializer the fields it knows. The probe here walks one path, notes the
//! fields it finds at its end, and stops.

use std::cell::Cell;

use serde::de::value::{Error as Stopped, StrDeserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IntoDeserializer as _, MapAccess, Visitor,
};
use serde::forward_to_deserialize_any;

/// Sections inside sections inside sections: deeper ones are set as a whole.
const DEPTH_MAX: usize = 4;

/// The names from the root to one value.
pub(crate) type KeyPath = Vec<&'static str>;

/// Returns every key of `T` that is not itself a section, in the order of its definition.
pub(crate) fn keys_of<T: DeserializeOwned>() -> Vec<KeyPath> {
    let mut keys = Vec::new();
    collect::<T>(&mut Vec::new(), &mut keys);
    keys
}

fn collect<T: DeserializeOwned>(path: &mut KeyPath, keys: &mut Vec<KeyPath>) {
    let fields = if path.len() < DEPTH_MAX { fields_at::<T>(path) } else { None };
    let Some(fields) = fields else { return keys.push(path.clone()) };
    for field in fields {
        path.push(field);
        collect::<T>(path, keys);
        path.pop();
    }
}

/// Returns the fields of the struct at `path`, or nothing when a value stands there.
fn fields_at<T: DeserializeOwned>(path: &[&'static str]) -> Option<&'static [&'static str]> {
    let found = Cell::new(None);
    // The probe always stops with an error; what it found is in the cell.
    drop(T::deserialize(Probe { path, found: &found }));
    found.get()
}

struct Probe<'a> {
    path: &'a [&'static str],
    found: &'a Cell<Option<&'static [&'static str]>>,
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Stopped;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stopped> {
        match self.path.split_first() {
            Some((key, rest)) => {
                visitor.visit_map(OneEntry { key: Some(key), value: Probe { path: rest, found: self.found } })
            }
            None => {
                self.found.set(Some(fields));
                Err(Stopped::custom("found"))
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stopped> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Stopped> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Stopped> {
        Err(Stopped::custom("a value"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map enum identifier ignored_any
    }
}

struct OneEntry<'a> {
    key: Option<&'static str>,
    value: Probe<'a>,
}

impl<'de> MapAccess<'de> for OneEntry<'_> {
    type Error = Stopped;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Stopped> {
        let Some(key) = self.key.take() else { return Ok(None) };
        let key: StrDeserializer<'_, Stopped> = key.into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Stopped> {
        seed.deserialize(Probe { path: self.value.path, found: self.value.found })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[expect(dead_code, reason = "only the fields' names are read")]
    #[derive(Deserialize)]
    struct Root {
        plain: u32,
        nested: Nested,
        maybe: Option<Nested>,
        map: BTreeMap<String, Nested>,
        list: Vec<Nested>,
    }

    #[expect(dead_code, reason = "only the fields' names are read")]
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Nested {
        first: Choice,
        second_part: String,
    }

    #[derive(Deserialize)]
    enum Choice {
        One,
    }

    #[test]
    fn keys_are_leaves_and_maps_are_set_as_a_whole() {
        let keys: Vec<String> = keys_of::<Root>().iter().map(|path| path.join(".")).collect();
        assert_eq!(
            keys,
            [
                "plain",
                "nested.first",
                "nested.second_part",
                "maybe.first",
                "maybe.second_part",
                "map",
                "list"
            ]
        );
        assert!(matches!(Choice::One, Choice::One));
    }
}
