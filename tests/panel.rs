//! The panel of a device: what it said, byte by byte, what hangs on it, and that it says so when something is not known.

use harness::{Mosquitto, MosquittoOptions, Page, Site, Visit, visit};

/// Opens the page, in a language, on a broker that keeps these messages.
async fn board(language: &str, retained: &[(&str, &str)], test: impl AsyncFnOnce(&Page, &mut Mosquitto)) {
    let (site, mut broker) = (Site::http().await, Mosquitto::start(MosquittoOptions::default()).await);
    for (topic, payload) in retained {
        broker.publish(topic, payload, true).await;
    }
    let url = site.page(&format!("?broker={}", broker.websocket()));
    let how = Visit { language: language.to_owned(), ..Visit::new(url).with_failing_connections() };
    visit(how, async |page| {
        page.until_snapshot("complete").await;
        test(page, &mut broker).await;
    })
    .await;
}

/// Opens a device's panel as a pointer would.
async fn open(page: &Page, device: &str) {
    let tile = format!("[...document.querySelectorAll('.tile')].find(t => t.dataset.device === {device:?})");
    page.until(&format!("the tile of {device}"), &format!("return !!{tile}")).await;
    page.js(&format!("{tile}.querySelector('.face').click()")).await;
    page.until("the panel", "return document.querySelector('dialog.device').open").await;
}

/// Waits until the panel says this.
async fn until_says(page: &Page, part: &str) {
    let body = format!("return document.querySelector('dialog.device').innerText.includes({part:?})");
    page.until(&format!("the panel says {part:?}"), &body).await;
}

/// What is in the boxes with bytes that are shown.
async fn bytes(page: &Page) -> serde_json::Value {
    page.js("return [...document.querySelectorAll('dialog.device .bytes')].filter(b => b.checkVisibility()).map(b => b.textContent)")
        .await
}

#[tokio::test]
async fn the_payload_is_shown_as_text_and_as_hex() {
    board("en-US", &[("attic/lamp/status", " Online\r\n")], async |page, broker| {
        open(page, "attic/lamp").await;
        until_says(page, "Retained message · 9 bytes.").await;
        until_says(page, "Boxed: invisible characters").await;
        let hex = "0000  20 4f 6e 6c 69 6e 65 0d 0a";
        assert_eq!(bytes(page).await, serde_json::json!([" Online␍ ␊\n", hex]));
        broker.publish("attic/lamp/status", "offline", true).await;
        until_says(page, "Received live · 7 bytes.").await;
        assert_eq!(bytes(page).await, serde_json::json!(["offline", "0000  6f 66 66 6c 69 6e 65"]));
        let boxed = "return [...document.querySelectorAll('dialog.device .hint')].some(h => h.checkVisibility())";
        assert_eq!(page.js(boxed).await, false);
        // The keyboard reaches what scrolls.
        let reached = "return [...document.querySelectorAll('dialog.device pre[tabindex=\"0\"]')].every(p => p.ariaLabel)";
        assert_eq!(page.js(reached).await, true);
    })
    .await;
}

#[tokio::test]
async fn a_word_that_nobody_knows_is_counted_and_shown_and_changes_nothing() {
    board("en-US", &[("attic/lamp/status", "online")], async |page, broker| {
        open(page, "attic/lamp").await;
        broker.publish("attic/lamp/status", "per\u{202E}haps<b>", false).await;
        until_says(page, "1 message on its topic had a payload that ESPHome does not define").await;
        broker.publish("attic/lamp/status", &"x".repeat(100), false).await;
        until_says(page, "2 messages on its topic").await;
        until_says(page, "The last one: 100 bytes. It begins with:").await;
        broker.publish("attic/lamp/status", "per\u{202E}haps<b>", false).await;
        until_says(page, "3 messages on its topic").await;
        let shown = bytes(page).await;
        assert_eq!(shown[2], "perU+202Ehaps<b>");
        assert_eq!(
            page.js("return document.querySelectorAll('dialog.device b').length").await,
            1,
            "the status"
        );
        until_says(page, "Online").await;
    })
    .await;
}

