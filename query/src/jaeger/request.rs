//! What a request of Jaeger's API asks: parameters, tenant. Parameters that a call does not know are passed over, as
//! Jaeger does.

use axum::extract::{FromRequestParts, Path, Query};
use http::request::Parts;
use http::{HeaderMap, HeaderName};
use spoor_store::model::Tenant;

use super::{go, trace_id};
use crate::error::{Error, Result};

/// Headers that name the tenant; the first one given counts. Jaeger's own default is the second.
const TENANT_HEADERS: [HeaderName; 2] =
    [HeaderName::from_static("x-scope-orgid"), HeaderName::from_static("x-tenant")];

/// Nanoseconds in a millisecond.
pub(crate) const NANOS_PER_MILLI: u64 = 1_000_000;

/// A request.
pub(crate) struct Request {
    parts: Parts,
}

impl<S: Sync> FromRequestParts<S> for Request {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> std::result::Result<Self, Self::Rejection> {
        Ok(Self { parts: parts.clone() })
    }
}

/// The tenant that headers or metadata name.
pub(crate) fn tenant(headers: &HeaderMap) -> Result<Tenant> {
    match TENANT_HEADERS.iter().find_map(|name| headers.get(name)) {
        None => Ok(Tenant::default()),
        Some(name) => Ok(Tenant::new(&String::from_utf8_lossy(name.as_bytes()))?),
    }
}

impl Request {
    pub(crate) fn tenant(&self) -> Result<Tenant> {
        tenant(&self.parts.headers)
    }

    /// The parameter in the path.
    pub(crate) async fn path(&mut self) -> Result<String> {
        let found = Path::<String>::from_request_parts(&mut self.parts, &()).await;
        found.map(|Path(value)| value).map_err(|_| Error::malformed("path is not percent-encoded UTF-8"))
    }

    pub(crate) fn params(&self) -> Params {
        // What cannot be read as a pair is passed over like what is not known.
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(&self.parts.uri);
        Params { pairs: pairs.map(|Query(pairs)| pairs).unwrap_or_default() }
    }
}

/// The parameters of a request.
pub(crate) struct Params {
    pairs: Vec<(String, String)>,
}

impl Params {
    /// Every value of `name`.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The first value of `name`; an empty one counts as not given.
    pub(crate) fn first(&self, name: &str) -> Option<&str> {
        let mut values = self.pairs.iter().filter(|(key, _)| key == name);
        values.next().map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The first of `names` that is given, with its value.
    pub(crate) fn either<'a>(&self, names: &[&'a str]) -> Option<(&'a str, &str)> {
        names.iter().find_map(|name| Some((*name, self.first(name)?)))
    }

    /// A parameter of the classic API, read by `read`.
    pub(crate) fn classic<T>(
        &self,
        name: &str,
        read: impl Fn(&str) -> std::result::Result<T, String>,
    ) -> Result<Option<T>> {
        let wrong = |why| Error::malformed(format!("unable to parse param '{name}': {why}"));
        self.first(name).map(|text| read(text).map_err(wrong)).transpose()
    }

    /// A parameter of the third version by any of its `names`, read by `read`.
    pub(crate) fn v3<T>(
        &self,
        names: &[&str],
        read: impl Fn(&str) -> std::result::Result<T, String>,
    ) -> Result<Option<T>> {
        let Some((name, text)) = self.either(names) else { return Ok(None) };
        read(text).map(Some).map_err(|why| Error::malformed(format!("malformed parameter {name}: {why}")))
    }

    /// Whether the answer is to be laid out for people.
    pub(crate) fn is_pretty(&self) -> bool {
        self.first("prettyPrint").is_some_and(|value| value != "false")
    }

    /// Microseconds since 1970, as nanoseconds.
    pub(crate) fn micros(&self, name: &str) -> Result<Option<u64>> {
        let micros = self.classic(name, |text| go::integer(text, 64))?;
        Ok(micros.map(|micros| u64::try_from(micros).unwrap_or(0).saturating_mul(1_000)))
    }

    /// Milliseconds since 1970, as nanoseconds.
    pub(crate) fn millis(&self, name: &str) -> Result<Option<u64>> {
        let millis = self.classic(name, |text| go::integer(text, 64))?;
        Ok(millis.map(|millis| u64::try_from(millis).unwrap_or(0).saturating_mul(NANOS_PER_MILLI)))
    }

    /// So many milliseconds, at least `least`, as nanoseconds.
    pub(crate) fn millis_long(&self, name: &str, least: i64) -> Result<Option<u64>> {
        let read = |text: &str| match go::integer(text, 64)? {
            millis if millis >= least => {
                Ok(u64::try_from(millis).unwrap_or(0).saturating_mul(NANOS_PER_MILLI))
            }
            _ => Err(format!("must be at least {least}")),
        };
        self.classic(name, read)
    }

    /// Trace ids of the classic API; `None` for the id of zeros.
    pub(crate) fn trace_ids(&self) -> Result<Vec<(Option<spoor_store::model::TraceId>, String)>> {
        let read = |text: &str| {
            let wrong = |why| Error::malformed(format!("cannot parse traceID param: {why}"));
            let id = trace_id::parse(text).map_err(wrong)?;
            let bytes = id.map(|id| id.as_bytes().to_vec()).unwrap_or_default();
            Ok((id, trace_id::classic(&bytes)))
        };
        self.all("traceID").map(read).collect()
    }
}
