//! Correlation keys as queries know them: names, and the attributes that held an id before it was extracted.

/// A correlation key and its aliases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyAliases {
    /// Its name.
    pub name: String,
    /// Attributes whose values are extracted under it.
    pub attributes: Vec<String>,
    /// Whether every Spoor knows it. Only records from before a key was configured lack their extracted ids, so keys
    /// that are built in are not looked for under their aliases when an id without a key is not found.
    pub built_in: bool,
}

/// All configured correlation keys.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keys {
    keys: Vec<KeyAliases>,
}

impl Keys {
    pub(crate) fn new(keys: Vec<KeyAliases>) -> Self {
        Self { keys }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&KeyAliases> {
        self.keys.iter().find(|key| key.name == name)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|key| key.name.as_str())
    }

    /// Keys that this installation added.
    pub(crate) fn configured(&self) -> impl Iterator<Item = &KeyAliases> {
        self.keys.iter().filter(|key| !key.built_in)
    }
}