const GATEWAY: [(&str, &str); 6] = [
    ("zigbee2mqtt/bridge/state", r#"{"state":"online"}"#),
    ("zigbee2mqtt/hall/door/availability", r#"{"state":"online"}"#),
    ("zigbee2mqtt/hall/lamp/availability", r#"{"state":"offline"}"#),
    (
        "zigbee2mqtt/bridge/devices",
        r#"[{"friendly_name":"new","type":"Router"},{"friendly_name":"old","type":"Router","disabled":true}]"#,
    ),
    ("lamp/tele/LWT", "Online"),
    ("tele/lamp/LWT", "Online"),
];

#[tokio::test]
async fn a_gateway_leads_to_what_hangs_on_it_and_back() {
    board("en-US", &GATEWAY, async |page, broker| {
        open(page, "zigbee2mqtt").await;
        until_says(page, "Devices behind it: 4").await;
        let children = "[...document.querySelectorAll('dialog.device .children li')]";
        // The one in trouble first.
        let first = format!("return {children}.map(li => li.innerText.trim())[0]");
        assert_eq!(page.js(&first).await, "hall/lamp offline");
        // A link with the focus keeps it when it moves up the list.
        page.js(&format!(
            "{children}.find(li => li.innerText.includes('hall/door')).querySelector('.link').focus()"
        ))
        .await;
        broker.publish("zigbee2mqtt/hall/door/availability", r#"{"state":"offline"}"#, true).await;
        page.until(
            "the door moves up",
            &format!("return {children}.slice(0, 2).some(li => li.innerText.trim() === 'hall/door offline')"),
        )
        .await;
        assert_eq!(page.js("return document.activeElement.textContent").await, "hall/door");
        page.js("document.activeElement.click()").await;
        let title =
            |name: &str| format!("return document.getElementById('device-title').textContent === {name:?}");
        page.until("the door's panel", &title("hall/door")).await;
        assert_eq!(page.js("return document.activeElement.id").await, "device-title");
        page.js("document.querySelector('dialog.device .facts .link').click()").await;
        page.until("the gateway's panel", &title("zigbee2mqtt")).await;
    })
    .await;
}

#[tokio::test]
async fn what_others_say_of_it_is_told() {
    board("en-US", &GATEWAY, async |page, _| {
        open(page, "old").await;
        until_says(page, "listed · disabled").await;
        until_says(page, "It has not published anything itself.").await;
        page.js("document.querySelector('dialog.device .close').click()").await;
        open(page, "lamp").await;
        // Two topics speak for it, whichever came first.
        let also = "return [...document.querySelectorAll('dialog.device .facts div')].filter(d => d.checkVisibility()).map(d => d.innerText.replace(/\\s+/g, ' ')).filter(t => t.startsWith('Also on')).length === 1";
        page.until("both topics", also).await;
    })
    .await;
}

#[tokio::test]
async fn a_device_that_goes_says_so_and_is_found_again_when_it_is_back() {
    board("zh-CN", &[("attic/lamp/status", "online")], async |page, broker| {
        open(page, "attic/lamp").await;
        until_says(page, "保留消息 · 6字节。").await;
        broker.publish("attic/lamp/status", "", true).await;
        until_says(page, "它的保留消息已在服务器上删除。这是最后已知的状态。").await;
        broker.publish("attic/lamp/status", "offline", true).await;
        until_says(page, "实时收到 · 7字节。").await;
        let gone = "return !document.querySelector('dialog.device').innerText.includes('已从服务器上移除')";
        page.until("it is back", gone).await;
        broker.kill().await;
        until_says(page, "Willow 未连接。这是最后已知的状态。").await;
    })
    .await;
}

#[tokio::test]
async fn a_device_in_the_address_is_waited_for_and_opened() {
    let (site, broker) = (Site::http().await, Mosquitto::start(MosquittoOptions::default()).await);
    broker.publish("tele/pump/LWT", "Online", true).await;
    let url = site.page(&format!("?broker={}#/?device=tasmota/lamp", broker.websocket()));
    visit(Visit::new(url), async |page| {
        page.until_snapshot("complete").await;
        until_says(page, "This device has not been seen so far.").await;
        let panel = |id: &str| {
            format!("return document.querySelector('[data-device-panel]')?.dataset.devicePanel === {id:?}")
        };
        assert_eq!(page.js("return document.querySelectorAll('[data-device-panel]').length").await, 0);
        broker.publish("tele/lamp/LWT", "Online", true).await;
        page.until("its panel", &panel("lamp")).await;
        until_says(page, "tele/lamp/LWT").await;
        assert_eq!(page.js("return document.activeElement.id").await, "device-title");
        page.js("document.querySelector('dialog.device .close').click()").await;
        page.until("no device in the address", "return !location.hash.includes('device=')").await;
        open(page, "pump").await;
        page.until("another panel", &panel("pump")).await;
        page.until("it is in the address", "return location.hash.includes('device=tasmota/pump')").await;
    })
    .await;
}

#[tokio::test]
async fn it_fits_into_every_window() {
    let (site, broker) = (Site::http().await, Mosquitto::start(MosquittoOptions::default()).await);
    for (topic, payload) in GATEWAY {
        broker.publish(topic, payload, true).await;
    }
    broker.publish("zigbee2mqtt/bridge/state", &"\u{202E}?".repeat(40), true).await;
    for (width, height, dark, language) in [(1440, 900, true, "en-US"), (390, 844, false, "zh-CN")] {
        let url = site.page(&format!("?broker={}", broker.websocket()));
        let how = Visit { dark, language: language.to_owned(), ..Visit::new(url).sized(width, height) };
        visit(how, async |page| {
            page.until_snapshot("complete").await;
            broker.publish("zigbee2mqtt/bridge/state", r#"{"state":"online"}"#, true).await;
            page.until_tile("zigbee2mqtt-bridge", "zigbee2mqtt", "online", "live").await;
            open(page, "zigbee2mqtt").await;
            let fits = "const d = document.querySelector('dialog.device'); return d.scrollWidth <= d.clientWidth && d.getBoundingClientRect().right <= innerWidth";
            page.until("nothing is wider than the panel", fits).await;
            page.screenshot(&format!("panel-{width}")).await;
            page.js("document.querySelector('dialog.device').scrollTo(0, 1e6)").await;
            page.screenshot(&format!("panel-{width}-end")).await;
        })
        .await;
    }
}
