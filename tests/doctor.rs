//! What the page tells whoever has to help: a report without secrets, and what an empty board means.

use harness::{Mosquitto, MosquittoOptions, Page, Site, Visit, visit};

/// What the page wrote to the clipboard is kept for the test.
const CLIPBOARD: &str = "Object.defineProperty(navigator, 'clipboard', \
    { value: { writeText: text => { window.__copied = text; return Promise.resolve(); } } });";

/// A page that came by http from another machine has none.
const NO_CLIPBOARD: &str = "Object.defineProperty(navigator, 'clipboard', { value: undefined });";

async fn copied(page: &Page) -> String {
    page.js("document.querySelector('[name=report]').click()").await;
    page.until("it is copied", "return !!window.__copied").await;
    page.until(
        "that is said",
        "return /copied/.test(document.querySelector('.report [role=status]').textContent)",
    )
    .await;
    page.js("return window.__copied").await.as_str().expect("a text").to_owned()
}

#[tokio::test]
async fn a_report_of_a_refusal_has_the_code_and_no_secret() {
    let options = MosquittoOptions { login: Some(("board", "right")), ..MosquittoOptions::default() };
    let (site, broker) = (Site::http().await, Mosquitto::start(options).await);
    let url = site.page(&format!("?broker={}?token=hush-token&version=5", broker.websocket()));
    visit(Visit { early: CLIPBOARD.to_owned(), ..Visit::new(url) }, async |page| {
        page.until_link("refused").await;
        page.js("document.querySelector('[data-link]').click()").await;
        page.until("the form", "return !!document.querySelector('dialog form.connection')").await;
        page.js(
            "const set = (name, value) => { const field = document.querySelector(`form.connection [name=${name}]`);\
             field.value = value; field.dispatchEvent(new Event('input', { bubbles: true })); };\
             set('user', 'hush-user'); set('password', 'hush-password'); set('client-id', 'hush-id');\
             document.querySelector('form.connection button[type=submit]').click();",
        )
        .await;
        page.until("the dialog is gone", "return !document.querySelector('dialog[open]')").await;
        page.until_link("refused").await;
        let report = copied(page).await;
        assert!(!report.contains("hush"), "{report}");
        let broker = format!("Broker: {} (query left out)", broker.websocket());
        for part in [
            "Willow: 0.",
            "Browser: Mozilla",
            "Page: http",
            broker.as_str(),
            "User: given",
            "Password: given",
            "Client id: given",
            "MQTT allowed: 5",
            "Link: refused",
            "WebSocket opened",
            "The attempt took",
            "authori",
            "Snapshot: unknown",
            "Devices: 0",
        ] {
            assert!(report.contains(part), "{part} in {report}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_report_of_a_board_says_what_each_filter_brought() {
    let (site, broker) = (Site::http().await, Mosquitto::start(MosquittoOptions::default()).await);
    broker.publish("pump/status", "offline", true).await;
    let how = Visit {
        early: CLIPBOARD.to_owned(),
        language: "zh-CN".to_owned(),
        ..Visit::new(
            site.page(&format!("?broker={}&filter=%2B/status&filter=tele/%2B/LWT", broker.websocket())),
        )
    };
    visit(how, async |page| {
        page.until_snapshot("complete").await;
        page.until_count("offline", 1).await;
        page.js("document.querySelector('details.filters').open = true").await;
        page.until("the button", "return !!document.querySelector('[name=report]')").await;
        page.js("document.querySelector('[name=report]').click()").await;
        page.until("it is copied", "return !!window.__copied").await;
        let report = page.js("return window.__copied").await.as_str().expect("a text").to_owned();
        // English, whatever the page speaks.
        for part in
            ["+/status: complete; 1 messages, 1 topics, 0 unmatched", "tele/+/LWT: complete; 0 messages"]
        {
            assert!(report.contains(part), "{part} in {report}");
        }
        assert!(
            report.contains("Devices: 1: 0 online, 1 offline") && report.contains("Link: connected"),
            "{report}"
        );
        page.until("that is said", "return /已复制/.test(document.body.innerText)").await;
    })
    .await;
}

#[tokio::test]
async fn where_nothing_can_be_copied_the_report_is_marked() {
    let (site, port) = (Site::http().await, harness::free_port());
    let url = site.page(&format!("?broker=ws://127.0.0.1:{port}/mqtt"));
    let how = Visit { early: NO_CLIPBOARD.to_owned(), ..Visit::new(url).with_failing_connections() };
    visit(how, async |page| {
        page.until("the button", "return !!document.querySelector('[name=report]')").await;
        page.js("document.querySelector('[name=report]').click()").await;
        page.until("the report", "return document.querySelector('.report textarea')?.value.includes('Known:')").await;
        page.until(
            "it is marked",
            "const field = document.activeElement;\
             return field.tagName === 'TEXTAREA' && field.selectionEnd - field.selectionStart === field.value.length",
        )
        .await;
        page.screenshot("report").await;
    })
    .await;
}

#[tokio::test]
async fn nobody_there_shows_what_each_filter_brought() {
    let (site, broker) = (Site::http().await, Mosquitto::start(MosquittoOptions::default()).await);
    broker.publish("pump/power", "12 W", true).await;
    let url = site.page(&format!("?broker={}&filter=%23", broker.websocket()));
    visit(Visit::new(url), async |page| {
        page.until_snapshot("complete").await;
        page.until(
            "what was looked at",
            "return /Messages received: 1, on topics: 1\\./.test(document.body.innerText)",
        )
        .await;
        page.until("the filters", "return document.querySelectorAll('.filters tbody tr').length === 1").await;
        page.screenshot("nobody").await;
        broker.publish("pump/status", "online", true).await;
        page.until_tile("esphome", "pump", "online", "live").await;
        page.until("it makes room", "return !document.querySelector('details.filters').open").await;
    })
    .await;
}

#[tokio::test]
async fn what_each_filter_brought_does_not_close_under_its_reader() {
    let (site, broker) = (Site::http().await, Mosquitto::start(MosquittoOptions::default()).await);
    let url = site.page(&format!("?broker={}&filter=%23", broker.websocket()));
    visit(Visit::new(url), async |page| {
        page.until_snapshot("complete").await;
        page.until("the filters", "return document.querySelectorAll('.filters tbody tr').length === 1").await;
        page.js("document.querySelector('.filters tbody input').focus()").await;
        broker.publish("pump/status", "online", true).await;
        page.until_count("online", 1).await;
        page.until("a tile", "return document.querySelectorAll('.tile').length === 1").await;
        assert_eq!(page.js("return document.querySelector('details.filters').open").await, true);
    })
    .await;
}

#[tokio::test]
async fn all_asleep_says_what_that_means() {
    let (site, broker) = (Site::http().await, Mosquitto::start(MosquittoOptions::default()).await);
    for topic in ["homie/mast/$state", "homie/buoy/$state"] {
        broker.publish(topic, "sleeping", true).await;
    }
    visit(Visit::new(site.page(&format!("?broker={}", broker.websocket()))), async |page| {
        page.until_count("sleeping", 2).await;
        page.until_snapshot("complete").await;
        page.until(
            "the headline",
            "return /All 2 devices are asleep/.test(document.querySelector('h1').innerText)",
        )
        .await;
        let text = page.text().await;
        assert!(text.contains("A sleeping device cannot be told from a dead one"), "{text}");
    })
    .await;
}

/// The machine sleeps: the page's clock jumps, nothing else of it runs meanwhile.
#[tokio::test]
async fn after_a_sleep_it_says_what_nobody_looked_at() {
    let (site, broker) = (Site::http().await, Mosquitto::start(MosquittoOptions::default()).await);
    broker.publish("pump/status", "online", true).await;
    let early = "const real = Date.now; window.__slept = 0; Date.now = () => real() + __slept;".to_owned();
    let url = site.page(&format!("?broker={}", broker.websocket()));
    visit(Visit { early, ..Visit::new(url).with_failing_connections() }, async |page| {
        page.until_snapshot("complete").await;
        page.until_tile("esphome", "pump", "online", "retained").await;
        page.js("window.__slept = 2 * 3600 * 1000; dispatchEvent(new Event('pageshow'))").await;
        page.until("it is told", "return /Not observed from/.test(document.querySelector('.sub').innerText)")
            .await;
        page.until_link("connected").await;
        page.until_tile("esphome", "pump", "online", "retained").await;
    })
    .await;
}
