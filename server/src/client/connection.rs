//! One server: URLs, tenant, time limits, and what an HTTP status means.

use std::net::IpAddr;
use std::time::Duration;

use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use reqwest::{Client, RequestBuilder, Response};
use serde::de::DeserializeOwned;
use url::{Host, Url};

use super::error::{Error, Refusal, Result};
use crate::cli::{Connect, VERSION};

/// Header that names the tenant.
const TENANT_HEADER: &str = "x-scope-orgid";
/// Header that says which event of a stream was read last.
const LAST_EVENT_HEADER: &str = "last-event-id";
/// A server that takes longer to accept a connection is not there.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// Longest silence while an answer is awaited or read. Streams send a sign of life more often, queries end at a deadline
/// that an operator may raise.
const SILENCE_LIMIT: Duration = Duration::from_secs(120);
/// Bytes of a URL that the HTTP library takes; servers seldom take more.
const URL_BYTES_MAX: usize = 65_534;
/// Bytes of an answer that is kept whole.
const ANSWER_BYTES_MAX: usize = 512 << 20;
/// Bytes of an error answer that are looked at.
const REFUSAL_BYTES_MAX: usize = 1 << 20;

/// Parameters of a call; those without a value are left out.
pub(crate) type Parameters = Vec<(&'static str, Option<String>)>;

/// A server that can be asked.
#[derive(Debug)]
pub(crate) struct Connection {
    base: Url,
    client: Client,
}

impl Connection {
    /// Prepares to ask; connects with the first call.
    ///
    /// # Errors
    /// An address or a tenant that cannot be one.
    pub(crate) fn new(connect: &Connect) -> Result<Self> {
        let base = address(&connect.server)?;
        let mut headers = HeaderMap::new();
        if let Some(tenant) = &connect.tenant {
            let value = HeaderValue::from_str(tenant)
                .map_err(|_| Error::Asked(format!("`{}` is no tenant name", tenant.escape_debug())))?;
            headers.insert(TENANT_HEADER, value);
        }
        let mut client = Client::builder()
            .user_agent(format!("spoor/{}", VERSION.split(' ').next().unwrap_or(VERSION)))
            .default_headers(headers)
            .connect_timeout(CONNECT_LIMIT)
            .read_timeout(SILENCE_LIMIT)
            .tcp_nodelay(true);
        if is_this_machine(&base) {
            // A proxy would look for the server on its own machine.
            client = client.no_proxy();
        }
        let client =
            client.build().map_err(|source| Error::Unreachable { server: base.to_string(), source })?;
        Ok(Self { base, client })
    }

    /// Asks, and returns the answer once it begins.
    ///
    /// # Errors
    /// No server, or its refusal.
    pub(crate) async fn open(&self, path: &[&str], parameters: &Parameters) -> Result<Response> {
        self.send(self.client.get(self.url(path, parameters)?), parameters).await
    }

    async fn send(&self, request: RequestBuilder, parameters: &Parameters) -> Result<Response> {
        let response = match request.send().await {
            Ok(response) => response,
            Err(source) if source.is_connect() => {
                return Err(Error::Unreachable { server: self.shown(), source });
            }
            Err(source) => return Err(Error::Broken(source)),
        };
        if response.status() == StatusCode::OK {
            return Ok(response);
        }
        Err(self.refusal(response, parameters).await?)
    }

    /// Asks, and returns the whole answer, JSON as it came.
    ///
    /// # Errors
    /// No server, its refusal, or an answer past what is kept.
    pub(crate) async fn json(&self, path: &[&str], parameters: &Parameters) -> Result<Vec<u8>> {
        let response = self.open(path, parameters).await?;
        if !has_type(&response, "application/json") {
            return Err(self.foreign("no JSON"));
        }
        match read(response, ANSWER_BYTES_MAX).await? {
            (body, true) => Ok(body),
            (_, false) => Err(Error::TooLarge { bytes_max: ANSWER_BYTES_MAX }),
        }
    }

    /// Asks for a stream of server-sent events, to go on after the one with the id `last` unless that is empty.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(crate) async fn events(
        &self,
        path: &[&str],
        parameters: &Parameters,
        last: &str,
    ) -> Result<Response> {
        let mut request = self.client.get(self.url(path, parameters)?);
        if !last.is_empty() {
            request = request.header(LAST_EVENT_HEADER, last);
        }
        let response = self.send(request, parameters).await?;
        if !has_type(&response, "text/event-stream") {
            return Err(self.foreign("no event stream"));
        }
        Ok(response)
    }

    /// Address of the web page that shows an id under a correlation key.
    pub(crate) fn page(&self, key: &str, id: &str) -> String {
        let path: &[&str] = if key == "trace_id" { &["trace", id] } else { &["flow", key, id] };
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url.into()
    }

    async fn refusal(&self, response: Response, parameters: &Parameters) -> Result<Error> {
        let status = response.status();
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = retry_after.and_then(|text| text.parse().ok()).map(Duration::from_secs);
        let (body, _) = read(response, REFUSAL_BYTES_MAX).await?;
        let query = parameters.iter().find(|(name, _)| *name == "q").and_then(|(_, value)| value.as_deref());
        let said = Refusal::read(status.as_u16(), &body, query);
        // Before it is ready a server answers in words.
        let said = said.or_else(|| (status == StatusCode::SERVICE_UNAVAILABLE).then(|| unready(&body)));
        Ok(match said {
            Some(refusal) => Error::Refused(Box::new(Refusal { retry_after, ..refusal })),
            None => self.foreign(&format!("HTTP status {}", status.as_u16())),
        })
    }

    fn foreign(&self, what: &str) -> Error {
        Error::Foreign { server: self.shown(), what: what.to_owned() }
    }

    fn shown(&self) -> String {
        self.base.as_str().trim_end_matches('/').to_owned()
    }

    fn url(&self, path: &[&str], parameters: &Parameters) -> Result<Url> {
        // A URL takes these for steps between folders.
        if let Some(odd) = path.iter().find(|segment| ["", ".", ".."].contains(segment)) {
            return Err(Error::Asked(format!("`{odd}` is no id")));
        }
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["api", "v1"]).extend(path);
        }
        let given: Vec<(&str, &str)> =
            parameters.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))).collect();
        if !given.is_empty() {
            url.query_pairs_mut().extend_pairs(given);
        }
        if url.as_str().len() > URL_BYTES_MAX {
            let (long, max) = (url.as_str().len(), URL_BYTES_MAX);
            return Err(Error::Asked(format!(
                "question takes {long} bytes as a URL; at most {max} can be sent"
            )));
        }
        Ok(url)
    }
}

