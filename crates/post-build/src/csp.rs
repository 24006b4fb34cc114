//! The hashes of a page's inline scripts, in its Content-Security-Policy.
//!
//! Trunk starts the page from an inline module, and `trunk serve` adds an inline script that reloads it. Their text
//! changes with the build, so the policy names each by its SHA-256 and allows no other. This never allows inline styles.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// The source in `script-src` behind which the hashes are written.
const ANCHOR: &str = "'wasm-unsafe-eval'";

/// Why a page is refused. The build fails, so that no page without a working policy is ever served.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PolicyError {
    /// There is no [`ANCHOR`] to write the hashes behind.
    NoPolicy,
    /// A `<style>` element or a `style` attribute, which the policy blocks.
    InlineStyle,
    /// A `<script>` without its end.
    UnclosedScript,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PolicyError::NoPolicy => write!(
                f,
                "has no Content-Security-Policy with {ANCHOR} in script-src. Put it back: the page must not be built \
                 without a policy."
            ),
            PolicyError::InlineStyle => f.write_str(
                "has a <style> element or a style attribute, which its Content-Security-Policy blocks. Move the rules \
                 into a file of style/.",
            ),
            PolicyError::UnclosedScript => f.write_str("has a <script> without </script>."),
        }
    }
}

/// The page with `'sha256-…'` for each of its inline scripts behind [`ANCHOR`].
pub fn with_hashes(html: &str) -> Result<String, PolicyError> {
    let lower = html.to_ascii_lowercase();
    if lower.contains("<style") || lower.contains(" style=") {
        return Err(PolicyError::InlineStyle);
    }
    // `trunk serve` replaces these in its reload script at each request, which would change the hash.
    let html =
        html.replace("'{{__TRUNK_ADDRESS__}}'", "window.location.host").replace("{{__TRUNK_WS_BASE__}}", "/");
    let mut hashes = String::new();
    for script in inline_scripts(&html)? {
        hashes.push_str(&format!(" 'sha256-{}'", STANDARD.encode(Sha256::digest(script))));
    }
    let (before, after) = html.split_once(ANCHOR).ok_or(PolicyError::NoPolicy)?;
    Ok(format!("{before}{ANCHOR}{hashes}{after}"))
}

/// The exact text between the tags of every script without `src`.
fn inline_scripts(html: &str) -> Result<Vec<&str>, PolicyError> {
    let mut scripts = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find("<script") {
        let element = &rest[start..];
        let open = element.find('>').ok_or(PolicyError::UnclosedScript)?;
        let end = element.find("</script>").ok_or(PolicyError::UnclosedScript)?;
        if !element[..open].contains("src=") {
            scripts.push(&element[open + 1..end]);
        }
        rest = &element[end + "</script>".len()..];
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

    /// The hash is of what the browser gets, so nothing may be left for `trunk serve` to replace.
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
        assert_eq!(with_hashes("<script>1</script>"), Err(PolicyError::NoPolicy));
        let refused = |rest: &str, why| {
            assert_eq!(with_hashes(&format!("<meta content=\"'wasm-unsafe-eval'\">{rest}")), Err(why));
        };
        refused("<style>a{}</style>", PolicyError::InlineStyle);
        // Without the quotes, as Trunk minifies it.
        refused("<p style=color:red>", PolicyError::InlineStyle);
        refused("<script>1", PolicyError::UnclosedScript);
        refused("<script", PolicyError::UnclosedScript);
    }
}
