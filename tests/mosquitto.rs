//! The page against Debian's mosquitto, with devices whose wills are real: what is shown when a device
//! crashes, leaves cleanly, or is seen only from its retained message, in each version of the protocol.

use harness::{Mosquitto, MosquittoOptions, Page, Site, Visit, visit};

/// A crash is offline, live; for a page opened afterwards it is offline, retained; a clean exit changes
/// nothing, for a DISCONNECT deletes the will [MQTT-3.14.4-3].
async fn crash_late_visitor_and_clean_exit(version: &str, spoken: &str) {
    let (site, broker) = (Site::http().await, Mosquitto::start(MosquittoOptions::default()).await);
    let crasher = broker.device("crasher/status").await;
    let leaver = broker.device("leaver/status").await;
    let page_at = || site.page(&format!("?broker={}{version}", broker.websocket()));
    visit(Visit::new(page_at()), async |page| {
        page.until_link("connected").await;
        page.until_snapshot("complete").await;
        page.until_tile("esphome", "crasher", "online", "retained").await;
        page.until_tile("esphome", "leaver", "online", "retained").await;
        assert!(page.text().await.contains(spoken), "the badge names {spoken}");

        crasher.crash().await;
        page.until_tile("esphome", "crasher", "offline", "live").await;
        page.until_count("offline", 1).await;

        leaver.leave().await;
        // Whatever the exit could have caused has come before what is published after it.
        let newcomer = broker.device("newcomer/status").await;
        page.until_tile("esphome", "newcomer", "online", "live").await;
        page.until_tile("esphome", "leaver", "online", "retained").await;
        page.until_count("total", 3).await;
        newcomer.leave().await;
    })
    .await;
    visit(Visit::new(page_at()), async |page| {
        page.until_tile("esphome", "crasher", "offline", "retained").await;
        page.until_tile("esphome", "leaver", "online", "retained").await;
        page.until_tile("esphome", "newcomer", "online", "retained").await;
        page.until_snapshot("complete").await;
        page.until_count("online", 2).await;
        page.until_count("offline", 1).await;
    })
    .await;
}

#[tokio::test]
async fn a_will_with_neither_version_forced() {
    crash_late_visitor_and_clean_exit("", "MQTT 5").await;
}

#[tokio::test]
async fn a_will_with_3_1_1_forced() {
    crash_late_visitor_and_clean_exit("&version=3.1.1", "MQTT 3.1.1").await;
}

#[tokio::test]
async fn a_will_with_5_forced() {
    crash_late_visitor_and_clean_exit("&version=5", "MQTT 5").await;
}

/// Opens the page on a fresh mosquitto that already keeps these retained messages.
async fn with_retained(retained: &[(&str, &str)], test: impl AsyncFnOnce(&Page, &Mosquitto)) {
    with_retained_in("", retained, test).await;
}

/// The same in a version of the protocol, as the page's address names it.
async fn with_retained_in(
    version: &str,
    retained: &[(&str, &str)],
    test: impl AsyncFnOnce(&Page, &Mosquitto),
) {
    let (site, broker) = (Site::http().await, Mosquitto::start(MosquittoOptions::default()).await);
    for (topic, payload) in retained {
        broker.publish(topic, payload, true).await;
    }
    let url = site.page(&format!("?broker={}{version}", broker.websocket()));
    visit(Visit::new(url), async |page| {
        page.until_snapshot("complete").await;
        test(page, &broker).await;
    })
    .await;
}

