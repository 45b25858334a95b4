//! What a request asks: parameters, from the URL or a form; tenant. Everything unknown or impossible is refused with
//! what to write instead.

use std::collections::HashMap;

use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest, FromRequestParts as _, Path};
use http::Method;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use spoor_store::model::{Signal, Tenant, TimeRange};
use spoor_store::predicate::Predicate;
use url::form_urlencoded;

use super::time;
use crate::engine::{Engine, Selection};
use crate::error::{Error, Result};
use crate::language::quote;
use crate::nearest::nearest;

/// Header that names the tenant, as Loki's and Tempo's clients send it.
const TENANT_HEADER: &str = "x-scope-orgid";

/// Largest form, in bytes: room for the longest query, percent-encoded, and more.
const FORM_BYTES_MAX: usize = 4 << 20;

/// The form that parameters may come in, as HTML forms and Prometheus's clients send them.
const FORM: &str = "application/x-www-form-urlencoded";

/// A request before its call says which parameters it takes.
pub(super) struct Request {
    parts: Parts,
    /// The form of a POST; `Err` says why there is none.
    form: std::result::Result<Bytes, &'static str>,
}

impl<S: Sync> FromRequest<S> for Request {
    type Rejection = std::convert::Infallible;

    async fn from_request(
        request: axum::extract::Request,
        _: &S,
    ) -> std::result::Result<Self, Self::Rejection> {
        let (parts, body) = request.into_parts();
        let is_form = || {
            let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
            content_type.is_some_and(|value| value.split(';').next().is_some_and(|kind| kind.trim() == FORM))
        };
        let form = if parts.method != Method::POST {
            Ok(Bytes::new())
        } else if !is_form() {
            Err("a POST takes its parameters as application/x-www-form-urlencoded")
        } else {
            to_bytes(body, FORM_BYTES_MAX).await.map_err(|_| "the form is larger than 4 MiB, or broke off")
        };
        Ok(Self { parts, form })
    }
}

impl Request {
    /// The parameter in the path.
    pub(super) async fn path(&mut self, name: &str) -> Result<String> {
        match Path::<String>::from_request_parts(&mut self.parts, &()).await {
            Ok(Path(value)) => Ok(value),
            Err(_) => Err(Error::parameter(name, "not percent-encoded UTF-8")),
        }
    }

    /// The parameters, none but `known`; one that is empty counts as not given.
    pub(super) fn params(&self, engine: &Engine, known: &[&str]) -> Result<Params> {
        let form = self.form.as_ref().map_err(|reason| Error::parameter("body", *reason))?;
        let of_url = form_urlencoded::parse(self.parts.uri.query().unwrap_or_default().as_bytes());
        let pairs = of_url.into_owned().chain(form_urlencoded::parse(form).into_owned());
        let mut values: HashMap<String, String> = HashMap::new();
        for (name, value) in pairs {
            if !known.contains(&name.as_str()) {
                return Err(unknown(&name, known));
            }
            if values.insert(name.clone(), value).is_some() {
                return Err(Error::parameter(&name, "given more than once"));
            }
        }
        values.retain(|_, value| !value.is_empty());
        Ok(Params { tenant: self.tenant()?, values, now: engine.clock().now_unix_nanos() })
    }

    /// Whether the URL or the form names the parameter.
    pub(super) fn has(&self, name: &str) -> bool {
        let query = self.parts.uri.query().unwrap_or_default();
        let names = |text: &[u8]| form_urlencoded::parse(text).any(|(key, _)| key == name);
        names(query.as_bytes()) || self.form.as_ref().is_ok_and(|form| names(form))
    }

    /// A header's text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.parts.headers.get(name).and_then(|value| value.to_str().ok())
    }

    fn tenant(&self) -> Result<Tenant> {
        match self.parts.headers.get(TENANT_HEADER) {
            None => Ok(Tenant::default()),
            Some(name) => Ok(Tenant::new(&String::from_utf8_lossy(name.as_bytes()))?),
        }
    }
}

fn unknown(name: &str, known: &[&str]) -> Error {
    let hint = nearest(name, known.iter().copied(), 2).map_or_else(
        || format!("this call takes {}", known.join(", ")),
        |meant| format!("did you mean `{meant}`?"),
    );
    Error::parameter(quote(name).as_str(), format!("unknown; {hint}"))
}

/// The parameters of a request.
pub(super) struct Params {
    pub(super) tenant: Tenant,
    values: HashMap<String, String>,
    now: u64,
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Native,
    OtlpJson,
}

impl Params {
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    pub(super) fn required(&self, name: &str) -> Result<&str> {
        self.text(name).ok_or_else(|| Error::parameter(name, "missing"))
    }

    /// A whole number from 1 to `max`.
    pub(super) fn count(&self, name: &str, default: usize, max: usize) -> Result<usize> {
        Ok(self.optional_count(name, max)?.unwrap_or(default.min(max)))
    }

    /// A whole number from 1 to `max`, when given.
    pub(super) fn optional_count(&self, name: &str, max: usize) -> Result<Option<usize>> {
        let Some(text) = self.text(name) else { return Ok(None) };
        match text.parse::<usize>() {
            Ok(count) if (1..=max).contains(&count) => Ok(Some(count)),
            _ => Err(Error::parameter(name, format!("`{}` is no whole number from 1 to {max}", quote(text)))),
        }
    }

    /// `start` to `end`; everything when neither is given.
    pub(super) fn range(&self) -> Result<TimeRange> {
        let start = self.time("start")?.unwrap_or(TimeRange::ALL.start);
        let end = self.time("end")?.unwrap_or(TimeRange::ALL.end);
        if start > end {
            return Err(Error::parameter("start", "later than `end`"));
        }
        Ok(TimeRange { start, end })
    }

    /// A moment, when given.
    pub(super) fn time(&self, name: &str) -> Result<Option<u64>> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let wrong = || Error::parameter(name, format!("`{}` is not {}", quote(text), time::EXPECTED));
        time::parse(text, self.now).map(Some).ok_or_else(wrong)
    }

    /// `1` or `true`; anything else but nothing, `0` and `false` is refused.
    pub(super) fn flag(&self, name: &str) -> Result<bool> {
        match self.text(name) {
            None | Some("0" | "false") => Ok(false),
            Some("1" | "true") => Ok(true),
            Some(other) => Err(Error::parameter(name, format!("`{}` is neither 0 nor 1", quote(other)))),
        }
    }

    pub(super) fn format(&self) -> Result<Format> {
        match self.text("format") {
            None | Some("json") => Ok(Format::Native),
            Some("otlp-json") => Ok(Format::OtlpJson),
            Some(other) => Err(Error::parameter(
                "format",
                format!("`{}` is neither `json` nor `otlp-json`", quote(other)),
            )),
        }
    }

    /// `q` within `start` to `end`, of one `signal` or both.
    pub(super) fn selection(&self, engine: &Engine) -> Result<Selection> {
        let mut predicate = engine.predicate(self.text("q").unwrap_or_default())?;
        if let Some(name) = self.text("signal") {
            let signal = Signal::parse(name).ok_or_else(|| {
                Error::parameter("signal", format!("`{}` is neither `logs` nor `spans`", quote(name)))
            })?;
            predicate = match predicate {
                Predicate::All => Predicate::Signal(signal),
                other => Predicate::And(vec![Predicate::Signal(signal), other]),
            };
        }
        Ok(Selection { tenant: self.tenant.clone(), predicate, range: self.range()? })
    }
}
