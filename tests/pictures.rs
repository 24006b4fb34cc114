//! What a tile looks like in each state, compared with the pictures in `tests/pictures/`.
//!
//! Texts are hidden: fonts differ between machines, and other tests read them. So is what the bar of the history tells,
//! which is another every second. What is left is shape, colour, edge and the ground of the bar. After an intended change of looks, `WILLOW_PICTURES=write` writes the pictures anew.

use std::path::PathBuf;

use harness::{Mosquitto, MosquittoOptions, Page, Site, Visit, visit};
use thirtyfour::By;

/// A device for each look: the id on its tile, its topic, what is retained there, and what it says while one looks.
const DEVICES: [(&str, &str, &str, Option<&str>); 8] = [
    ("on", "on/status", "online", None),
    ("off", "off/status", "offline", None),
    ("new", "zigbee2mqtt/bridge/devices", r#"[{"friendly_name":"new","type":"Router"}]"#, None),
    ("mast", "homie/mast/$state", "sleeping", None),
    ("car", "homie/car/$state", "alert", None),
    ("on-live", "on-live/status", "online", Some("online")),
    ("off-live", "off-live/status", "offline", Some("offline")),
    ("car-live", "homie/car-live/$state", "alert", Some("alert")),
];

/// Those that are seen stale as well.
const LIVE: [(&str, &str); 2] = [("on-live", "online"), ("off-live", "offline")];

/// So many pixels may differ, of twenty thousand, and by so much in a channel: what rounding does to an edge. The symbol
/// alone has more.
const MAY_DIFFER: usize = 20;
const BY: u8 = 48;

/// Red, green, blue and alpha of every pixel, and how many there are in a row.
fn pixels(png: &[u8]) -> (Vec<u8>, usize) {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
    decoder.set_transformations(png::Transformations::normalize_to_color8() | png::Transformations::ALPHA);
    let mut reader = decoder.read_info().expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a size that fits")];
    let info = reader.next_frame(&mut pixels).expect("its pixels");
    (pixels, info.width as usize)
}

/// How many pixels differ; all of them where the sizes do.
fn differing(one: &[u8], other: &[u8]) -> usize {
    let ((one, width), (other, other_width)) = (pixels(one), pixels(other));
    if width != other_width || one.len() != other.len() {
        return usize::MAX;
    }
    let differs = |(one, other): &(&[u8], &[u8])| one.iter().zip(*other).any(|(a, b)| a.abs_diff(*b) > BY);
    one.chunks(4).zip(other.chunks(4)).filter(differs).count()
}

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/pictures"))
}

/// The picture of a device's tile, without its texts and without what follows the pointer.
async fn picture(page: &Page, device: &str) -> Vec<u8> {
    page.until("the tile", &format!("return !!document.querySelector('[data-device={device:?}] svg')")).await;
    let tile = page.driver.find(By::Css(format!("[data-device={device:?}]"))).await.expect("it is there");
    tile.screenshot_as_png().await.expect("Chromium takes a picture")
}

/// Compares, or writes; says what differs.
fn judge(name: &str, taken: &[u8], wrong: &mut Vec<String>) {
    let file = folder().join(format!("{name}.png"));
    if std::env::var("WILLOW_PICTURES").is_ok_and(|what| what == "write") {
        std::fs::create_dir_all(folder()).expect("a folder for the pictures");
        std::fs::write(&file, taken).expect("the picture can be written");
        return;
    }
    let kept = std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let differing = differing(taken, &kept);
    if differing > MAY_DIFFER {
        let now = std::env::temp_dir().join(format!("willow-{name}.png"));
        std::fs::write(&now, taken).expect("the picture can be written");
        wrong.push(format!("{name}: {differing} pixels differ; as it is now: {}", now.display()));
    }
}

async fn every_look(dark: bool) {
    let (site, mut broker) = (Site::http().await, Mosquitto::start(MosquittoOptions::default()).await);
    for (_, topic, retained, _) in DEVICES {
        broker.publish(topic, retained, true).await;
    }
    let url = site.page(&format!("?broker={}", broker.websocket()));
    let how = Visit { dark, ..Visit::new(url).with_failing_connections() };
    let theme = if dark { "dark" } else { "light" };
    visit(how, async |page| {
        page.until_snapshot("complete").await;
        page.until_count("total", DEVICES.len() as u32).await;
        for (_, topic, _, live) in DEVICES {
            if let Some(live) = live {
                broker.publish(topic, live, true).await;
            }
        }
        for (device, status) in LIVE {
            page.until_tile("esphome", device, status, "live").await;
        }
        page.until_tile("homie", "car-live", "degraded", "live").await;
        // A sheet of its own is what the page's policy lets a script add. Whatever comes above the tiles would move them
        // by parts of a pixel, and every edge with them.
        page.js(
            "const sheet = new CSSStyleSheet();\
             sheet.replaceSync('.tile :is(b, .convention, .state, .history path) { visibility: hidden } .note { display: none } * { transition: none !important }');\
             document.adoptedStyleSheets = [sheet]; document.activeElement.blur();",
        )
        .await;
        let (mut wrong, mut seen) = (Vec::new(), Vec::new());
        for (device, ..) in DEVICES {
            let taken = picture(page, device).await;
            judge(&format!("{theme}-{device}"), &taken, &mut wrong);
            seen.push((device, taken));
        }
        broker.kill().await;
        page.until_link("waiting").await;
        for (device, status) in LIVE {
            page.until_tile("esphome", device, status, "stale").await;
            let taken = picture(page, device).await;
            judge(&format!("{theme}-{device}-stale"), &taken, &mut wrong);
            seen.push((device, taken));
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        // What must not look alike: every status, and what is known live beside what is only retained.
        for (one, other) in [("on", "off"), ("on", "new"), ("off", "mast"), ("mast", "car"), ("off", "car")] {
            let find = |name| &seen.iter().find(|(known, _)| *known == name).expect("it was seen").1;
            assert!(differing(find(one), find(other)) > MAY_DIFFER, "{theme}: {one} looks like {other}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_tile_in_each_state_in_light() {
    every_look(false).await;
}

#[tokio::test]
async fn a_tile_in_each_state_in_the_dark() {
    every_look(true).await;
}