#[tokio::test]
async fn each_convention_has_its_tile_and_no_other_topic_has() {
    let retained = [
        ("client-1-will", "online"),
        ("lingSou-AA:BB:CC:DD:EE:FF-Will", "CLIENT-OFFLINE"),
        (
            "mqtt-will",
            r#"{"productKey":"11:22:33:44:55:66","deviceName":"esp8266","types":"will","message":"online"}"#,
        ),
        ("tele/tasmota_49A3BC/LWT", "Online"),
        ("attic/tele/LWT", "Offline"),
        ("garage/cam/status", " online\n"),
        ("espeasy1/LWT", "Connected"),
        // Not devices: reserved, no word of a status, or nobody's topic.
        ("homeassistant/status", "online"),
        ("zwave/driver/status", "true"),
        ("livingroom/status", r#"{"temp":21}"#),
        ("ups/online", "ON"),
        ("weather", "sunny"),
    ];
    with_retained(&retained, async |page, _| {
        let mut tiles: Vec<_> = page
            .tiles()
            .await
            .into_iter()
            .map(|tile| format!("{} {} {} {}", tile.convention, tile.device, tile.status, tile.evidence))
            .collect();
        tiles.sort();
        assert_eq!(
            tiles,
            [
                "esphome garage/cam online retained",
                "lwt espeasy1 online retained",
                "taichi-maker 11:22:33:44:55:66 online retained",
                "taichi-maker client-1 online retained",
                "taichi-maker lingSou-AA:BB:CC:DD:EE:FF offline retained",
                "tasmota attic offline retained",
                "tasmota tasmota_49A3BC online retained",
            ]
        );
        page.until_count("total", 7).await;
        page.until_count("online", 5).await;
        page.until_count("offline", 2).await;
    })
    .await;
}

async fn an_empty_message_removes(version: &str) {
    with_retained_in(version, &[("a/status", "online"), ("b/status", "online")], async |page, broker| {
        page.until_count("total", 2).await;
        broker.publish("b/status", "rebooting", true).await;
        broker.publish("a/status", "", true).await;
        page.until_count("total", 1).await;
        page.until_tile("esphome", "b", "online", "retained").await;
    })
    .await;
}

#[tokio::test]
async fn an_empty_retained_message_removes_and_an_unknown_word_changes_nothing_in_3_1_1() {
    an_empty_message_removes("&version=3.1.1").await;
}

#[tokio::test]
async fn an_empty_retained_message_removes_and_an_unknown_word_changes_nothing_in_5() {
    an_empty_message_removes("&version=5").await;
}

/// No text from the network becomes HTML: the page's policy would report the attempt, and the tile shows it.
#[tokio::test]
async fn hostile_names_are_only_ever_text() {
    let name = "<img src=x onerror=alert(1)>";
    let long = "x".repeat(1_000);
    let retained = [(&*format!("{name}/status"), "online"), (&*format!("{long}/status"), "offline")];
    with_retained(&retained, async |page, _| {
        page.until_tile("esphome", name, "online", "retained").await;
        page.until_tile("esphome", &long, "offline", "retained").await;
        assert_eq!(page.js("return document.querySelectorAll('main img').length").await, 0);
        assert!(page.text().await.contains(name));
        let fits = "return document.documentElement.scrollWidth <= document.documentElement.clientWidth";
        page.until("a long name does not widen the page", fits).await;
    })
    .await;
}

/// The broker goes down and comes back without its retained messages: everything is stale with its status
/// kept, and only what speaks again is known again.
async fn a_restart_of_the_broker(version: &str) {
    let (site, mut broker) = (Site::http().await, Mosquitto::start(MosquittoOptions::default()).await);
    broker.publish("silent/status", "online", true).await;
    broker.publish("dead/status", "offline", true).await;
    broker.publish("speaker/status", "online", true).await;
    let url = site.page(&format!("?broker={}{version}", broker.websocket()));
    visit(Visit::new(url).with_failing_connections(), async |page| {
        page.until_snapshot("complete").await;
        page.until_count("total", 3).await;
        broker.kill().await;
        page.until_link("waiting").await;
        page.until_tile("esphome", "silent", "online", "stale").await;
        page.until_tile("esphome", "dead", "offline", "stale").await;
        broker.run().await;
        page.until_link("connected").await;
        page.until_snapshot("complete").await;
        broker.publish("speaker/status", "online", true).await;
        page.until_tile("esphome", "speaker", "online", "live").await;
        page.until_tile("esphome", "silent", "online", "stale").await;
        page.until_tile("esphome", "dead", "offline", "stale").await;
        page.until_count("total", 3).await;
    })
    .await;
}

#[tokio::test]
async fn a_restart_of_the_broker_leaves_stale_what_does_not_speak_again_in_3_1_1() {
    a_restart_of_the_broker("&version=3.1.1").await;
}

#[tokio::test]
async fn a_restart_of_the_broker_leaves_stale_what_does_not_speak_again_in_5() {
    a_restart_of_the_broker("&version=5").await;
}

/// `&filter=` replaces the default filters, and lets a suffix be found at any depth below it.
#[tokio::test]
async fn explicit_filters_replace_the_default_ones() {
    let (site, broker) = (Site::http().await, Mosquitto::start(MosquittoOptions::default()).await);
    broker.publish("plant/hall/row/4/pump/status", "online", true).await;
    broker.publish("elsewhere/status", "online", true).await;
    let url = site.page(&format!("?broker={}&filter=plant/%23", broker.websocket()));
    visit(Visit::new(url), async |page| {
        page.until_snapshot("complete").await;
        page.until_tile("esphome", "plant/hall/row/4/pump", "online", "retained").await;
        page.until_count("total", 1).await;
    })
    .await;
}

/// Mosquitto as it comes sends 999 retained messages of a wildcard over WebSocket and drops the rest: the
/// page must not call that complete.
#[tokio::test]
async fn a_cut_snapshot_is_said() {
    let options = MosquittoOptions { stock_queue: true, ..MosquittoOptions::default() };
    let (site, broker) = (Site::http().await, Mosquitto::start(options).await);
    broker.publish_many((0..1_500).map(|n| (format!("node{n}/status"), "online"))).await;
    let url = site.page(&format!("?broker={}", broker.websocket()));
    visit(Visit::new(url), async |page| {
        page.until_snapshot("cut").await;
        page.until_count("total", 999).await;
        // Only the visible rows are in the document.
        let tiles = page.tiles().await.len();
        assert!((12..200).contains(&tiles), "{tiles} tiles in the document");
    })
    .await;
}

/// A hundred rows below the window there is no element; scrolled to, the last device is there.
#[tokio::test]
async fn only_the_rows_in_sight_are_in_the_document() {
    let (site, broker) = (Site::http().await, Mosquitto::start(MosquittoOptions::default()).await);
    broker.publish_many((0..5_000).map(|n| (format!("node{n:04}/status"), "online"))).await;
    let url = site.page(&format!("?broker={}", broker.websocket()));
    visit(Visit::new(url), async |page| {
        page.until_snapshot("complete").await;
        page.until_count("total", 5_000).await;
        page.until_tile("esphome", "node0000", "online", "retained").await;
        page.js("scrollTo(0, document.documentElement.scrollHeight)").await;
        page.until_tile("esphome", "node4999", "online", "retained").await;
        let tiles = page.tiles().await;
        assert!((12..300).contains(&tiles.len()), "{} tiles in the document", tiles.len());
        assert!(tiles.iter().all(|tile| tile.device != "node0000"));
        // A change far outside of the window reaches the counters, and neither moves the page.
        let at = page.js("return scrollY").await;
        broker.publish("node2500/status", "online", true).await;
        broker.publish("node4998/status", "online", true).await;
        page.until_tile("esphome", "node4998", "online", "live").await;
        assert_eq!(page.js("return scrollY").await, at);
    })
    .await;
}
