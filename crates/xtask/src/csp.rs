//! The hashes of the page's inline scripts, written into its Content-Security-Policy.
//!
//! Trunk starts the page from an inline module (and `trunk serve` reloads it from another one), whose text
//! changes with every build. The policy allows no inline script but those whose SHA-256 it names, so this
//! runs as Trunk's `post_build` hook, on the page in the staging folder.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::steps::Failure;

/// Rewrites `index.html` in the folder that Trunk names in `TRUNK_STAGING_DIR`.
pub fn run() -> Result<(), Failure> {
    let staging = std::env::var_os("TRUNK_STAGING_DIR").map(PathBuf::from).ok_or_else(|| {
        Failure::new("`xtask csp` is Trunk's hook: it runs by itself in `trunk build` and `trunk serve`.")
    })?;
    secure(&staging.join("index.html"))
}

/// Rewrites a page.
pub fn secure(page: &Path) -> Result<(), Failure> {
    let html = fs::read_to_string(page)
        .map_err(|error| Failure::new(format!("{} cannot be read: {error}.", page.display())))?;
    let html = with_hashes(&html)?;
    fs::write(page, html)
        .map_err(|error| Failure::new(format!("{} cannot be written: {error}.", page.display())))
}

/// The page with `'sha256-…'` for each of its inline scripts after `'wasm-unsafe-eval'`.
fn with_hashes(html: &str) -> Result<String, Failure> {
    const ANCHOR: &str = "'wasm-unsafe-eval'";
    let lower = html.to_ascii_lowercase();
    if lower.contains("<style") || lower.contains(" style=") {
        return Err(Failure::new(
            "The page has an inline style, which its Content-Security-Policy blocks: move it into style/.",
        ));
    }
    // `trunk serve` fills these into its reload script with each request, which would change its hash.
    let html =
        html.replace("'{{__TRUNK_ADDRESS__}}'", "window.location.host").replace("{{__TRUNK_WS_BASE__}}", "/");
    let mut hashes = String::new();
    for script in inline_scripts(&html)? {
        hashes.push_str(&format!(" 'sha256-{}'", STANDARD.encode(Sha256::digest(script))));
    }
    let Some((before, after)) = html.split_once(ANCHOR) else {
        return Err(Failure::new(format!(
            "index.html has no Content-Security-Policy with {ANCHOR}: the page must not be built without one."
        )));
    };
    Ok(format!("{before}{ANCHOR}{hashes}{after}"))
}

/// The exact text between the tags of every script without `src`.
fn inline_scripts(html: &str) -> Result<Vec<&str>, Failure> {
    let mut scripts = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find("<script") {
        let tag = &rest[start..];
        let unclosed = || Failure::new("index.html has a <script> that is not closed.");
        let open = tag.find('>').ok_or_else(unclosed)?;
        let end = tag.find("</script>").ok_or_else(unclosed)?;
        if !tag[..open].contains("src=") {
            scripts.push(&tag[open + 1..end]);
        }
        rest = &tag[end + "</script>".len()..];
    }
    Ok(scripts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_inline_script_is_named_by_its_hash_and_no_other() {
        let html = "<meta content=\"script-src 'self' 'wasm-unsafe-eval'; x\"><script>alert(1)</script>\
                    <script src=\"a.js\"></script><script type=\"module\"></script>";
        let page = with_hashes(html).expect("a page with a policy");
        // From `printf 'alert(1)' | openssl dgst -sha256 -binary | base64`, and the same of nothing.
        let expected = "script-src 'self' 'wasm-unsafe-eval' \
                        'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI=' \
                        'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='; x";
        assert!(page.contains(expected), "{page}");
    }

    /// The hash is of what the browser will see, so nothing may be left for `trunk serve` to fill in.
    #[test]
    fn the_reload_script_of_trunk_serve_is_final_before_it_is_hashed() {
        let html = "<meta content=\"'wasm-unsafe-eval'\"><script>const address = '{{__TRUNK_ADDRESS__}}', \
                    base = '{{__TRUNK_WS_BASE__}}';</script>";
        let page = with_hashes(html).expect("a page with a policy");
        assert!(
            page.contains("<script>const address = window.location.host, base = '/';</script>"),
            "{page}"
        );
        let script = "const address = window.location.host, base = '/';";
        assert!(page.contains(&STANDARD.encode(Sha256::digest(script))), "{page}");
    }

    #[test]
    fn a_page_without_a_policy_or_with_inline_style_is_refused() {
        assert!(with_hashes("<script>1</script>").is_err());
        assert!(with_hashes("<meta content=\"'wasm-unsafe-eval'\"><style>a{}</style>").is_err());
        // Without the quotes, as Trunk minifies it.
        assert!(with_hashes("<meta content=\"'wasm-unsafe-eval'\"><p style=color:red>").is_err());
        assert!(with_hashes("<meta content=\"'wasm-unsafe-eval'\"><script>1").is_err());
    }
}
