//! How the page starts: nothing moves after it was painted, and an address opens what it names.

use harness::{Mosquitto, MosquittoOptions, Site, Visit, visit};

/// Adds up the layout shifts, as Cumulative Layout Shift does.
const SHIFTS: &str = "window.__shifts = [];\
    new PerformanceObserver(list => list.getEntries().forEach(e => window.__shifts.push(\
    [e.value, e.sources.map(s => s.node?.className || s.node?.nodeName).join(' ')])))\
    .observe({ type: 'layout-shift', buffered: true });";

#[tokio::test]
async fn nothing_moves_while_the_page_starts() {
    let (site, broker) = (Site::http().await, Mosquitto::start(MosquittoOptions::default()).await);
    for device in ["lamp", "pump", "gate"] {
        broker.publish(&format!("{device}/status"), "online", true).await;
    }
    for (width, height) in [(1440, 900), (390, 844)] {
        for query in [String::new(), format!("?broker={}", broker.websocket())] {
            let how =
                Visit { early: SHIFTS.to_owned(), ..Visit::new(site.page(&query)).sized(width, height) };
            visit(how, async |page| {
                page.until_link(if query.is_empty() { "idle" } else { "connected" }).await;
                if !query.is_empty() {
                    page.until_count("online", 3).await;
                    page.until_snapshot("complete").await;
                }
                page.until("no shell", "return !document.getElementById('shell')").await;
                let sum = page.js("return __shifts.reduce((sum, [value]) => sum + value, 0)").await;
                let shifts = page.js("return JSON.stringify(__shifts)").await;
                let sum = sum.as_f64().expect("a sum");
                assert!(sum < 0.01, "{width} px, {query}: layout shifts of {sum}: {shifts}");
            })
            .await;
        }
    }
}

#[tokio::test]
async fn before_any_connection_the_page_shows_the_form_and_no_counters() {
    let (site, broker) = (Site::http().await, Mosquitto::start(MosquittoOptions::default()).await);
    broker.publish("lamp/status", "online", true).await;
    const HIDDEN: &str = "return ['[data-count=total]', 'input[type=search]'].map(s => \
                          document.querySelector(s)).every(e => e && !e.checkVisibility())";
    visit(Visit::new(site.page("")), async |page| {
        page.until("the form", "return !!document.querySelector('main form.connection')").await;
        assert_eq!(page.js(HIDDEN).await, true, "search and counters are there, and hidden");
        let connect = format!(
            "const field = document.querySelector('main form.connection [name=broker]');\
             field.value = {:?}; field.dispatchEvent(new Event('input', {{ bubbles: true }}));\
             document.querySelector('main form.connection [type=submit]').click()",
            broker.websocket()
        );
        page.js(&connect).await;
        page.until_count("online", 1).await;
        assert_eq!(page.js(HIDDEN).await, false, "they are shown once there is a connection");
        assert_eq!(page.js("return document.querySelector('[data-count=total]').textContent").await, "1");
    })
    .await;
}

#[tokio::test]
async fn an_address_opens_a_device_and_names_the_open_one() {
    let (site, broker) = (Site::http().await, Mosquitto::start(MosquittoOptions::default()).await);
    broker.publish("attic/灯/status", "online", true).await;
    let query = format!("?broker={}#/?device=esphome/attic%2F%E7%81%AF", broker.websocket());
    visit(Visit::new(site.page(&query)), async |page| {
        page.until("the panel", "return document.querySelector('dialog[open][data-device-panel]')?.dataset.devicePanel === 'attic/灯'").await;
        page.js("document.querySelector('dialog[open] .close').click()").await;
        page.until("an address without it", "return !location.hash.includes('device=')").await;
        page.until("the tile", "return !!document.querySelector('.face')").await;
        page.js("document.querySelector('.face').click()").await;
        page.until("its address", "return location.hash.includes('device=esphome/attic')").await;
        // An address that names a device which has not been seen says so, and shows it when it comes.
        page.js("location.hash = '#/?device=esphome/later'").await;
        page.until("a sentence", "return document.querySelector('dialog[open]')?.innerText.includes('later')").await;
        assert_eq!(page.js("return document.querySelectorAll('[data-device-panel]').length").await, 0);
        broker.publish("later/status", "offline", true).await;
        page.until("the panel", "return document.querySelector('[data-device-panel]')?.dataset.devicePanel === 'later'").await;
        page.until("its status", "return document.querySelector('dialog[open]').innerText.includes('Offline')").await;
    })
    .await;
}
