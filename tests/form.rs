//! Connecting by hand, and the choices that the page keeps.

use harness::{Mosquitto, MosquittoOptions, Page, Site, Visit, visit};

async fn fill(page: &Page, name: &str, value: &str) {
    page.js(&format!(
        "const field = document.querySelector('form.connection [name={name}]'); field.value = {value:?};\
         field.dispatchEvent(new Event('input', {{ bubbles: true }}));"
    ))
    .await;
}

async fn click(page: &Page, selector: &str) {
    page.js(&format!("document.querySelector({selector:?}).click()")).await;
}

const SUBMIT: &str = "form.connection button[type=submit]";

#[tokio::test]
async fn the_proposed_address_follows_the_page() {
    for (site, proposed) in
        [(Site::http().await, "ws://127.0.0.1:9001/mqtt"), (Site::https().await, "wss://127.0.0.1/mqtt")]
    {
        visit(Visit::new(site.page("")), async |page| {
            page.until_link("idle").await;
            page.until_snapshot("unknown").await;
            let body = format!(
                "return document.querySelector('form.connection [name=broker]')?.value === {proposed:?}"
            );
            page.until(proposed, &body).await;
            for counter in ["total", "online", "offline", "sleeping", "degraded", "unknown"] {
                page.until_count(counter, 0).await;
            }
        })
        .await;
    }
}

/// Who opens a shared address without a broker connects by the form, and then sees what the address asks for.
#[tokio::test]
async fn a_shared_address_waits_for_the_first_connection() {
    let (site, broker) = (Site::http().await, Mosquitto::start(MosquittoOptions::default()).await);
    broker.publish("attic/lamp/status", "online", true).await;
    let shared = site.page("#/?group=topic-1&folded=attic&device=esphome/attic%2Flamp");
    visit(Visit::new(shared), async |page| {
        page.until("the form", "return !!document.querySelector('form.connection')").await;
        assert_eq!(page.js("return document.querySelectorAll('dialog[open]').length").await, 0);
        fill(page, "broker", &broker.websocket()).await;
        click(page, SUBMIT).await;
        page.until_link("connected").await;
        let panel = "return document.querySelector('dialog[open][data-device-panel]')?.dataset.devicePanel === 'attic/lamp'";
        page.until("the panel", panel).await;
        let kept = "return location.hash.includes('folded=attic') && location.hash.includes('device=esphome/attic')";
        page.until("its address", kept).await;
    })
    .await;
}

/// The password goes to the broker and nowhere else; after a disconnect everything is kept, and stale.
#[tokio::test]
async fn connecting_and_disconnecting_by_hand() {
    let options = MosquittoOptions { login: Some(("board", "correct-horse")), ..MosquittoOptions::default() };
    let (site, broker) = (Site::http().await, Mosquitto::start(options).await);
    visit(Visit::new(site.page("")), async |page| {
        page.until("the form", "return !!document.querySelector('form.connection')").await;
        fill(page, "broker", &broker.websocket()).await;
        fill(page, "user", "board").await;
        fill(page, "password", "correct-horse").await;
        click(page, SUBMIT).await;
        page.until_link("connected").await;
        page.until_snapshot("complete").await;
        broker.publish_as("board", "correct-horse", "pump/status", "online").await;
        page.until_tile("esphome", "pump", "online", "live").await;

        let kept =
            "return JSON.stringify([location.href, document.cookie, {...localStorage}, {...sessionStorage}])";
        let kept = page.js(kept).await;
        assert!(!kept.to_string().contains("correct-horse"), "{kept}");

        click(page, "[data-link]").await;
        page.until("the button", "return !!document.querySelector('button[name=disconnect]')").await;
        click(page, "button[name=disconnect]").await;
        page.until_link("idle").await;
        page.until_tile("esphome", "pump", "online", "stale").await;
        page.until_count("total", 1).await;
    })
    .await;
}

#[tokio::test]
async fn a_bad_address_is_told_at_the_field_and_loses_nothing() {
    let (site, broker) = (Site::http().await, Mosquitto::start(MosquittoOptions::default()).await);
    broker.publish("pump/status", "online", true).await;
    visit(Visit::new(site.page(&format!("?broker={}", broker.websocket()))), async |page| {
        page.until_tile("esphome", "pump", "online", "retained").await;
        click(page, "[data-link]").await;
        page.until("the form", "return !!document.querySelector('form.connection')").await;
        for address in [
            "",
            "mqtt://127.0.0.1:1883",
            "ws://",
            "ws://a:b@127.0.0.1/",
            "ws://127.0.0.1:99999/",
            "ws://[::1",
        ] {
            fill(page, "broker", address).await;
            click(page, SUBMIT).await;
            page.until(
                &format!("{address:?} is refused"),
                "const field = document.querySelector('form.connection [name=broker]');\
                 return field.getAttribute('aria-invalid') === 'true' && \
                 document.querySelector('#connection-error').textContent.length > 10",
            )
            .await;
            page.until_link("connected").await;
            page.until_tile("esphome", "pump", "online", "retained").await;
        }
    })
    .await;
}

#[tokio::test]
async fn the_language_is_kept_and_slash_searches() {
    let (site, broker) = (Site::http().await, Mosquitto::start(MosquittoOptions::default()).await);
    visit(Visit::new(site.page("")), async |page| {
        page.until("English", "return !!document.querySelector('select[name=language]')").await;
        page.until_link("idle").await;
        page.js("const choice = document.querySelector('select[name=language]');\
             choice.value = [...choice.options].find(o => o.textContent.includes('简体中文')).value;\
             choice.dispatchEvent(new Event('change', { bubbles: true }));")
            .await;
        page.until("简体中文", "return /未连接/.test(document.body.innerText)").await;
        page.driver.refresh().await.expect("a page can be loaded again");
        page.until("简体中文 again", "return document.documentElement.lang === 'zh-CN'").await;
        // There is nothing to search before the first connection.
        page.js("document.dispatchEvent(new KeyboardEvent('keydown', { key: '/', bubbles: true }))").await;
        assert_eq!(page.js("return document.activeElement?.type === 'search'").await, false);
        let connected = site.page(&format!("?broker={}", broker.websocket()));
        page.driver.goto(&connected).await.expect("the page opens");
        page.until_link("connected").await;
        page.until("简体中文 still", "return document.documentElement.lang === 'zh-CN'").await;
        page.until("the search", "return document.querySelectorAll('input[type=search]').length === 1").await;
        page.js("document.dispatchEvent(new KeyboardEvent('keydown', { key: '/', bubbles: true }))").await;
        page.until("the focus", "return document.activeElement?.type === 'search'").await;
    })
    .await;
}
