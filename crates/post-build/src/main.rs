//! Trunk's `post_build` hook: finishes the page before it becomes `dist/`.
//!
//! It adds the hashes of the inline scripts to the page's Content-Security-Policy (see [`csp`]). Trunk.toml runs it in
//! `trunk build` and in `trunk serve`. It changes nothing outside Trunk's staging folder.

mod csp;

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

fn main() -> ExitCode {
    let Some(staging) = env::var_os("TRUNK_STAGING_DIR") else {
        eprintln!(
            "post-build: TRUNK_STAGING_DIR is not set. This is a hook: `trunk build` and `trunk serve` run it."
        );
        return ExitCode::FAILURE;
    };
    let page = Path::new(&staging).join("index.html");
    match add_hashes(&page) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("post-build: {}: {reason}", page.display());
            ExitCode::FAILURE
        }
    }
}

/// Rewrites a page with the hashes of its inline scripts in its policy.
fn add_hashes(page: &Path) -> Result<(), String> {
    let html = fs::read_to_string(page).map_err(|error| format!("cannot be read: {error}"))?;
    let html = csp::with_hashes(&html).map_err(|error| error.to_string())?;
    fs::write(page, html).map_err(|error| format!("cannot be written: {error}"))
}
