//! What the page says when it cannot connect: certain causes as facts, the others as guesses, each with
//! what to try; and that it recovers by itself where it can.

use std::time::Duration;

use harness::{External, Mosquitto, MosquittoOptions, Program, Site, Visit, free_port, visit};

/// The first retry comes at once, the later ones with at most 30 s between them.
const RECOVERY: Duration = Duration::from_secs(40);

/// It is loaded at the first trouble.
const DIAGNOSIS: &str = "return document.querySelector('[data-diagnosis]') !== null";

#[tokio::test]
async fn a_broker_that_is_not_there_and_then_appears() {
    let (site, port) = (Site::http().await, free_port());
    let url = site.page(&format!("?broker=ws://127.0.0.1:{port}/mqtt"));
    visit(Visit::new(url).with_failing_connections(), async |page| {
        page.until_link("waiting").await;
        page.until("the diagnosis", DIAGNOSIS).await;
        let text = page.text().await;
        assert!(text.contains("Likely"), "a guess is worded as one:\n{text}");
        assert!(text.contains(&port.to_string()), "the address is named:\n{text}");
        page.js("document.querySelector('[data-diagnosis] .button').focus()").await;
        let broker = Mosquitto::start_at(port, MosquittoOptions::default()).await;
        broker.publish("here/status", "online", true).await;
        let connected = "return document.querySelector('[data-link]').dataset.link === 'connected'";
        page.until_within(RECOVERY, "connected without a hand", connected).await;
        page.until_tile("esphome", "here", "online", "retained").await;
        assert!(!page.text().await.contains("Likely"), "the guess is gone");
        let focused = "return document.activeElement.className === 'headline'";
        page.until("the focus, whose button is gone, at the headline", focused).await;
    })
    .await;
}

#[tokio::test]
async fn the_tcp_port_instead_of_the_websocket_one() {
    let (site, broker) = (Site::http().await, Mosquitto::start(MosquittoOptions::default()).await);
    let url = site.page(&format!("?broker=ws://127.0.0.1:{}/mqtt", broker.tcp_port()));
    visit(Visit::new(url).with_failing_connections(), async |page| {
        page.until_link("waiting").await;
        page.until("the TCP port is among the guesses", "return /TCP/.test(document.body.innerText)").await;
    })
    .await;
}

/// From an https page, Chromium refuses ws before anything is sent: certain, so it is said as a fact, and
/// nothing is retried.
#[tokio::test]
async fn ws_from_an_https_page() {
    let site = Site::https().await;
    let url = site.page("?broker=ws://broker.example:9001/mqtt");
    // Chromium logs what it refuses, and no page can prevent that.
    let how = Visit { allowed: vec!["Mixed Content", "WebSocket connection to"], ..Visit::new(url) };
    visit(how, async |page| {
        page.until_link("refused").await;
        page.until("the diagnosis", DIAGNOSIS).await;
        let text = page.text().await;
        assert!(text.contains("https") && text.contains("wss"), "{text}");
        assert!(!text.contains("Likely"), "a certain cause is no guess:\n{text}");
    })
    .await;
}

#[tokio::test]
async fn an_address_that_is_none() {
    let site = Site::http().await;
    for broker in
        ["http://127.0.0.1:9001/mqtt", "ws://", "ws://user:secret@127.0.0.1:9001/mqtt", "nonsense", "%00"]
    {
        let url = site.page(&format!("?broker={broker}"));
        visit(Visit::new(url), async |page| {
            page.until(
                "the error stands at the field",
                "return !!document.querySelector('#connection-error')?.textContent",
            )
            .await;
            page.until_link("idle").await;
            let text = page.text().await;
            assert!(text.contains("ws://"), "{broker}: what an address looks like is said:\n{text}");
            let shown =
                "return document.querySelector('form.connection [name=broker]').value + location.href";
            let shown = page.js(shown).await;
            assert!(
                !format!("{text}{shown}").contains("secret"),
                "a password is never shown:\n{text}\n{shown}"
            );
        })
        .await;
    }
}

/// A wrong login is a fact of the broker's, and only the visitor can mend it: no retry.
#[tokio::test]
async fn a_login_that_is_missing_and_then_given() {
    let options = MosquittoOptions { login: Some(("board", "right")), ..MosquittoOptions::default() };
    let (site, broker) = (Site::http().await, Mosquitto::start(options).await);
    for version in ["&version=3.1.1", "&version=5"] {
        let url = site.page(&format!("?broker={}{version}", broker.websocket()));
        visit(Visit::new(url), async |page| {
            page.until_link("refused").await;
            page.until("the diagnosis", DIAGNOSIS).await;
            let text = page.text().await;
            assert!(text.contains("password") || text.contains("authori"), "{text}");
            page.js("document.querySelector('[data-link]').click()").await;
            page.until("the form", "return !!document.querySelector('form.connection')").await;
            page.js(
                "const set = (name, value) => { const field = document.querySelector(`form.connection [name=${name}]`);\
                 field.value = value; field.dispatchEvent(new Event('input', { bubbles: true })); };\
                 set('user', 'board'); set('password', 'right');\
                 document.querySelector('form.connection button[type=submit]').click();",
            )
            .await;
            page.until_link("connected").await;
        })
        .await;
    }
}

/// What a filter would have brought is not there, and the board must not sound as if it had seen everything.
#[tokio::test]
async fn a_filter_that_the_broker_refuses_is_named_with_its_code() {
    let (site, broker) = (Site::http().await, External::start(Program::Aedes).await);
    broker.publish_retained("hall/lamp/status", "online").await;
    let url = site.page(&format!("?broker={}&filter=%2B/%2B/status&filter=secret/%23", broker.websocket()));
    visit(Visit::new(url), async |page| {
        page.until_tile("esphome", "hall/lamp", "online", "retained").await;
        page.until_snapshot("unknown").await;
        page.until(
            "the note",
            "return [...document.querySelectorAll('.note')].some(note => note.checkVisibility() \
               && /broker refused some subscriptions/.test(note.innerText) && /secret\\/#: refused with .*0x80/.test(note.innerText))",
        )
        .await;
        let text = page.text().await;
        assert!(!text.contains("All 1"), "nobody saw whether it is the only one:\n{text}");
        // Switched off by the visitor, it is not missed any more.
        page.js("document.querySelector('.filters summary').click()").await;
        page.until("what each brought", "return /refused/.test(document.querySelector('.filters table')?.innerText)").await;
        page.js("[...document.querySelectorAll('.filters tbody tr')].find(row => row.innerText.includes('secret')).querySelector('input').click()").await;
        page.until_snapshot("complete").await;
    })
    .await;
}
