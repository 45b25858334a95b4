//! `SPOOR_SECTION_KEY` names: which key each one sets, and which ones are nobody's.

use super::keys::KeyPath;
use super::yaml::nearest;

/// What every name of ours starts with.
pub(crate) const PREFIX: &str = "SPOOR_";

/// Names that steer the program or its build, and set no key.
const NOT_KEYS: [&str; 5] =
    ["SPOOR_CONFIG", "SPOOR_UI", "SPOOR_BUILD_COMMIT", "SPOOR_SERVER", "SPOOR_TENANT"];

/// Returns the name that sets the key at `path`.
pub(crate) fn name_of(path: &[&str]) -> String {
    format!("{PREFIX}{}", path.join("_").to_uppercase())
}

/// Returns the key that `name` sets.
///
/// # Errors
/// The known name that is most like it, if any is.
pub(crate) fn key_of<'a>(name: &str, keys: &'a [KeyPath]) -> Result<&'a KeyPath, Option<String>> {
    if let Some(path) = keys.iter().find(|path| name_of(path) == name) {
        return Ok(path);
    }
    // The prefix they all share would make every name like every other.
    let known: Vec<String> = keys.iter().map(|path| name_of(path)).collect();
    Err(nearest(tail(name), known.iter().map(|known| tail(known))).map(|near| format!("{PREFIX}{near}")))
}

/// Returns whether a variable is one that should set a key: it has the prefix, and no other known meaning.
pub(crate) fn is_ours(name: &str, value: &str) -> bool {
    name.starts_with(PREFIX) && !NOT_KEYS.contains(&name) && !is_service_link(name, value)
}

/// Kubernetes gives every container `NAME_SERVICE_HOST`, `NAME_PORT_4317_TCP_ADDR` and so on for each service in
/// the namespace; with a service called `spoor` or `spoor-query` they carry our prefix.
fn is_service_link(name: &str, value: &str) -> bool {
    if name.ends_with("_SERVICE_HOST") || name.ends_with("_SERVICE_PORT") || name.contains("_SERVICE_PORT_") {
        return true;
    }
    let transports = ["tcp://", "udp://", "sctp://"];
    if name.ends_with("_PORT") && transports.iter().any(|transport| value.starts_with(transport)) {
        return true;
    }
    let Some((_, port)) = name.rsplit_once("_PORT_") else { return false };
    let Some((number, rest)) = port.split_once('_') else { return false };
    let transport = rest.split('_').next().unwrap_or_default();
    number.parse::<u16>().is_ok() && ["TCP", "UDP", "SCTP"].contains(&transport)
}

fn tail(name: &str) -> &str {
    name.strip_prefix(PREFIX).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Vec<KeyPath> {
        vec![vec!["listen", "otlp_grpc"], vec!["store", "split_records"], vec!["owners"]]
    }

    #[test]
    fn a_name_sets_the_key_of_its_section() {
        assert_eq!(key_of("SPOOR_STORE_SPLIT_RECORDS", &keys()), Ok(&vec!["store", "split_records"]));
        assert_eq!(key_of("SPOOR_OWNERS", &keys()), Ok(&vec!["owners"]));
    }

    #[test]
    fn a_wrong_name_suggests_the_nearest_or_nothing() {
        assert_eq!(
            key_of("SPOOR_STORE_SPLIT_RECORD", &keys()),
            Err(Some("SPOOR_STORE_SPLIT_RECORDS".to_owned()))
        );
        assert_eq!(key_of("SPOOR_ZZZ", &keys()), Err(None));
    }

    #[test]
    fn service_links_and_other_programs_are_left_alone() {
        for (name, value) in [
            ("SPOOR_SERVICE_HOST", "10.0.0.1"),
            ("SPOOR_SERVICE_PORT_OTLP_GRPC", "4317"),
            ("SPOOR_QUERY_PORT", "tcp://10.0.0.1:16686"),
            ("SPOOR_PORT_4317_TCP", "tcp://10.0.0.1:4317"),
            ("SPOOR_PORT_4317_TCP_ADDR", "10.0.0.1"),
            ("SPOOR_CONFIG", "spoor.yaml"),
            ("SPOOR_SERVER", "http://127.0.0.1:16686"),
            ("SPOOR_TENANT", "shop"),
            ("SPOORLESS", "1"),
        ] {
            assert!(!is_ours(name, value), "{name}");
        }
        assert!(is_ours("SPOOR_LISTEN_PORT", "4317"));
    }
}
