//! What is seen only when it is opened is fetched only then, and a part that cannot be fetched says so.

use harness::{Mosquitto, MosquittoOptions, Page, Site, Visit, free_port, visit};

const FETCHED: &str =
    "return performance.getEntriesByType('resource').map(entry => new URL(entry.name).pathname)
    .filter(name => name.includes('/later-'))";
const OPEN_LAMP: &str = "document.querySelector('.tile[data-device=lamp] .face').click()";

async fn board(test: impl AsyncFnOnce(&Page, &Mosquitto)) {
    let tiles = async |page: &Page, broker: &Mosquitto| {
        page.until_tile("esphome", "lamp", "online", "retained").await;
        test(page, broker).await;
    };
    board_at("", tiles).await;
}

/// Opens the page with this route on a broker that keeps one device.
async fn board_at(route: &str, test: impl AsyncFnOnce(&Page, &Mosquitto)) {
    let (site, broker) = (Site::http().await, Mosquitto::start(MosquittoOptions::default()).await);
    broker.publish("lamp/status", "online", true).await;
    let url = site.page(&format!("?broker={}{route}", broker.websocket()));
    visit(Visit::new(url).with_failing_connections(), async |page| {
        page.until_snapshot("complete").await;
        test(page, &broker).await;
    })
    .await;
}

#[tokio::test]
async fn a_first_visit_to_the_board_fetches_nothing_that_is_opened_later() {
    board(async |page, _| {
        assert_eq!(page.js(FETCHED).await, serde_json::json!([]));
        page.js(OPEN_LAMP).await;
        page.until(
            "the panel",
            "return document.querySelector('dialog.device').innerText.includes('lamp/status')",
        )
        .await;
        let fetched = page.js(FETCHED).await;
        let fetched: Vec<_> =
            fetched.as_array().into_iter().flatten().filter_map(|name| name.as_str()).collect();
        assert!(fetched.iter().any(|name| name.contains("later-device-")), "{fetched:?}");
        for other in ["later-connection-", "later-wall-"] {
            assert!(fetched.iter().all(|name| !name.contains(other)), "{fetched:?}");
        }
        let focused = page.js("return document.activeElement.id").await;
        assert_eq!(focused, "device-title", "what the dialog is about is read first");
    })
    .await;
}

const WALL: &str = "return document.querySelector('.wall')?.dataset.cells === '1'
    && document.querySelector('canvas.cells')?.width > 0";
/// Where the title of the section stands, how high the section is, and how many cells are there.
const SECTION: &str = "const part = document.querySelector('.part');\
    return [part?.getBoundingClientRect().top, part?.offsetHeight, document.querySelectorAll('.cells').length]";

