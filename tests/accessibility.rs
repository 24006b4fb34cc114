//! axe-core finds nothing to object to, in any state of the page, at desk and phone size, in both languages and
//! themes.

use harness::{Mosquitto, MosquittoOptions, Page, Site, Visit, visit};

/// Runs axe-core on the page as it stands.
async fn check(page: &Page, state: &str) {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/tools/axe/node_modules/axe-core/axe.min.js");
    let axe = std::fs::read_to_string(file).expect("axe-core is there (`cargo xtask setup --tests`)");
    page.js(&format!("{axe}; window.axe = axe;")).await;
    let run = "const done = arguments[0];\
        axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })\
            .then(({ violations }) => done(violations.map(v => `${v.id}: ${v.help} ${v.nodes.map(n => n.html).join(' ')}`)))\
            .catch(error => done([String(error)]));";
    let answer = page.driver.execute_async(run, Vec::new()).await.expect("axe-core answers");
    let violations = answer.json().as_array().expect("a list").clone();
    assert!(violations.is_empty(), "{state}: {violations:#?}");
}

/// A board in trouble, with everything that can stand on it.
async fn every_state(size: (u32, u32), dark: bool, language: &str) {
    let (site, mut broker) = (Site::http().await, Mosquitto::start(MosquittoOptions::default()).await);
    for (topic, payload) in [
        ("attic/lamp/status", "online"),
        ("attic/plug/status", "offline"),
        ("homie/car/$state", "alert"),
        ("homie/mast/$state", "sleeping"),
        ("zigbee2mqtt/bridge/state", r#"{"state":"offline"}"#),
        ("zigbee2mqtt/hall/door/availability", r#"{"state":"online"}"#),
        ("zigbee2mqtt/bridge/devices", r#"[{"friendly_name":"new","type":"Router"}]"#),
        ("odd/status", "perhaps"),
    ] {
        broker.publish(topic, payload, true).await;
    }
    let how = |url| Visit {
        dark,
        language: language.to_owned(),
        ..Visit::new(url).sized(size.0, size.1).with_failing_connections()
    };
    visit(how(site.page("")), async |page| {
        page.until("the form", "return !!document.querySelector('form.connection')").await;
        check(page, "first visit").await;
        page.js("document.querySelectorAll('.connections details').forEach(d => d.open = true);\
             document.querySelector('.connection [name=save]').click();")
            .await;
        page.until("one is kept", "return document.querySelectorAll('[data-profile]').length === 1").await;
        page.js("document.querySelectorAll('[data-profile] .button')[2].click()").await;
        page.until("two are kept", "return document.querySelectorAll('[data-profile]').length === 2").await;
        page.js("document.querySelectorAll('[data-profile] .button')[3].click()").await;
        page.until("one can be undone", "return !!document.querySelector('[name=undo]')").await;
        let file =
            r#"{"format":"willow-connections","version":1,"profiles":[{"name":"a","address":"ws://a"},{}]}"#;
        page.js(&format!(
            "const list = new DataTransfer(), input = document.querySelector('[name=import]');\
             list.items.add(new File([{file:?}], 'a.json')); input.files = list.files;\
             input.dispatchEvent(new Event('change'));"
        ))
        .await;
        page.until("a preview", "return !!document.querySelector('[name=add]')").await;
        check(page, "connections are kept").await;
        page.until("as wide as the window", "return document.documentElement.scrollWidth <= innerWidth")
            .await;
        page.screenshot(&format!("connections-{}-{dark}-{language}", size.0)).await;
    })
    .await;
    visit(how(site.page(&format!("?broker={}", broker.websocket()))), async |page| {
        page.until_snapshot("complete").await;
        page.until_count("total", 7).await;
        broker.publish("attic/lamp/status", "offline", true).await;
        page.until("told", "return document.querySelectorAll('.rail li').length === 1").await;
        check(page, "board").await;
        page.js("document.querySelector('details.filters').open = true").await;
        page.until("the filters", "return document.querySelectorAll('.filters tbody tr').length > 5").await;
        check(page, "filters").await;
        page.js("document.querySelector('details.filters').open = false").await;
        page.until("tiles", "return document.querySelector('.face') !== null").await;
        page.js("document.querySelector('.face').click()").await;
        page.until("the panel", "return document.querySelector('dialog.device').open").await;
        check(page, "a device").await;
        page.js("document.querySelector('dialog.device .close').click()").await;
        let gateway = "[...document.querySelectorAll('.tile')].find(t => t.dataset.convention === 'zigbee2mqtt-bridge')";
        page.js(&format!("{gateway}.querySelector('.face').click()")).await;
        broker.publish("zigbee2mqtt/bridge/state", "perhaps\t", false).await;
        let panel = "document.querySelectorAll('dialog.device :is(.children li, .stand-in)').length === 3";
        page.until("its panel, with what hangs on it", &format!("return {panel}")).await;
        check(page, "a gateway").await;
        let press = async |button: &str| {
            page.until(button, &format!("return !!document.querySelector({button:?})?.checkVisibility()")).await;
            page.js(&format!("document.querySelector({button:?}).click()")).await;
        };
        press("dialog.device .actions button").await;
        page.until("a preview", "return !!document.querySelector('dialog.forget li')").await;
        check(page, "forgetting: found").await;
        press("dialog.forget .danger").await;
        check(page, "forgetting: confirmed").await;
        press("dialog.forget .danger").await;
        page.until("done", "return document.querySelector('dialog.forget h3')?.innerText.length > 0 && !document.querySelector('dialog.forget .danger')").await;
        check(page, "forgetting: done").await;
        press("dialog.forget .actions button").await;
        page.until_count("total", 7).await;
        press("dialog.forget .close").await;
        page.js("location.hash = '#/?group=convention&view=compact'").await;
        page.until("groups", "return document.querySelectorAll('.fold').length > 2").await;
        check(page, "groups, compact").await;
        page.js("location.hash = '#/?group=convention&view=wall'").await;
        page.until("cells", "return document.querySelectorAll('canvas.cells').length > 2").await;
        page.js("document.querySelector('.wall').focus()").await;
        page.until("its option", "return document.querySelector('.wall .cell')?.textContent.length > 5")
            .await;
        check(page, "the wall").await;
        page.js("document.querySelector('[data-link]').click()").await;
        page.until("the dialog", "return !!document.querySelector('dialog form.connection')").await;
        check(page, "the connection").await;
        page.js("document.querySelector('dialog[open] .close').click()").await;
        page.js("document.querySelector('[name=help]').click()").await;
        page.until("the help", "return document.querySelector('dialog.help').open").await;
        check(page, "the help").await;
        page.screenshot(&format!("help-{}-{dark}-{language}", size.0)).await;
        page.js("document.querySelector('dialog[open] .close').click()").await;
        broker.kill().await;
        page.until_link("waiting").await;
        check(page, "the broker is gone").await;
    })
    .await;
}

#[tokio::test]
async fn at_a_desk_in_light() {
    every_state((1440, 900), false, "en-US").await;
}

#[tokio::test]
async fn at_a_desk_in_the_dark() {
    every_state((1440, 900), true, "en-US").await;
}

#[tokio::test]
async fn at_a_desk_in_light_in_chinese() {
    every_state((1440, 900), false, "zh-CN").await;
}

#[tokio::test]
async fn at_a_desk_in_the_dark_in_chinese() {
    every_state((1440, 900), true, "zh-CN").await;
}

#[tokio::test]
async fn on_a_phone_in_light() {
    every_state((390, 844), false, "en-US").await;
}

#[tokio::test]
async fn on_a_phone_in_the_dark() {
    every_state((390, 844), true, "en-US").await;
}

#[tokio::test]
async fn on_a_phone_in_light_in_chinese() {
    every_state((390, 844), false, "zh-CN").await;
}

#[tokio::test]
async fn on_a_phone_in_the_dark_in_chinese() {
    every_state((390, 844), true, "zh-CN").await;
}
