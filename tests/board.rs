//! How the board is looked at: by keyboard, in groups, in another order, one device alone; and that an address
//! shares it.

use harness::{Mosquitto, MosquittoOptions, Page, Site, Visit, visit};
use thirtyfour::{Key, TypingData};

const RETAINED: [(&str, &str); 8] = [
    ("attic/lamp/status", "online"),
    ("attic/plug/status", "offline"),
    ("cellar/pump/status", "online"),
    ("cellar/freezer/status", "online"),
    ("tele/boiler/LWT", "Online"),
    ("zigbee2mqtt/bridge/state", r#"{"state":"online"}"#),
    ("zigbee2mqtt/hall/door/availability", r#"{"state":"online"}"#),
    ("client-1-will", "online"),
];

/// Opens the page, with this behind its address, on a broker that keeps these devices.
async fn board(fragment: &str, test: impl AsyncFnOnce(&Page, &Mosquitto)) {
    let (site, broker) = (Site::http().await, Mosquitto::start(MosquittoOptions::default()).await);
    for (topic, payload) in RETAINED {
        broker.publish(topic, payload, true).await;
    }
    let url = site.page(&format!("?broker={}{fragment}", broker.websocket()));
    visit(Visit::new(url), async |page| {
        page.until_snapshot("complete").await;
        page.until_count("total", 8).await;
        test(page, &broker).await;
    })
    .await;
}

async fn press(page: &Page, keys: impl Into<TypingData>) {
    let focused = page.driver.active_element().await.expect("something has the focus");
    focused.send_keys(keys).await.expect("it takes keys");
}

/// Waits until the tile with the focus is this device's.
async fn until_at(page: &Page, device: &str) {
    let body = format!("return document.activeElement.closest('.tile')?.dataset.device === {device:?}");
    page.until(&format!("the focus on {device}"), &body).await;
}

/// Waits until the tiles, in the order of the page, are these devices.
async fn until_devices(page: &Page, devices: &[&str]) {
    let wanted = format!("{devices:?}");
    let body = format!(
        "const all = [...document.querySelectorAll('[data-device]')].map(t => [t.getBoundingClientRect(), t.dataset.device]);\
         all.sort(([a], [b]) => a.top - b.top || a.left - b.left);\
         return JSON.stringify(all.map(([, device]) => device)) === JSON.stringify({wanted})"
    );
    page.until(&format!("the tiles {wanted}"), &body).await;
}

async fn choose(page: &Page, value: &str) {
    page.js(&format!(
        "const select = [...document.querySelectorAll('.tools select')].find(s => [...s.options].some(o => o.value === {value:?}));\
         select.value = {value:?}; select.dispatchEvent(new Event('change', {{ bubbles: true }}))"
    ))
    .await;
}

#[tokio::test]
async fn the_keyboard_walks_through_the_tiles_and_opens_one() {
    board("", async |page, broker| {
        until_devices(
            page,
            &[
                "attic/plug",
                "attic/lamp",
                "boiler",
                "cellar/freezer",
                "cellar/pump",
                "client-1",
                "hall/door",
                "zigbee2mqtt",
            ],
        )
        .await;
        // Tab reaches one tile of all.
        assert_eq!(page.js("return document.querySelectorAll('.face[tabindex=\"0\"]').length").await, 1);
        page.js("document.querySelector('.face[tabindex=\"0\"]').focus()").await;
        until_at(page, "attic/plug").await;
        press(page, Key::Right).await;
        until_at(page, "attic/lamp").await;
        press(page, Key::Right).await;
        until_at(page, "boiler").await;
        press(page, Key::End).await;
        until_at(page, "zigbee2mqtt").await;
        press(page, Key::Left).await;
        until_at(page, "hall/door").await;
        press(page, Key::Home).await;
        until_at(page, "attic/plug").await;
        press(page, Key::Down).await;
        until_at(page, "attic/lamp").await;

        // From the search down to what it found.
        page.js("document.querySelector('[type=search]').focus()").await;
        press(page, "boi").await;
        until_devices(page, &["boiler"]).await;
        press(page, Key::Down).await;
        until_at(page, "boiler").await;
        page.js("location.hash = '#/'").await;
        page.until("all again", "return document.querySelectorAll('.tile').length === 8").await;
        page.js("document.querySelector('.tile[data-device=\"attic/lamp\"] .face').focus()").await;

        // A device that moves to another section takes the focus along.
        broker.publish("attic/lamp/status", "offline", true).await;
        page.until_count("offline", 2).await;
        until_at(page, "attic/lamp").await;

        press(page, Key::Enter).await;
        page.until("the panel", "return document.querySelector('dialog.device')?.open === true").await;
        page.until("its device", "return !!document.querySelector('#device-title')?.textContent").await;
        let panel = page.js("return document.querySelector('dialog.device').innerText").await;
        let panel = panel.as_str().expect("a text");
        for part in
            ["attic/lamp", "Offline", "attic/lamp/status", "ESPHome", "went offline", "first seen online"]
        {
            assert!(panel.contains(part), "{part} in {panel}");
        }
        press(page, Key::Escape).await;
        page.until("no panel", "return document.querySelector('dialog.device')?.open === false").await;
        until_at(page, "attic/lamp").await;
    })
    .await;
}

#[tokio::test]
async fn an_address_shares_what_is_looked_at() {
    board("#/?status=online&sort=name&convention=esphome", async |page, _| {
        until_devices(page, &["attic/lamp", "cellar/freezer", "cellar/pump"]).await;
        // Order and filters of the whole, counters of everything.
        page.until_count("total", 8).await;
        page.js("const s = document.querySelector('input[type=search]'); s.value = 'cellar'; s.dispatchEvent(new Event('input', { bubbles: true }))").await;
        until_devices(page, &["cellar/freezer", "cellar/pump"]).await;
        page.until("the address", "return location.hash === '#/?q=cellar&status=online&convention=esphome&sort=name'").await;
        assert_eq!(page.js("return location.search.includes('broker=ws')").await, true);
        // An address that somebody enters changes the page without loading it anew.
        page.js("window.__same = true; location.hash = '#/?q=boiler'").await;
        until_devices(page, &["boiler"]).await;
        assert_eq!(page.js("return window.__same").await, true);
        page.until("the search", "return document.querySelector('input[type=search]').value === 'boiler'").await;
        page.js("location.hash = '#/?q=nothing%20of%20the%20kind'").await;
        page.until("none found", "return document.querySelector('.empty .button') !== null").await;
        page.js("document.querySelector('.empty .button').click()").await;
        page.until("all", "return document.querySelectorAll('[data-device]').length === 8").await;
    })
    .await;
}

#[tokio::test]
async fn groups_fold_and_keep_their_counts() {
    board("", async |page, _| {
        choose(page, "topic-1").await;
        page.until("its groups", "return document.querySelectorAll('.fold').length === 5").await;
        let titles = page
            .js("return [...document.querySelectorAll('.fold')].map(f => f.innerText.replace(/\\s+/g, ' '))")
            .await;
        assert_eq!(
            titles,
            serde_json::json!(["attic 2", "cellar 2", "tele 1", "zigbee2mqtt 2", "In no group 1"])
        );
        let told = "return document.querySelector('.group-count.offline')?.innerText.trim()";
        assert_eq!(page.js(told).await, "1 offline");
        page.js("document.querySelector('.fold').click()").await;
        page.until(
            "folded",
            "return document.querySelector('.fold').getAttribute('aria-expanded') === 'false'",
        )
        .await;
        until_devices(
            page,
            &["cellar/freezer", "cellar/pump", "boiler", "hall/door", "zigbee2mqtt", "client-1"],
        )
        .await;
        choose(page, "parent").await;
        page.until(
            "by gateway",
            "return [...document.querySelectorAll('.fold')].some(f => f.innerText.includes('zigbee2mqtt'))",
        )
        .await;
        choose(page, "none").await;
        page.until("no groups", "return document.querySelectorAll('.fold').length === 0").await;
    })
    .await;
}

#[tokio::test]
async fn changes_are_told_beside_the_board() {
    board("#/?view=compact", async |page, broker| {
        let height = "return document.querySelector('.tile').getBoundingClientRect().height";
        page.until("one line a device", &format!("{height} < 40", )).await;
        page.until("nothing told", "return document.querySelectorAll('.rail li').length === 0").await;
        broker.publish("cellar/pump/status", "offline", true).await;
        page.until("told", "return document.querySelector('.rail li')?.innerText.includes('went offline')").await;
        // The tab tells it too.
        let icon = "document.querySelector('link[rel=icon]').href.includes('%3E2%3C/text')";
        page.until("the tab", &format!("return document.title === '(2) Willow' && {icon}")).await;
        // Less than a second is told as a flap, without a duration.
        tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
        broker.publish("cellar/pump/status", "online", true).await;
        page.until("told again", "return document.querySelector('.rail li')?.innerText.includes('came back')").await;
        let told = page.js("return document.querySelector('.rail li').innerText").await;
        assert!(told.as_str().is_some_and(|told| told.contains("cellar/pump") && told.contains("offline for")), "{told}");
        page.js("document.querySelector('.rail li .link').click()").await;
        page.until("its panel", "return document.querySelector('dialog.device').open && document.querySelector('#device-title')?.textContent === 'cellar/pump'").await;
        let up = page.js("return document.querySelector('dialog.device .facts').innerText").await;
        assert!(up.as_str().is_some_and(|up| up.contains("% of the")), "{up}");
    })
    .await;
}

#[tokio::test]
async fn the_view_stays_where_it_is_when_a_device_leaves_it() {
    let (site, broker) = (Site::http().await, Mosquitto::start(MosquittoOptions::default()).await);
    let word = |n: usize| if n == 499 { "offline" } else { "online" };
    broker.publish_many((0..500).map(|n| (format!("d{n:03}/status"), word(n)))).await;
    visit(Visit::new(site.page(&format!("?broker={}", broker.websocket()))), async |page| {
        page.until_count("total", 500).await;
        page.until_snapshot("complete").await;
        page.js("scrollTo(0, 3000)").await;
        let first = "[...document.querySelectorAll('.tile')].map(t => [t, t.getBoundingClientRect()])\
                     .filter(([, { top }]) => top >= 0)\
                     .sort(([, a], [, b]) => a.top - b.top || a.left - b.left)[0]?.[0].dataset.device";
        page.until("tiles there", &format!("return scrollY === 3000 && {first} > 'd050'")).await;
        // Tab begins in sight, not above it.
        page.until(
            "Tab's first",
            &format!("return document.querySelector('.face[tabindex=\"0\"]').closest('.tile').dataset.device === {first}"),
        )
        .await;
        let device = page.js(&format!("return {first}")).await;
        let device = device.as_str().expect("a tile is there");
        broker.publish(&format!("{device}/status"), "offline", true).await;
        page.until_count("offline", 2).await;
        page.until("it left", &format!("return {first} !== {device:?}")).await;
        // The section above became longer, and what is in view did not move with it.
        let moved = page.js("return Math.abs(scrollY - 3000)").await;
        assert!(moved.as_f64().is_some_and(|moved| moved < 100.0), "{moved}");
    })
    .await;
}

#[tokio::test]
async fn a_tile_that_is_used_again_says_nothing_of_the_device_before_but_one_in_use_is_not() {
    let (site, broker) = (Site::http().await, Mosquitto::start(MosquittoOptions::default()).await);
    // Two conventions, and an offline device now and then: whatever a tile shows differs from its neighbours.
    let topic = |n: usize| format!("d{n:03}/{}", if n.is_multiple_of(2) { "status" } else { "LWT" });
    let word = |n: usize| if n.is_multiple_of(7) { "offline" } else { "online" };
    broker.publish_many((0..380).map(|n| (topic(n), word(n)))).await;
    let url = format!("?broker={}#/?sort=name", broker.websocket());
    visit(Visit::new(site.page(&url)), async |page| {
        page.until_count("total", 380).await;
        page.until_snapshot("complete").await;
        let check = async |what: &str, first: &str| {
            page.until(what, &format!("return document.querySelector('.tile').dataset.device > '{first}'")).await;
            let wrong = "return [...document.querySelectorAll('.tile')].filter((tile, at, all) => {\
                   const { device, convention, status } = tile.dataset, n = Number(device.slice(1));\
                   return tile.querySelector('b').textContent !== device\
                     || convention !== (n % 2 ? 'lwt' : 'esphome')\
                     || tile.querySelector('.convention').textContent !== (n % 2 ? 'LWT' : 'ESPHome')\
                     || status !== (n % 7 ? 'online' : 'offline')\
                     || tile.querySelector('use').getAttribute('href') !== '#' + status\
                     || !tile.querySelector('b').title.startsWith(device)\
                     || tile.getAttribute('aria-posinset') !== String(n + 1)\
                     || document.getElementById(tile.id) !== tile\
                     || [...tile.querySelectorAll('.history path')].some(path => path.getAttribute('class') !== status);\
                 }).map(tile => tile.outerHTML)";
            assert_eq!(page.js(wrong).await, serde_json::json!([]), "{what}");
        };
        page.js("window.tiles = [...document.querySelectorAll('.tile')]").await;
        check("at the top", "").await;
        page.js("scrollTo(0, 5000)").await;
        check("further down", "d060").await;
        let again = page.js("return tiles.filter(tile => tile.isConnected).length").await;
        assert!(again.as_u64() > Some(10), "{again} are used again");
        // Whoever is at a tile finds that device there, or no tile.
        page.js("location.hash = '#/?sort=name&status=online'").await;
        page.until("only online", "return !document.querySelector('.tile[data-status=offline]')").await;
        let at = "const face = [...document.querySelectorAll('.tile')].map(t => [t.getBoundingClientRect(), t])\
             .find(([{ top }]) => top > 200)[1]; window.at = face; face.querySelector('.face').focus();\
             return face.dataset.device";
        let device = page.js(at).await;
        let device = device.as_str().expect("a tile is there").to_owned();
        let number = device[1..].parse().expect("its number");
        broker.publish(&topic(number), "offline", true).await;
        page.until("it left", &format!("return !document.querySelector('.tile[data-device={device}]')")).await;
        let is_used = page.js(&format!("return at.isConnected && at.dataset.device !== '{device}'")).await;
        assert_eq!(is_used, false);
        page.until("the focus", "return document.activeElement.matches('.face')").await;
    })
    .await;
}

#[tokio::test]
async fn a_tile_keeps_its_time_when_the_link_is_lost() {
    let (site, mut broker) = (Site::http().await, Mosquitto::start(MosquittoOptions::default()).await);
    broker.publish("hall/door/status", "online", true).await;
    let url = site.page(&format!("?broker={}", broker.websocket()));
    visit(Visit::new(url).with_failing_connections(), async |page| {
        page.until_count("online", 1).await;
        broker.publish("hall/door/status", "offline", true).await;
        page.until_tile("esphome", "hall/door", "offline", "live").await;
        broker.kill().await;
        page.until_tile("esphome", "hall/door", "offline", "stale").await;
        let said = "return /since .*\\d.* · last known, not connected/.test(document.querySelector('.tile .state').textContent)";
        page.until("since when, and that it is only known from then", said).await;
    })
    .await;
}
