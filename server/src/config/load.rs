//! Puts the configuration together: flag, then environment, then file, then default.
//!
//! Each source is read on its own against the types first, so that an error names the line, the variable or the
//! flag that is wrong; only then are they laid over each other.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::environment;
use super::keys::keys_of;
use super::sections::Config;
use super::yaml::{self, YamlError};

/// Far above any real file; a wrong path (a disk image, a log) is not read into memory.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Where the values come from.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// The YAML file, if one was named.
    pub file: Option<PathBuf>,
    /// The process's environment.
    pub environment: Vec<(String, String)>,
    /// The flags that were given.
    pub flags: Vec<Flag>,
}

/// A key that a flag set.
#[derive(Debug)]
pub(crate) struct Flag {
    /// The flag as the user writes it.
    pub name: &'static str,
    /// The key it sets.
    pub path: &'static [&'static str],
    /// The value it was given.
    pub value: Value,
}

/// The configuration, and where each value that is not a default came from.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub config: Config,
    pub origins: BTreeMap<Vec<String>, Origin>,
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Default,
    File(PathBuf),
    Environment(String),
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File(path) => write!(formatter, "{}", path.display()),
            Self::Environment(name) => formatter.write_str(name),
            Self::Flag(name) => formatter.write_str(name),
        }
    }
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("failed to read {}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{} has {bytes} bytes, more than the {FILE_BYTES_MAX} a configuration may have", path.display())]
    TooLong { path: PathBuf, bytes: u64 },
    #[error("the configuration is not valid\n{0}")]
    File(String),
    #[error("{name} in the environment sets no key{}", suggestion(nearest.as_deref()))]
    UnknownVariable { name: String, nearest: Option<String> },
    #[error("{name} in the environment is not valid: {message}")]
    Variable { name: String, message: String },
    #[error("the configuration is not valid: {0}")]
    Invalid(String),
}

/// Reads every source and lays them over each other.
///
/// # Errors
/// The first thing that is wrong, named by its place: line and column, variable, or key.
pub(crate) fn load(sources: &Sources) -> Result<Loaded, ConfigError> {
    let keys = keys_of::<Config>();
    let mut tree = Value::Object(Map::new());
    let mut origins = BTreeMap::new();
    if let Some(path) = &sources.file {
        tree = read_file(path)?;
        for key in keys.iter().filter(|key| lookup(&tree, key).is_some()) {
            origins.insert(owned(key), Origin::File(path.clone()));
        }
    }
    for (name, text) in &sources.environment {
        if !environment::is_ours(name, text) {
            continue;
        }
        let key = environment::key_of(name, &keys)
            .map_err(|nearest| ConfigError::UnknownVariable { name: name.clone(), nearest })?;
        place(&mut tree, key, read_variable(name, text, key)?);
        origins.insert(owned(key), Origin::Environment(name.clone()));
    }
    for flag in &sources.flags {
        place(&mut tree, flag.path, flag.value.clone());
        origins.insert(owned(flag.path), Origin::Flag(flag.name));
    }
    let config = typed(&tree).map_err(ConfigError::Invalid)?;
    config.validate().map_err(ConfigError::Invalid)?;
    Ok(Loaded { config, origins })
}

fn read_file(path: &Path) -> Result<Value, ConfigError> {
    let read_failed = |source| ConfigError::Read { path: path.to_owned(), source };
    let bytes = std::fs::metadata(path).map_err(read_failed)?.len();
    if bytes > FILE_BYTES_MAX {
        return Err(ConfigError::TooLong { path: path.to_owned(), bytes });
    }
    let text = std::fs::read_to_string(path).map_err(read_failed)?;
    let wrong = |error: YamlError| ConfigError::File(error.in_file(&path.display().to_string(), &text));
    let mut tree = match yaml::parse(&text).map_err(wrong)? {
        Value::Null => return Ok(Value::Object(Map::new())),
        tree => tree,
    };
    // The typed reading knows the keys and has the places; the tree only says which keys are there.
    yaml::parse::<Config>(&text).map_err(wrong)?;
    drop_nulls(&mut tree);
    Ok(tree)
}

/// Reads a variable as YAML and, where that does not fit its key, as the plain text it is.
fn read_variable(name: &str, text: &str, key: &[&str]) -> Result<Value, ConfigError> {
    let plain = Value::String(text.to_owned());
    let parsed = yaml::parse(text).ok().filter(|value: &Value| !value.is_null());
    let fits = |value: &Value| {
        let mut tree = Value::Object(Map::new());
        place(&mut tree, key, value.clone());
        typed(&tree)
    };
    if fits(&plain).is_ok() {
        return Ok(plain);
    }
    let value = parsed.unwrap_or(plain);
    match fits(&value) {
        Ok(_) => Ok(value),
        Err(message) => Err(ConfigError::Variable { name: name.to_owned(), message }),
    }
}

/// JSON is YAML: the same reader gives the tree the same meaning that the file's text had.
fn typed(tree: &Value) -> Result<Config, String> {
    yaml::parse(&tree.to_string()).map_err(|error| error.message)
}

/// A null is no value: the default shows through, and stands as one in what is printed.
fn drop_nulls(tree: &mut Value) {
    let Value::Object(entries) = tree else { return };
    entries.retain(|_, value| !value.is_null());
    entries.values_mut().for_each(drop_nulls);
}

pub(super) fn lookup<'a>(tree: &'a Value, path: &[impl AsRef<str>]) -> Option<&'a Value> {
    path.iter().try_fold(tree, |tree, key| tree.get(key.as_ref()))
}

fn place(tree: &mut Value, path: &[&str], value: Value) {
    let Some((key, rest)) = path.split_first() else {
        *tree = value;
        return;
    };
    if !tree.is_object() {
        *tree = Value::Object(Map::new());
    }
    if let Value::Object(entries) = tree {
        place(entries.entry(*key).or_insert(Value::Null), rest, value);
    }
}

fn owned(path: &[&str]) -> Vec<String> {
    path.iter().map(|key| (*key).to_owned()).collect()
}

fn suggestion(nearest: Option<&str>) -> String {
    match nearest {
        Some(name) => format!("; did you mean {name}?"),
        None => "; `spoor config print` lists every key".to_owned(),
    }
}
