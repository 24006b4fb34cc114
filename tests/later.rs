//! What is seen only when it is opened is fetched only then, and a part that cannot be fetched says so.

use harness::{Mosquitto, MosquittoOptions, Page, Site, Visit, visit};

const FETCHED: &str =
    "return performance.getEntriesByType('resource').map(entry => new URL(entry.name).pathname)
    .filter(name => name.includes('/later-'))";
const OPEN_LAMP: &str = "document.querySelector('.tile[data-device=lamp] .face').click()";

async fn board(test: impl AsyncFnOnce(&Page, &Mosquitto)) {
    let (site, broker) = (Site::http().await, Mosquitto::start(MosquittoOptions::default()).await);
    broker.publish("lamp/status", "online", true).await;
    let url = site.page(&format!("?broker={}", broker.websocket()));
    visit(Visit::new(url).with_failing_connections(), async |page| {
        page.until_tile("esphome", "lamp", "online", "retained").await;
        page.until_snapshot("complete").await;
        test(page, &broker).await;
    })
    .await;
}

#[tokio::test]
async fn a_first_visit_to_the_board_fetches_nothing_that_is_opened_later() {
    board(async |page, _| {
        assert_eq!(page.js(FETCHED).await, serde_json::json!([]));
        page.js(OPEN_LAMP).await;
        page.until(
            "the panel",
            "return document.querySelector('dialog.device').innerText.includes('lamp/status')",
        )
        .await;
        let fetched = page.js(FETCHED).await;
        let fetched: Vec<_> =
            fetched.as_array().into_iter().flatten().filter_map(|name| name.as_str()).collect();
        assert!(fetched.iter().any(|name| name.contains("later-device-")), "{fetched:?}");
        assert!(fetched.iter().all(|name| !name.contains("later-connection-")), "{fetched:?}");
        let focused = page.js("return document.activeElement.id").await;
        assert_eq!(focused, "device-title", "what the dialog is about is read first");
    })
    .await;
}

#[tokio::test]
async fn a_part_that_cannot_be_fetched_says_so_and_can_be_tried_again() {
    board(async |page, broker| {
        page.js(
            "window.fetched = fetch; window.fetch = async () => { throw new TypeError('Failed to fetch') }",
        )
        .await;
        page.js("window.logged = console.error; console.error = () => {}").await;
        page.js(OPEN_LAMP).await;
        page.until(
            "a word about it",
            "return document.querySelector('dialog.device [role=alert]')?.innerText
            .includes('could not be loaded')",
        )
        .await;
        page.js("window.fetch = window.fetched; console.error = window.logged").await;
        page.js("document.querySelector('dialog.device [role=alert] button').click()").await;
        page.until(
            "the panel",
            "return document.querySelector('dialog.device').innerText.includes('lamp/status')",
        )
        .await;
        assert_eq!(page.js("return document.querySelectorAll('dialog.device [role=alert]').length").await, 0);
        // What was made by the second try lives as long as the panel does.
        broker.publish("lamp/status", "offline", true).await;
        let shown = "return document.querySelector('dialog.device .standing').innerText.includes('Offline')";
        page.until("the panel follows", shown).await;
        page.js("document.querySelector('dialog.device [name=close]').click()").await;
        page.until("no panel", "return !document.querySelector('dialog.device').open").await;
    })
    .await;
}
