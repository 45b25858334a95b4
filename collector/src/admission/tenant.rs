//! Whose request it is.

use http::{HeaderMap, HeaderName};
use spoor_store::model::Tenant;

use crate::outcome::Refusal;

/// Header, or gRPC metadata, that names the tenant.
pub(crate) const TENANT_HEADER: HeaderName = HeaderName::from_static("x-scope-orgid");

/// Reads the tenant's name; without one it is [`Tenant::default`].
pub(crate) fn tenant(headers: &HeaderMap) -> Result<Tenant, Refusal> {
    let mut values = headers.get_all(TENANT_HEADER).iter();
    let Some(value) = values.next() else { return Ok(Tenant::default()) };
    if values.next().is_some() {
        return Err(Refusal::Invalid("X-Scope-OrgID must be given once".to_owned()));
    }
    let name = value.to_str().map_err(|_| Refusal::Invalid("X-Scope-OrgID must be plain text".to_owned()))?;
    Tenant::new(name).map_err(|error| Refusal::Invalid(format!("X-Scope-OrgID: {error}")))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_name_is_taken_and_none_means_default() {
        let mut headers = HeaderMap::new();
        assert_eq!(tenant(&headers).unwrap(), Tenant::default());
        headers.insert(TENANT_HEADER, HeaderValue::from_static("team-a"));
        assert_eq!(tenant(&headers).unwrap().as_str(), "team-a");
    }

    #[test]
    fn a_name_that_is_none_is_refused() {
        for value in ["", "a/b", "..", "two words"] {
            let mut headers = HeaderMap::new();
            headers.insert(TENANT_HEADER, HeaderValue::from_str(value).unwrap());
            assert!(matches!(tenant(&headers), Err(Refusal::Invalid(_))), "{value:?}");
        }
        let mut headers = HeaderMap::new();
        headers.append(TENANT_HEADER, HeaderValue::from_static("a"));
        headers.append(TENANT_HEADER, HeaderValue::from_static("b"));
        assert!(matches!(tenant(&headers), Err(Refusal::Invalid(_))));
    }
}
