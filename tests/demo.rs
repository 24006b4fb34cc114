//! The page against the demo's own broker and its simulated fleet.

use std::net::SocketAddr;

use demo::broker::{Broker, BrokerOptions};
use demo::device::Action;
use demo::fleet::{Fleet, FleetOptions};
use harness::{Page, Site, Visit, visit};

async fn with_fleet(version: &str, test: impl AsyncFnOnce(&Page, &Fleet)) {
    with_fleet_seen(Visit::new, version, test).await;
}

async fn with_fleet_seen(
    how: impl Fn(String) -> Visit,
    version: &str,
    test: impl AsyncFnOnce(&Page, &Fleet),
) {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let broker = Broker::start(BrokerOptions { tcp: any, websocket: any, ..BrokerOptions::default() }).await;
    let broker = broker.expect("free ports");
    let fleet = Fleet::start(FleetOptions::new(broker.tcp(), 40)).await.expect("the fleet connects");
    let site = Site::http().await;
    let url = site.page(&format!("?broker={}{version}", broker.url()));
    visit(how(url), async |page| {
        page.until_snapshot("complete").await;
        page.until_count("total", 40).await;
        test(page, &fleet).await;
    })
    .await;
    broker.stop().await;
}

async fn every_way_to_leave(version: &str) {
    with_fleet(version, async |page, fleet| {
        page.until_count("online", 40).await;
        let device = |at: usize| {
            let profile = fleet.devices()[at].profile();
            (profile.convention.slug(), profile.id.clone())
        };
        let order = async |at: usize, action: Action| {
            fleet.devices()[at].act(action).await.expect("the device obeys");
        };
        let (convention, id) = device(0);
        order(0, Action::Kill).await;
        page.until_tile(convention, &id, "offline", "live").await;
        page.until_count("offline", 1).await;

        let (convention, id) = device(1);
        order(1, Action::Goodbye).await;
        page.until_tile(convention, &id, "offline", "live").await;

        let (convention, id) = device(2);
        order(2, Action::Leave).await;
        // The return of another device comes after whatever the leaving could have caused.
        order(0, Action::Return).await;
        let (returned_convention, returned) = device(0);
        page.until_tile(returned_convention, &returned, "online", "live").await;
        page.until_tile(convention, &id, "online", "retained").await;
        page.until_count("offline", 1).await;
        page.until_count("total", 40).await;
    })
    .await;
}

#[tokio::test]
async fn every_way_to_leave_with_5() {
    every_way_to_leave("&version=5").await;
}

#[tokio::test]
async fn every_way_to_leave_with_3_1_1() {
    every_way_to_leave("&version=3.1.1").await;
}

/// Search and the counters narrow what is shown, never what is counted.
#[tokio::test]
async fn search_and_counters_narrow_what_is_shown() {
    with_fleet("", async |page, fleet| {
        let victim = &fleet.devices()[3];
        victim.act(Action::Kill).await.expect("the device obeys");
        page.until_count("offline", 1).await;
        page.js("document.querySelector('[data-count=\"offline\"]').closest('button').click()").await;
        page.until("one tile", "return document.querySelectorAll('[data-device]').length === 1").await;
        page.until_tile(victim.profile().convention.slug(), &victim.profile().id, "offline", "live").await;
        page.until_count("total", 40).await;
        page.js("document.querySelector('[data-count=\"total\"]').closest('button').click()").await;
        page.until("more tiles", "return document.querySelectorAll('[data-device]').length > 5").await;
        page.js(
            "const search = document.querySelector('input[type=search]'); search.value = 'no such device';\
             search.dispatchEvent(new Event('input', { bubbles: true }));",
        )
        .await;
        page.until("no tile", "return document.querySelectorAll('[data-device]').length === 0").await;
        page.until_count("total", 40).await;
    })
    .await;
}

/// Counts frames, and notes in which one a will's bytes arrived and in which one a tile said so. It runs
/// before the page, so its frame callback stands before the page's in every frame.
const WATCH_FRAMES: &str = "\
    window.__frame = 0; window.__arrived = null; window.__shown = null;\
    const count = () => { __frame++; requestAnimationFrame(count); }; requestAnimationFrame(count);\
    window.WebSocket = class extends WebSocket { constructor(...words) { super(...words);\
        this.addEventListener('message', e => { const text = new TextDecoder().decode(e.data);\
            if (window.__victim && /offline/i.test(text)) __arrived ??= __frame; }); } };\
    new MutationObserver(() => { if (window.__victim && __shown === null && [...document.querySelectorAll(\
        '[data-status=offline]')].some(t => t.dataset.device === __victim)) __shown = __frame; })\
        .observe(document, { subtree: true, childList: true, attributes: true });";

#[tokio::test]
async fn a_will_is_on_its_tile_in_the_frame_after_it_arrives() {
    let watched = |url| Visit { early: WATCH_FRAMES.to_owned(), ..Visit::new(url) };
    with_fleet_seen(watched, "", async |page, fleet| {
        for victim in &fleet.devices()[..5] {
            let id = &victim.profile().id;
            // A page that drew for long rests; what comes to a page at rest is what is asked about.
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            page.js(&format!("window.__arrived = window.__shown = null; window.__victim = {id:?};")).await;
            victim.act(Action::Kill).await.expect("the device obeys");
            page.until("the tile turns", "return window.__shown !== null").await;
            let frames = page.js("return __shown - __arrived").await;
            assert_eq!(frames, 1, "frames from the bytes of the will to the tile");
        }
    })
    .await;
}
