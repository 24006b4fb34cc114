//! The page starts under its own Content-Security-Policy, from the root of a host and from a folder.

use harness::{Site, Visit, visit};

const POLICY: &str = "return document.querySelector('meta[http-equiv=\"Content-Security-Policy\"]').content";

#[tokio::test]
async fn the_page_starts_under_its_policy() {
    let site = Site::http().await;
    visit(Visit::new(site.page("")), async |page| {
        page.until("a heading", "return !!document.querySelector('h1')?.textContent").await;
        let policy = page.js(POLICY).await.as_str().unwrap_or("").to_owned();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self' 'wasm-unsafe-eval' 'sha256-"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
    })
    .await;
}

#[tokio::test]
async fn the_page_starts_from_a_folder() {
    let site = Site::http().await;
    visit(Visit::new(site.page_in_a_folder("")), async |page| {
        page.until("a heading", "return !!document.querySelector('h1')?.textContent").await;
    })
    .await;
}

/// The watch itself must work, or every other test could pass for the wrong reason.
#[tokio::test]
#[should_panic(expected = "the page made errors")]
async fn an_inline_script_is_blocked_and_noticed() {
    let site = Site::http().await;
    visit(Visit::new(site.page("")), async |page| {
        page.js("const s = document.createElement('script'); s.textContent = '1'; document.body.append(s);")
            .await;
    })
    .await;
}
