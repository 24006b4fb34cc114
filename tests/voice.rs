//! What a screen reader is told while the board is open: the changes, a sentence at a time, and what a search found.

use harness::{Mosquitto, MosquittoOptions, Page, Site, Visit, visit};

/// Writes down whatever the live region says, and when, from before the page's first script on.
const LISTEN: &str = "window.__said = [];\
    new MutationObserver(changes => {\
        if (!changes.some(c => (c.target.nodeType === 3 ? c.target.parentElement : c.target)?.closest?.('main [role=status]'))) return;\
        const said = document.querySelector('main [role=status]').textContent;\
        if (said && said !== __said.at(-1)?.said) __said.push({ said, at: performance.now() });\
    }).observe(document, { subtree: true, childList: true, characterData: true });";

/// Opens the page, in a language, on a broker that keeps these devices online.
async fn board(language: &str, devices: &[&str], test: impl AsyncFnOnce(&Page, &mut Mosquitto)) {
    let (site, mut broker) = (Site::http().await, Mosquitto::start(MosquittoOptions::default()).await);
    for device in devices {
        broker.publish(&format!("{device}/status"), "online", true).await;
    }
    let url = site.page(&format!("?broker={}", broker.websocket()));
    let how = Visit { language: language.to_owned(), early: LISTEN.to_owned(), ..Visit::new(url) };
    visit(how.with_failing_connections(), async |page| {
        page.until_snapshot("complete").await;
        test(page, &mut broker).await;
    })
    .await;
}

async fn until_said(page: &Page, sentence: &str) {
    let body = format!("return __said.at(-1)?.said === {sentence:?} || JSON.stringify(__said)");
    page.until(&format!("the voice says {sentence:?}"), &body).await;
}

#[tokio::test]
async fn changes_are_said_a_sentence_at_a_time() {
    board("en-US", &["attic/lamp", "attic/fan", "cellar/pump"], async |page, broker| {
        until_said(page, "All 3 devices are online.").await;
        broker.publish("attic/lamp/status", "offline", true).await;
        until_said(page, "attic/lamp went offline.").await;
        broker.publish("attic/fan/status", "offline", true).await;
        broker.publish("cellar/pump/status", "offline", true).await;
        broker.publish("attic/lamp/status", "online", true).await;
        until_said(page, "2 devices went offline. 1 device came back.").await;
        // It never talks faster, and said nothing while the snapshot was loading.
        let pauses = page.js("return __said.slice(1).map((s, n) => s.at - __said[n].at)").await;
        let pauses: Vec<f64> =
            pauses.as_array().expect("a list").iter().filter_map(|pause| pause.as_f64()).collect();
        assert!(pauses.len() == 2 && pauses.iter().all(|pause| *pause > 4_900.0), "{pauses:?}");
        broker.kill().await;
        let lost = "return __said.at(-1)?.said.startsWith('Not connected. Statuses are as of')";
        page.until("the link's end is said", lost).await;
    })
    .await;
}

#[tokio::test]
async fn what_a_search_finds_is_said_in_the_visitor_s_language() {
    board("zh-CN", &["attic/lamp", "attic/fan", "cellar/pump"], async |page, broker| {
        until_said(page, "全部 3 台设备均在线。").await;
        page.js("const s = document.querySelector('input[type=search]'); s.value = 'attic'; s.dispatchEvent(new Event('input', { bubbles: true }))").await;
        until_said(page, "显示 3 台中的 2 台。").await;
        broker.publish("attic/lamp/status", "offline", true).await;
        until_said(page, "attic/lamp：离线。").await;
    })
    .await;
}
