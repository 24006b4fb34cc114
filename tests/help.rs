//! What the board says of itself: the help, the folds in its address, and what is empty.

use harness::{Mosquitto, MosquittoOptions, Page, Site, Visit, visit};
use thirtyfour::prelude::*;

async fn press(page: &Page, keys: impl Into<TypingData>) {
    let focused = page.driver.active_element().await.expect("something has the focus");
    focused.send_keys(keys).await.expect("it takes keys");
}

const IS_OPEN: &str = "return document.querySelector('dialog.help').open";

#[tokio::test]
async fn a_question_mark_opens_the_help_and_escape_gives_the_focus_back() {
    let (site, broker) = (Site::http().await, Mosquitto::start(MosquittoOptions::default()).await);
    broker.publish("pump/status", "offline", true).await;
    for (language, wanted) in [
        ("en-US", ["Offline", "Retained only", "move between devices"]),
        ("zh-CN", ["离线", "保留消息", "在设备之间移动"]),
    ] {
        let how = Visit {
            language: language.to_owned(),
            ..Visit::new(site.page(&format!("?broker={}", broker.websocket())))
        };
        visit(how, async |page| {
            page.until_count("offline", 1).await;
            page.until("a tile", "return !!document.querySelector('.face')").await;
            page.js("document.querySelector('.face').focus()").await;
            press(page, "?").await;
            page.until("the help", IS_OPEN).await;
            for part in wanted {
                let is_there =
                    format!("return document.querySelector('dialog.help').innerText.includes({part:?})");
                page.until(part, &is_there).await;
            }
            press(page, Key::Escape).await;
            page.until("no help", &format!("{IS_OPEN} === false")).await;
            page.until("the tile", "return !!document.activeElement.closest('.tile')").await;
            // In a field it is a question mark, and below a dialog nothing.
            press(page, "/").await;
            page.until("the search", "return document.activeElement.type === 'search'").await;
            press(page, "?").await;
            page.until("a sign", "return document.activeElement.value === '?'").await;
            assert_eq!(page.js(IS_OPEN).await, false);
            page.js("document.querySelector('[data-link]').click()").await;
            page.until("the form", "return !!document.querySelector('dialog[open] form.connection')").await;
            page.js("document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: '?', bubbles: true }))").await;
            assert_eq!(page.js(IS_OPEN).await, false);
            page.js("document.querySelector('dialog[open] .close').click()").await;
            // By its button as well.
            page.js("document.querySelector('[name=help]').click()").await;
            page.until("the help", IS_OPEN).await;
            page.screenshot(&format!("help-{language}")).await;
        })
        .await;
    }
}

#[tokio::test]
async fn folded_groups_are_part_of_the_address() {
    let (site, broker) = (Site::http().await, Mosquitto::start(MosquittoOptions::default()).await);
    for topic in ["attic/lamp/status", "a,b&c/plug/status", "cellar/pump/status"] {
        broker.publish(topic, "online", true).await;
    }
    let folded =
        "JSON.stringify([...document.querySelectorAll('.fold')].map(f => f.getAttribute('aria-expanded')))";
    let url = site.page(&format!("?broker={}#/?group=topic-1&folded=attic", broker.websocket()));
    visit(Visit::new(url), async |page| {
        page.until_snapshot("complete").await;
        page.until_count("total", 3).await;
        page.until("one is folded", &format!("return {folded} === '[\"true\",\"false\",\"true\"]'")).await;
        page.js("document.querySelector('.fold').click()").await;
        let wanted = "#/?group=topic-1&folded=a%2Cb%26c,attic";
        page.until("the address", &format!("return location.hash === {wanted:?}")).await;
        page.driver.refresh().await.expect("a page can be loaded again");
        page.until("two are folded", &format!("return {folded} === '[\"false\",\"false\",\"true\"]'")).await;
        page.js("location.hash = '#/?group=topic-1&folded=cellar'").await;
        page.until("another one", &format!("return {folded} === '[\"true\",\"true\",\"false\"]'")).await;
        page.until("that address", "return location.hash.endsWith('folded=cellar')").await;
    })
    .await;
}
