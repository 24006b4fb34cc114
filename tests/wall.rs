//! The wall: what is on its canvas, what it says of the cell that the keyboard or the pointer is at, and that all else
//! of the board goes on working with it.

use harness::{Mosquitto, MosquittoOptions, Page, Site, Visit, visit};
use serde_json::{Value, json};
use thirtyfour::{Key, TypingData};

/// In the order of their names: alarm, attic/lamp, attic/plug, cellar/pump, mast, zigbee2mqtt.
const RETAINED: [(&str, &str); 6] = [
    ("attic/lamp/status", "online"),
    ("attic/plug/status", "offline"),
    ("cellar/pump/status", "online"),
    ("homie/alarm/$state", "alert"),
    ("homie/mast/$state", "sleeping"),
    ("zigbee2mqtt/bridge/state", r#"{"state":"online"}"#),
];

/// Opens the wall, with this behind its route, on a broker that keeps these devices.
async fn wall(how: impl Fn(String) -> Visit, fragment: &str, test: impl AsyncFnOnce(&Page, &Mosquitto)) {
    let (site, broker) = (Site::http().await, Mosquitto::start(MosquittoOptions::default()).await);
    for (topic, payload) in RETAINED {
        broker.publish(topic, payload, true).await;
    }
    let url = site.page(&format!("?broker={}#/?view=wall{fragment}", broker.websocket()));
    visit(how(url), async |page| {
        page.until_snapshot("complete").await;
        page.until_count("total", 6).await;
        test(page, &broker).await;
    })
    .await;
}

fn desk(url: String) -> Visit {
    Visit::new(url)
}

async fn until_cells(page: &Page, number: usize) {
    let body = format!("return document.querySelector('.wall')?.dataset.cells === '{number}'");
    page.until(&format!("{number} cells"), &body).await;
}

async fn press(page: &Page, keys: impl Into<TypingData>) {
    let focused = page.driver.active_element().await.expect("something has the focus");
    focused.send_keys(keys).await.expect("it takes keys");
}

async fn focus(page: &Page) {
    page.js("document.querySelector('.wall').focus({ focusVisible: true })").await;
}

/// Waits until the cell that the keyboard is at is this device's.
async fn until_at(page: &Page, device: &str) {
    let body = format!(
        "const at = document.activeElement; const cell = document.getElementById(at.getAttribute('aria-activedescendant'));\
         return at.role === 'listbox' && cell?.role === 'option' && cell.dataset.device === {device:?}"
    );
    page.until(&format!("the keyboard at {device}"), &body).await;
}

/// How the cell looks that the keyboard is at: its most frequent colour, and how many hundredths are covered by more
/// than a tint.
async fn look(page: &Page) -> (Value, f64) {
    let look = page
        .js("const cell = document.querySelector('.cell').getBoundingClientRect();\
             const canvas = document.elementFromPoint(cell.x + cell.width / 2, cell.y + cell.height / 2);\
             const all = canvas.getBoundingClientRect(), scale = canvas.width / all.width;\
             const side = Math.round(cell.width * scale);\
             const { data } = canvas.getContext('2d').getImageData(\
                 Math.round((cell.x - all.x) * scale), Math.round((cell.y - all.y) * scale), side, side);\
             const colours = {}; let covered = 0;\
             for (let at = 0; at < data.length; at += 4) {\
                 if (data[at + 3] < 100) continue;\
                 covered += 1;\
                 const colour = [...data.slice(at, at + 3)].join(); colours[colour] = (colours[colour] ?? 0) + 1;\
             }\
             return [Object.entries(colours).sort(([, a], [, b]) => b - a)[0]?.[0], 100 * covered / side / side]")
        .await;
    (look[0].clone(), look[1].as_f64().expect("a number"))
}

/// Goes to a device, which comes behind where the keyboard is.
async fn go_to(page: &Page, device: &str) {
    for _ in 0..RETAINED.len() {
        if page.js("return document.querySelector('.cell')?.dataset.device").await == device {
            return;
        }
        press(page, Key::Right).await;
    }
    until_at(page, device).await;
}

async fn colours(dark: bool, expected: [&str; 4]) {
    wall(
        |url| Visit { dark, ..Visit::new(url) },
        "",
        async |page, broker| {
            until_cells(page, 6).await;
            focus(page).await;
            until_at(page, "alarm").await;
            let mut covered = Vec::new();
            for (device, colour) in ["alarm", "attic/lamp", "attic/plug", "mast"].into_iter().zip(expected) {
                go_to(page, device).await;
                let (found, share) = look(page).await;
                assert_eq!(found, colour, "{device}");
                covered.push(share);
            }
            // Trouble is larger than what is well, also without its colour.
            assert!(covered[2] > 2.0 * covered[1] && covered[0] > 1.5 * covered[1], "{covered:?}");
            // A change shows in the same cell. Retained, it has a dashed edge as well.
            press(page, Key::Home).await;
            go_to(page, "attic/lamp").await;
            let retained = look(page).await;
            broker.publish("attic/lamp/status", "offline", true).await;
            page.until_count("offline", 2).await;
            let went = "return document.querySelector('.cell').dataset.status === 'offline'";
            page.until("its cell", went).await;
            let (found, share) = look(page).await;
            assert_eq!(found, expected[2]);
            assert!(share > 2.0 * retained.1, "{share}");
            broker.publish("attic/lamp/status", "online", true).await;
            page.until_count("offline", 1).await;
            page.until("it is back", "return document.querySelector('.cell').dataset.status === 'online'")
                .await;
            let live = look(page).await;
            assert!(live.0 == expected[1] && live.1 < retained.1, "{live:?} {retained:?}");
        },
    )
    .await;
}

#[tokio::test]
async fn cells_have_the_colours_of_the_light_theme() {
    colours(false, ["143,91,0", "31,122,85", "179,38,30", "74,85,184"]).await;
}

#[tokio::test]
async fn cells_have_the_colours_of_the_dark_theme() {
    colours(true, ["242,184,75", "76,195,138", "255,123,107", "154,165,255"]).await;
}

#[tokio::test]
async fn another_theme_is_another_colour_at_once() {
    wall(desk, "&q=plug", async |page, _| {
        until_cells(page, 1).await;
        focus(page).await;
        until_at(page, "attic/plug").await;
        assert_eq!(look(page).await.0, "179,38,30");
        // The system's colours, light, dark.
        page.js("document.querySelector('.theme').click(); document.querySelector('.theme').click()").await;
        for _ in 0..100 {
            if look(page).await.0 == "255,123,107" {
                return;
            }
        }
        panic!("the cell is still {:?}", look(page).await);
    })
    .await;
}

#[tokio::test]
async fn the_keyboard_walks_through_the_cells_hears_them_and_opens_one() {
    wall(desk, "", async |page, broker| {
        until_cells(page, 6).await;
        focus(page).await;
        until_at(page, "alarm").await;
        for (key, device) in [
            (Key::Right, "attic/lamp"),
            (Key::Right, "attic/plug"),
            (Key::End, "zigbee2mqtt"),
            (Key::Right, "zigbee2mqtt"),
            (Key::Left, "mast"),
            (Key::Home, "alarm"),
            (Key::Down, "alarm"),
            (Key::Right, "attic/lamp"),
            (Key::Right, "attic/plug"),
        ] {
            press(page, key).await;
            until_at(page, device).await;
        }
        let said = page.js("const { textContent, ariaPosInSet, ariaSetSize } = document.querySelector('.cell'); return [textContent, ariaPosInSet, ariaSetSize]").await;
        assert_eq!(said, json!(["attic/plug, Offline · retained, age unknown, All devices", "3", "6"]));
        let dataset = page.js("return { ...document.querySelector('.cell').dataset }").await;
        let expected = json!({ "device": "attic/plug", "convention": "esphome", "status": "offline", "evidence": "retained" });
        assert_eq!(dataset, expected);
        // What it says beside the cell, and the ring around it.
        let tip = "const tip = document.querySelector('.tip'); return !tip.hidden && tip.innerText.includes('attic/plug') && tip.innerText.includes('retained, age unknown')";
        page.until("the tip", tip).await;
        let ring = "return getComputedStyle(document.querySelector('.cell')).outlineStyle";
        assert_eq!(page.js(ring).await, "solid");
        press(page, Key::Escape).await;
        page.until("no tip", "return document.querySelector('.tip').hidden").await;
        until_at(page, "attic/plug").await;

        broker.publish("attic/plug/status", "online", true).await;
        page.until("told anew", "return /^attic\\/plug, Online since .* · seen live, All devices$/.test(document.querySelector('.cell').textContent)").await;
        until_at(page, "attic/plug").await;

        press(page, Key::Enter).await;
        page.until("the panel", "return document.querySelector('dialog.device')?.open === true").await;
        page.until("its device", "return document.querySelector('#device-title')?.textContent === 'attic/plug'").await;
        press(page, Key::Escape).await;
        page.until("no panel", "return document.querySelector('dialog.device')?.open === false").await;
        until_at(page, "attic/plug").await;

        // A device that goes leaves the keyboard to whoever stands in its place.
        broker.publish("attic/plug/status", "", true).await;
        until_cells(page, 5).await;
        until_at(page, "cellar/pump").await;
        press(page, Key::Left).await;
        until_at(page, "attic/lamp").await;
    })
    .await;
}

/// Moves a real pointer to the middle of a device's cell, which is found by the keyboard.
async fn point_at(page: &Page, device: &str) {
    focus(page).await;
    press(page, Key::Home).await;
    go_to(page, device).await;
    until_at(page, device).await;
    let middle = page.js("const { x, y, width } = document.querySelector('.cell').getBoundingClientRect(); document.activeElement.blur(); return [x + width / 2, y + width / 2]").await;
    let at = |n: usize| middle[n].as_f64().expect("a number") as i64;
    page.driver.action_chain().move_to(at(0), at(1)).perform().await.expect("a pointer moves");
}

#[tokio::test]
async fn the_pointer_asks_a_cell_and_opens_it() {
    wall(desk, "", async |page, _| {
        until_cells(page, 6).await;
        point_at(page, "cellar/pump").await;
        let is_about = |device: &str| format!("const tip = document.querySelector('.tip'); return !tip.hidden && tip.querySelector('b').textContent === {device:?}");
        page.until("the tip", &is_about("cellar/pump")).await;
        // All of it is in sight, and the pointer can go there without losing it.
        let inside = "const { left, top, right, bottom } = document.querySelector('.tip').getBoundingClientRect(); return left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight";
        assert_eq!(page.js(inside).await, true);
        let middle = page.js("const { x, y, width, height } = document.querySelector('.tip').getBoundingClientRect(); return [x + width / 2, y + height / 2]").await;
        let at = |n: usize| middle[n].as_f64().expect("a number") as i64;
        page.driver.action_chain().move_to(at(0), at(1)).perform().await.expect("a pointer moves");
        page.until("still there", &is_about("cellar/pump")).await;
        press(page, Key::Escape).await;
        page.until("no tip", "return document.querySelector('.tip').hidden").await;

        point_at(page, "attic/lamp").await;
        page.until("another", &is_about("attic/lamp")).await;
        page.driver.action_chain().click().perform().await.expect("a pointer clicks");
        page.until("the panel", "return document.querySelector('dialog.device')?.open === true").await;
        page.until("its device", "return document.querySelector('#device-title')?.textContent === 'attic/lamp'").await;
        press(page, Key::Escape).await;
        until_at(page, "attic/lamp").await;
        page.driver.action_chain().move_to(700, 5).perform().await.expect("a pointer moves");
        page.until("the keyboard's", &is_about("attic/lamp")).await;
        page.js("document.activeElement.blur()").await;
        page.until("no tip", "return document.querySelector('.tip').hidden").await;
    })
    .await;
}

#[tokio::test]
async fn filters_groups_and_the_address_work_on_the_wall() {
    wall(desk, "", async |page, _| {
        until_cells(page, 6).await;
        assert_eq!(page.js("return document.querySelectorAll('.tile').length").await, 0);
        page.js("document.querySelector('.chip.offline').click()").await;
        until_cells(page, 1).await;
        page.until_count("total", 6).await;
        page.until("the address", "return location.hash === '#/?status=offline&view=wall'").await;
        page.js("location.hash = '#/?group=convention&view=wall'").await;
        until_cells(page, 6).await;
        page.until("its groups", "return document.querySelectorAll('.fold').length === 3").await;
        page.until("a canvas each", "return document.querySelectorAll('canvas.cells').length === 3").await;
        // From one group into the next.
        focus(page).await;
        until_at(page, "attic/lamp").await;
        press(page, Key::Right + Key::Right + Key::Right).await;
        until_at(page, "alarm").await;
        page.until("its group", "return document.querySelector('.cell').textContent.endsWith(', Homie')").await;
        page.js("document.querySelectorAll('.fold')[1].click()").await;
        until_cells(page, 4).await;
        page.js("document.querySelectorAll('.fold')[1].click()").await;
        until_cells(page, 6).await;
        // In the order of trouble there are two parts, and what is chosen is kept.
        page.js("location.hash = '#/?sort=trouble&view=wall'").await;
        let titles = "return [...document.querySelectorAll('.section-title h2')].map(t => t.innerText.replace(/\\s+/g, ' ')).join()";
        page.until("two parts", &format!("{titles} === 'Needs attention 2,All well 4'")).await;
        // Nobody found.
        page.js("location.hash = '#/?q=nobody&view=wall'").await;
        until_cells(page, 0).await;
        page.until("said", "return document.querySelector('.empty .button') !== null").await;
        let button = "document.querySelectorAll('.segments button')";
        page.js("location.hash = '#/'").await;
        page.until("tiles", "return document.querySelectorAll('.tile').length === 6").await;
        page.js(&format!("{button}[2].click()")).await;
        until_cells(page, 6).await;
        page.until("the address", "return location.hash === '#/?view=wall'").await;
        page.js(&format!("{button}[0].click()")).await;
        page.until("tiles", "return document.querySelectorAll('.tile').length === 6 && !document.querySelector('.wall, .tip, .cells')").await;
        page.until("the address", "return location.hash === ''").await;
    })
    .await;
}

#[tokio::test]
async fn a_phone_has_larger_cells_and_a_tap_opens_one() {
    let phone = |url| Visit::new(url).sized(390, 844);
    wall(phone, "", async |page, _| {
        until_cells(page, 6).await;
        let fits = "return document.documentElement.scrollWidth <= document.documentElement.clientWidth";
        assert_eq!(page.js(fits).await, true);
        page.until("cells", "return document.querySelector('canvas.cells')?.width > 0").await;
        point_at(page, "mast").await;
        page.until("the tip", "return !document.querySelector('.tip').hidden").await;
        let inside = "const { left, right } = document.querySelector('.tip').getBoundingClientRect(); return left >= 0 && right <= innerWidth";
        assert_eq!(page.js(inside).await, true);
        page.driver.action_chain().click().perform().await.expect("a pointer clicks");
        page.until("the panel", "return document.querySelector('#device-title')?.textContent === 'mast'").await;
    })
    .await;
}

#[tokio::test]
async fn thousands_of_cells_are_on_one_page_from_right_to_left_too() {
    let (site, broker) = (Site::http().await, Mosquitto::start(MosquittoOptions::default()).await);
    let word = |n: usize| if n == 2_999 { "offline" } else { "online" };
    broker.publish_many((0..3_000).map(|n| (format!("d{n:04}/status"), word(n)))).await;
    let url = site.page(&format!("?broker={}#/?view=wall", broker.websocket()));
    visit(Visit::new(url), async |page| {
        page.until_count("total", 3_000).await;
        until_cells(page, 3_000).await;
        // All in sight, and few elements.
        let bottom =
            "return document.querySelector('canvas.cells').getBoundingClientRect().bottom <= innerHeight";
        page.until("all in sight", bottom).await;
        assert_eq!(page.js("return document.querySelectorAll('main *').length < 400").await, true);
        // The cells take the room that the legend leaves: it must not grow with them.
        let heights = "const legend = document.querySelector('.wall-legend');\
                       const samples = [...legend.querySelectorAll('.sample')];\
                       const set = width => samples.forEach(sample => sample.style.width = width);\
                       const [before, now] = [samples[0].style.width, legend.offsetHeight];\
                       set('28px'); const large = legend.offsetHeight; set(before);\
                       return [before === '28px', large - now]";
        assert_eq!(page.js(heights).await, json!([false, 0]));
        focus(page).await;
        press(page, Key::End).await;
        until_at(page, "d2999").await;
        assert_eq!(look(page).await.0, "179,38,30");
        let left = "return document.querySelector('.cell').getBoundingClientRect().left";
        let from_left = page.js(left).await.as_f64().expect("a number");
        page.js("document.documentElement.dir = 'rtl'; dispatchEvent(new Event('scroll'))").await;
        page.until("turned round", &format!("{left} !== {from_left}")).await;
        press(page, Key::Right).await;
        until_at(page, "d2998").await;
        press(page, Key::Left).await;
        until_at(page, "d2999").await;
        assert_eq!(look(page).await.0, "179,38,30");
        point_at_last(page).await;
    })
    .await;
}

/// Where lines begin on the right, the pointer finds the same cells as the keyboard.
async fn point_at_last(page: &Page) {
    let middle = page.js("const { x, y, width } = document.querySelector('.cell').getBoundingClientRect(); document.activeElement.blur(); return [x + width / 2, y + width / 2]").await;
    let at = |n: usize| middle[n].as_f64().expect("a number") as i64;
    page.driver.action_chain().move_to(at(0), at(1)).perform().await.expect("a pointer moves");
    page.until("the tip", "return document.querySelector('.tip b').textContent === 'd2999' && !document.querySelector('.tip').hidden").await;
}