/// Reads an answer as it is asked for.
///
/// # Errors
/// An answer of another form.
pub(crate) fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T> {
    Ok(serde_json::from_slice(json)?)
}

fn address(text: &str) -> Result<Url> {
    let wrong = |reason: &str| Error::Address { address: text.to_owned(), reason: reason.to_owned() };
    let form = "write it as http://HOST:PORT";
    let text_with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let url = Url::parse(&text_with_scheme).map_err(|error| wrong(&format!("{error}; {form}")))?;
    match url.scheme() {
        "http" if url.query().is_some() || url.fragment().is_some() => Err(wrong(form)),
        "http" => Ok(url),
        "https" => Err(wrong(
            "this version speaks no TLS; use http:// to a server on this machine, or through a tunnel or proxy",
        )),
        _ => Err(wrong(form)),
    }
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => IpAddr::from(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::from(ip).is_loopback(),
        None => false,
    }
}

fn has_type(response: &Response, wanted: &str) -> bool {
    let declared = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    declared.is_some_and(|declared| declared.split(';').next().unwrap_or_default().trim() == wanted)
}

fn unready(body: &[u8]) -> Refusal {
    let words = String::from_utf8_lossy(body);
    let words = super::text::safe(words.trim()).into_owned();
    Refusal {
        status: StatusCode::SERVICE_UNAVAILABLE.as_u16(),
        code: "unavailable".to_owned(),
        message: if words.is_empty() {
            "server is not ready".to_owned()
        } else {
            format!("server is not ready: {words}")
        },
        fault: None,
        expected: Vec::new(),
        retry_after: None,
    }
}

/// Reads at most `bytes_max` bytes, and says whether that is all.
async fn read(mut response: Response, bytes_max: usize) -> Result<(Vec<u8>, bool)> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(Error::Broken)? {
        if body.len() + chunk.len() > bytes_max {
            return Ok((body, false));
        }
        body.extend_from_slice(&chunk);
    }
    Ok((body, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection(server: &str) -> Result<Connection> {
        Connection::new(&Connect { server: server.to_owned(), tenant: None })
    }

    #[test]
    fn paths_go_on_from_a_base_and_ids_are_encoded() {
        for (server, url) in [
            ("http://127.0.0.1:16686", "http://127.0.0.1:16686/api/v1/flows/a%2Fb%3Fc%20d%25?q=x+%26y"),
            (
                "http://example.test/spoor/",
                "http://example.test/spoor/api/v1/flows/a%2Fb%3Fc%20d%25?q=x+%26y",
            ),
            ("127.0.0.1:1", "http://127.0.0.1:1/api/v1/flows/a%2Fb%3Fc%20d%25?q=x+%26y"),
        ] {
            let parameters = vec![("q", Some("x &y".to_owned())), ("start", None)];
            let asked = connection(server).unwrap().url(&["flows", "a/b?c d%"], &parameters).unwrap();
            assert_eq!(asked.as_str(), url);
        }
    }

    #[test]
    fn ids_that_would_change_the_path_are_refused() {
        for id in ["", ".", ".."] {
            let error = connection("http://h").unwrap().url(&["flows", id], &Vec::new()).unwrap_err();
            assert_eq!(error.to_string(), format!("`{id}` is no id"));
        }
    }

    #[test]
    fn an_address_that_cannot_be_asked_says_what_to_write() {
        for (server, part) in [
            ("https://spoor.example", "speaks no TLS"),
            ("ftp://spoor.example", "http://HOST:PORT"),
            ("http://", "http://HOST:PORT"),
            ("http://h?x=1", "http://HOST:PORT"),
        ] {
            let said = connection(server).unwrap_err().to_string();
            assert!(said.contains(part), "{server}: {said}");
        }
    }

    #[test]
    fn a_question_that_no_url_holds_is_refused() {
        let parameters = vec![("q", Some("x".repeat(URL_BYTES_MAX)))];
        let said = connection("http://h").unwrap().url(&["search"], &parameters).unwrap_err().to_string();
        assert_eq!(said, "question takes 65559 bytes as a URL; at most 65534 can be sent");
    }

    #[test]
    fn loopback_goes_past_proxies() {
        for (server, is) in [
            ("http://localhost:1", true),
            ("http://127.0.0.9", true),
            ("http://[::1]:1", true),
            ("http://localhost.example", false),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(is_this_machine(&Url::parse(server).unwrap()), is, "{server}");
        }
    }
}