#[tokio::test]
async fn a_wall_is_fetched_when_it_is_shown() {
    board_at("#/?view=wall", async |page, _| {
        page.until("the wall", WALL).await;
        let fetched = page.js(FETCHED).await;
        let fetched: Vec<_> =
            fetched.as_array().into_iter().flatten().filter_map(|name| name.as_str()).collect();
        assert!(fetched.iter().any(|name| name.contains("later-wall-")), "{fetched:?}");
        for other in ["later-connection-", "later-device-"] {
            assert!(fetched.iter().all(|name| !name.contains(other)), "{fetched:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_wall_that_cannot_be_fetched_has_its_room_says_so_and_can_be_tried_again() {
    board(async |page, _| {
        page.js(
            "const gate = new Promise((_, no) => window.fail = no);
            window.fetched = fetch; window.fetch = () => { window.asked = true; return gate }",
        )
        .await;
        page.js("window.logged = console.error; console.error = () => {}").await;
        page.js("document.querySelectorAll('.segments button')[2].click()").await;
        let loading = "return window.asked && !document.querySelector('.tile')\
            && document.querySelector('.part h2') !== null";
        page.until("the title, no tiles", loading).await;
        // The legend and the section have their places before there are cells.
        let before = page.js(SECTION).await;
        assert_eq!(before[2], 0, "{before}");
        page.js("window.fail(new TypeError('Failed to fetch'))").await;
        let alert = "return document.querySelector('main [role=alert]')?.innerText\
            .includes('could not be loaded')";
        page.until("a word about it", alert).await;
        page.js("window.fetch = window.fetched; console.error = window.logged").await;
        page.js("document.querySelector('main [role=alert] button').click()").await;
        page.until("the wall", WALL).await;
        assert_eq!(page.js("return document.querySelectorAll('[role=alert]').length").await, 0);
        let after = page.js(SECTION).await;
        assert_eq!((&after[0], &after[1], &after[2]), (&before[0], &before[1], &1.into()));
        // Back to tiles, and to the wall again.
        page.js("document.querySelectorAll('.segments button')[0].click()").await;
        page.until_tile("esphome", "lamp", "online", "retained").await;
        page.js("document.querySelectorAll('.segments button')[2].click()").await;
        page.until("the wall again", WALL).await;
        let painted = "const sample = document.querySelector('.sample');\
            return sample.getContext('2d').getImageData(0, 0, sample.width, sample.height).data.some(value => value > 0)";
        page.until("its legend", painted).await;
    })
    .await;
}

const DIAGNOSIS: &str = "return document.querySelectorAll('[data-diagnosis] h3').length > 1";

/// Opens the page with an address at which nobody listens, after a script of the test's.
async fn nobody_listens(early: &str, test: impl AsyncFnOnce(&Page)) {
    let site = Site::http().await;
    let url = site.page(&format!("?broker=ws://127.0.0.1:{}/mqtt", free_port()));
    visit(Visit { early: early.to_owned(), ..Visit::new(url).with_failing_connections() }, test).await;
}

#[tokio::test]
async fn why_there_is_no_connection_is_fetched_when_there_is_none() {
    nobody_listens("", async |page| {
        page.until("the diagnosis", DIAGNOSIS).await;
        let fetched = page.js(FETCHED).await;
        let fetched: Vec<_> =
            fetched.as_array().into_iter().flatten().filter_map(|name| name.as_str()).collect();
        assert!(fetched.iter().any(|name| name.contains("later-diagnosis-")), "{fetched:?}");
        for other in ["later-connection-", "later-device-", "later-wall-"] {
            assert!(fetched.iter().all(|name| !name.contains(other)), "{fetched:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn when_neither_the_broker_nor_the_host_can_be_reached_the_network_is_down() {
    let early = "window.fetched = fetch; window.logged = console.error;
        window.fetch = (what, ...how) => {
            if (!String(what.url ?? what).includes('/later-')) return fetched(what, ...how);
            console.error = () => {};
            return Promise.reject(new TypeError('Failed to fetch'));
        };";
    nobody_listens(early, async |page| {
        let alert = "return document.querySelector('main [role=alert]')?.innerText\
            .includes('the network of this machine is probably down')";
        page.until("a word about it", alert).await;
        assert_eq!(page.js(DIAGNOSIS).await, false);
        page.js("window.fetch = window.fetched; console.error = window.logged").await;
        page.js("document.querySelector('main [role=alert] button').click()").await;
        page.until("the diagnosis", DIAGNOSIS).await;
        assert_eq!(page.js("return document.querySelectorAll('main [role=alert]').length").await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_part_that_cannot_be_fetched_says_so_and_can_be_tried_again() {
    board(async |page, broker| {
        page.js(
            "window.fetched = fetch; window.fetch = async () => { throw new TypeError('Failed to fetch') }",
        )
        .await;
        page.js("window.logged = console.error; console.error = () => {}").await;
        page.js(OPEN_LAMP).await;
        page.until(
            "a word about it",
            "return document.querySelector('dialog.device [role=alert]')?.innerText
            .includes('could not be loaded')",
        )
        .await;
        page.js("window.fetch = window.fetched; console.error = window.logged").await;
        page.js("document.querySelector('dialog.device [role=alert] button').click()").await;
        page.until(
            "the panel",
            "return document.querySelector('dialog.device').innerText.includes('lamp/status')",
        )
        .await;
        assert_eq!(page.js("return document.querySelectorAll('dialog.device [role=alert]').length").await, 0);
        // What was made by the second try lives as long as the panel does.
        broker.publish("lamp/status", "offline", true).await;
        let shown = "return document.querySelector('dialog.device .standing').innerText.includes('Offline')";
        page.until("the panel follows", shown).await;
        page.js("document.querySelector('dialog.device [name=close]').click()").await;
        page.until("no panel", "return !document.querySelector('dialog.device').open").await;
    })
    .await;
}
