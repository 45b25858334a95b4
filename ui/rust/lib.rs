//! Spoor's web page, embedded in the binary: its files, and the page itself for every other address.
//!
//! The page is an application of one file: whatever address a reader opens, [`page`] is the answer, and the address
//! says what it shows. Its own files ([`asset`]) have their content's hash in their names. Nothing here knows HTTP.

use std::borrow::Cow;

use rust_embed::{EmbeddedFile, RustEmbed};

/// The policy under which the page runs, for the `Content-Security-Policy` header: nothing inline, nothing from elsewhere.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; connect-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

/// Where files with a hash in their names are.
const HASHED: &str = "assets/";
const INDEX: &str = "index.html";
/// What stands in the built page, to be replaced by the way back to the root.
const BASE: &str = "<base href=\"/\"";
/// Deeper addresses than any route has are answered as if they were this deep.
const DEPTH_MAX: usize = 16;

#[derive(RustEmbed)]
#[folder = "$OUT_DIR/dist"]
struct Dist;

/// A file of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// The content, not compressed.
    pub bytes: Cow<'static, [u8]>,
    /// For the `Content-Type` header.
    pub content_type: &'static str,
    /// For the `ETag` header, quotes included.
    pub etag: String,
    /// Never changes under its name: browsers may keep it for ever.
    pub immutable: bool,
}

/// The file at a path below the root (`assets/index-1a2b.js`, a slash in front is fine), or `None` when there is none.
///
/// The page itself is not among them: see [`page`].
#[must_use]
pub fn asset(path: &str) -> Option<Asset> {
    let path = path.trim_start_matches('/');
    if path == INDEX {
        return None;
    }
    let EmbeddedFile { data, metadata } = Dist::get(path)?;
    Some(Asset {
        bytes: data,
        content_type: content_type(path),
        etag: etag(&metadata.sha256_hash(), 0),
        immutable: path.starts_with(HASHED),
    })
}

/// The page, for any address that is no file and no call: `path` is the request's, as it came, without query.
///
/// The page learns the way to the root from how deep the path is, so it works behind a proxy that cuts a prefix off.
#[must_use]
pub fn page(path: &str) -> Asset {
    let depth = path.trim_start_matches('/').matches('/').count().min(DEPTH_MAX);
    let up = if depth == 0 { "./".to_owned() } else { "../".repeat(depth) };
    let (html, hash) = match Dist::get(INDEX) {
        Some(file) => (String::from_utf8_lossy(&file.data).into_owned(), file.metadata.sha256_hash()),
        None => (String::new(), [0; 32]),
    };
    let html = html.replacen(BASE, &format!("<base href=\"{up}\""), 1);
    Asset {
        bytes: Cow::Owned(html.into_bytes()),
        content_type: content_type(INDEX),
        etag: etag(&hash, depth),
        immutable: false,
    }
}

fn etag(hash: &[u8], depth: usize) -> String {
    let hex: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    if depth == 0 { format!("\"{hex}\"") } else { format!("\"{hex}-{depth}\"") }
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "json" | "map" => "application/json",
        "png" => "image/png",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(path: &str) -> String {
        String::from_utf8(page(path).bytes.into_owned()).unwrap()
    }

    #[test]
    fn page_leads_back_to_the_root_from_any_depth() {
        for (path, base) in [
            ("/", "./"),
            ("/search", "./"),
            ("/trace/4bf9", "../"),
            ("/flow/order.id/ord-1", "../../"),
            ("/flow/order.id/a%2Fb", "../../"),
        ] {
            assert!(html(path).contains(&format!("<base href=\"{base}\"")), "{path}: {}", html(path));
        }
    }

    #[test]
    fn page_has_one_tag_per_content() {
        assert_eq!(page("/search"), page("/services"));
        assert_ne!(page("/search").etag, page("/trace/4bf9").etag);
        assert!(page("/").etag.starts_with('"') && page("/").etag.ends_with('"'));
        assert!(!page("/").immutable);
    }

    #[test]
    fn only_files_of_the_page_are_assets() {
        for path in [
            "",
            "/",
            "index.html",
            "/index.html",
            "nothing.js",
            "../Cargo.toml",
            "assets/../index.html",
            "/etc/passwd",
        ] {
            assert_eq!(asset(path), None, "{path}");
        }
    }

    #[test]
    fn every_file_the_page_names_is_an_asset() {
        let page = html("/");
        let names = page
            .split('"')
            .filter_map(|part| part.strip_prefix("./"))
            .filter(|name| !name.is_empty() && !name.starts_with("api/"));
        for name in names {
            let file = asset(name).unwrap_or_else(|| panic!("{name} is missing"));
            assert!(!file.bytes.is_empty(), "{name}");
            assert_eq!(file.immutable, name.starts_with("assets/"), "{name}");
            assert_ne!(file.content_type, "application/octet-stream", "{name}");
        }
    }

    #[test]
    fn page_has_nothing_its_policy_forbids() {
        let page = html("/");
        assert!(!page.contains("style=") && !page.contains("<style") && !page.contains(" onload"), "{page}");
        for script in page.split("<script").skip(1) {
            assert!(script.contains("src="), "inline script: {script}");
        }
    }
}
