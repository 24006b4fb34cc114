//! The page starts under its own Content-Security-Policy, from the root of a host and from a folder, and fetches nothing
//! from elsewhere.

use harness::{Mosquitto, MosquittoOptions, Site, Visit, visit};

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

/// Before and after a visitor has opened a device's panel.
#[tokio::test]
async fn a_visit_fetches_only_the_pages_own_files_and_one_wasm() {
    let (site, broker) = (Site::http().await, Mosquitto::start(MosquittoOptions::default()).await);
    broker.publish("lamp/status", "online", true).await;
    let url = site.page(&format!("?broker={}", broker.websocket()));
    visit(Visit::new(url), async |page| {
        page.until_snapshot("complete").await;
        page.until_count("total", 1).await;
        let fetched = "return performance.getEntriesByType('resource').map(entry => entry.name)\
                       .filter(name => !name.startsWith('data:'))";
        let first = page.js(fetched).await;
        let files: Vec<_> = first.as_array().into_iter().flatten().filter_map(|name| name.as_str()).collect();
        assert!(files.iter().all(|file| file.starts_with(&site.page(""))), "{files:?}");
        let mut wasm: Vec<_> = files.iter().filter(|file| file.ends_with(".wasm")).collect();
        wasm.dedup();
        assert_eq!(wasm.len(), 1, "{files:?}");
        page.js("document.querySelector('.tile[data-device=lamp] .face').click()").await;
        let is_filled = "return document.querySelector('dialog.device').innerText.includes('lamp/status')";
        page.until("the panel", is_filled).await;
        let focused = page.js("return document.activeElement.id").await;
        assert_eq!(focused, "device-title", "a screen reader begins with what the dialog is about");
        assert_eq!(page.js(fetched).await, first, "opening a panel fetches nothing");
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
