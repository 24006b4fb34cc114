//! Deleting retained messages of devices on the page: looked up, confirmed, deleted, and restored.

use harness::{Mosquitto, MosquittoOptions, Page, Site, Visit, visit};

const RETAINED: [(&str, &str); 5] = [
    ("attic/lamp/status", "online"),
    ("attic/fan/status", "Offline"),
    ("cellar/pump/status", "offline"),
    ("zigbee2mqtt/bridge/state", r#"{"state":"online"}"#),
    ("zigbee2mqtt/bridge/devices", r#"[{"friendly_name":"new","type":"Router"}]"#),
];

/// Opens the page, with this behind its address, on a broker that keeps these devices.
async fn board(how: Visit, behind: &str, test: impl AsyncFnOnce(&Page, &Mosquitto)) {
    let (site, broker) = (Site::http().await, Mosquitto::start(MosquittoOptions::default()).await);
    for (topic, payload) in RETAINED {
        broker.publish(topic, payload, true).await;
    }
    let url = site.page(&format!("?broker={}{behind}", broker.websocket()));
    visit(Visit { url, ..how }, async |page| {
        page.until_snapshot("complete").await;
        page.until_count("total", 5).await;
        test(page, &broker).await;
    })
    .await;
}

/// Waits until the dialog says this.
async fn until_says(page: &Page, part: &str) {
    let body = format!(
        "return document.querySelector('dialog.forget[open]')?.innerText.includes({part:?}) ?? false"
    );
    page.until(&format!("the dialog says {part:?}"), &body).await;
}

/// Presses a button by what it says, as the keyboard does: with the focus on it.
async fn press(page: &Page, words: &str) {
    let button = format!(
        "[...document.querySelectorAll('dialog[open] button, .tools button')].find(b => b.checkVisibility() && b.textContent === {words:?})"
    );
    page.until(&format!("the button {words:?}"), &format!("return !!{button}")).await;
    page.js(&format!("const b = {button}; b.focus(); b.click()")).await;
}

async fn open_panel(page: &Page, device: &str) {
    let tile = format!("[...document.querySelectorAll('.tile')].find(t => t.dataset.device === {device:?})");
    page.until(&format!("the tile of {device}"), &format!("return !!{tile}")).await;
    page.js(&format!("{tile}.querySelector('.face').click()")).await;
    page.until("the panel", "return document.querySelector('dialog.device').open").await;
}

/// Where the focus is: never lost.
async fn focus_is_in_the_dialog(page: &Page) {
    page.until("the focus in the dialog", "return !!document.activeElement.closest('dialog.forget')").await;
}

#[tokio::test]
async fn one_device_is_forgotten_and_put_back_as_it_was() {
    board(Visit::new(""), "", async |page, _| {
        open_panel(page, "attic/fan").await;
        press(page, "Forget this device…").await;
        until_says(page, "The broker has retained messages of 1 device that can be deleted.").await;
        until_says(page, "7 bytes · QoS 1").await;
        focus_is_in_the_dialog(page).await;
        press(page, "Delete 1…").await;
        until_says(page, "Delete the retained messages of 1 device? They are deleted for every client").await;
        // There is a way back, and nothing was deleted.
        press(page, "Back").await;
        // The second click of a double one confirms nothing.
        press(page, "Delete 1…").await;
        page.js("const yes = [...document.querySelectorAll('dialog.forget button')].find(b => b.textContent === 'Yes, delete 1'); yes.dispatchEvent(new MouseEvent('click', { bubbles: true, detail: 2 }))").await;
        until_says(page, "Delete the retained messages of 1 device?").await;
        page.until_count("total", 5).await;
        press(page, "Yes, delete 1").await;
        until_says(page, "Deleted: 1 device.").await;
        until_says(page, "Deleted: the broker retains nothing any more 1").await;
        focus_is_in_the_dialog(page).await;
        page.until_count("total", 4).await;
        // Leaving the dialog loses nothing, by whichever button.
        page.js("document.querySelector('dialog.forget .close').click()").await;
        press(page, "Show what was forgotten…").await;
        press(page, "Done").await;
        press(page, "Show what was forgotten…").await;
        press(page, "Undo: restore 1").await;
        until_says(page, "Restored: 1 device.").await;
        page.until_count("total", 5).await;
        press(page, "Done").await;
        page.until("closed", "return !document.querySelector('dialog.forget').open").await;
        // The bytes are the original ones, with their capital.
        open_panel(page, "attic/fan").await;
        page.until(
            "its bytes",
            "return document.querySelector('dialog.device .bytes').textContent === 'Offline'",
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn looking_at_others_does_not_take_the_undo_away_and_says_who_is_online() {
    board(Visit::new(""), "", async |page, _| {
        open_panel(page, "attic/fan").await;
        press(page, "Forget this device…").await;
        press(page, "Delete 1…").await;
        press(page, "Yes, delete 1").await;
        page.until_count("total", 4).await;
        press(page, "Done").await;
        for way in ["Cancel", "Escape"] {
            open_panel(page, "attic/lamp").await;
            press(page, "Forget this device…").await;
            until_says(page, "Online · 6 bytes · QoS 1").await;
            until_says(page, "1 of them is online. It disappears until it publishes again").await;
            match way {
                "Cancel" => press(page, "Cancel").await,
                _ => drop(page.js("document.querySelector('dialog.forget .close').click()").await),
            }
            page.until("closed", "return !document.querySelector('dialog.forget').open").await;
        }
        press(page, "Show what was forgotten…").await;
        until_says(page, "attic/fan/status").await;
        press(page, "Undo: restore 1").await;
        until_says(page, "Restored: 1 device.").await;
        page.until_count("total", 5).await;
        press(page, "Done").await;
        // What is forgotten next takes its place.
        open_panel(page, "attic/lamp").await;
        press(page, "Forget this device…").await;
        press(page, "Delete 1…").await;
        press(page, "Yes, delete 1").await;
        page.until_count("total", 4).await;
        press(page, "Done").await;
        press(page, "Show what was forgotten…").await;
        until_says(page, "attic/lamp/status").await;
        let said =
            page.js("return document.querySelector('dialog.forget').innerText.includes('attic/fan')").await;
        assert_eq!(said, false);
    })
    .await;
}

#[tokio::test]
async fn the_last_device_too_can_be_put_back() {
    let (site, broker) = (Site::http().await, Mosquitto::start(MosquittoOptions::default()).await);
    broker.publish("attic/fan/status", "offline", true).await;
    visit(Visit::new(site.page(&format!("?broker={}#/?status=offline", broker.websocket()))), async |page| {
        page.until_snapshot("complete").await;
        press(page, "Forget 1 device…").await;
        press(page, "Delete 1…").await;
        press(page, "Yes, delete 1").await;
        page.until_count("total", 0).await;
        press(page, "Done").await;
        press(page, "Show what was forgotten…").await;
        press(page, "Undo: restore 1").await;
        page.until_count("total", 1).await;
    })
    .await;
}

#[tokio::test]
async fn all_that_a_filter_leaves_is_forgotten_and_what_cannot_be_is_said() {
    board(Visit::new(""), "#/?status=offline,unknown", async |page, broker| {
        press(page, "Forget 3 devices…").await;
        until_says(page, "retained messages of 2 devices").await;
        until_says(page, "Left out: only a list names them").await;
        press(page, "Delete 2…").await;
        // One of them speaks before it is deleted: it lives.
        broker.publish("attic/fan/status", "online", true).await;
        press(page, "Yes, delete 2").await;
        until_says(page, "Deleted: 1 device.").await;
        until_says(page, "Not deleted: the device has published since").await;
        page.until_count("total", 4).await;
    })
    .await;
}

#[tokio::test]
async fn nothing_is_offered_for_the_whole_fleet() {
    board(Visit::new(""), "", async |page, _| {
        let offers = "return [...document.querySelectorAll('.tools button')].filter(b => b.checkVisibility() && b.textContent.startsWith('Forget')).length";
        assert_eq!(page.js(offers).await, 0);
        page.js("location.hash = '#/?q=attic'").await;
        page.until("two are offered", &format!("{offers} === 1")).await;
    })
    .await;
}

/// A board may delete one of two devices. 5.0 refuses with a code; 3.1.1 can only say yes, and keep it.
#[tokio::test]
async fn a_broker_that_does_not_allow_it_is_not_believed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("acl");
    let rules = "topic read #\ntopic write open/status\nuser admin\ntopic readwrite #\n";
    std::fs::write(&file, rules).expect("a temporary file");
    let more = format!("acl_file {}\nallow_anonymous true\n", file.display());
    for (version, words) in [
        ("5", "locked locked/status 0x87 (Not authorized)"),
        ("3.1.1", "A broker of MQTT 3.1.1 cannot refuse openly 1"),
    ] {
        let options =
            MosquittoOptions { login: Some(("admin", "secret")), more: more.clone(), stock_queue: true };
        let (site, broker) = (Site::http().await, Mosquitto::start(options).await);
        for topic in ["open/status", "locked/status"] {
            broker.publish_as("admin", "secret", topic, "offline").await;
        }
        let url = site.page(&format!("?broker={}&version={version}#/?status=offline", broker.websocket()));
        visit(Visit::new(url), async |page| {
            page.until_snapshot("complete").await;
            page.until_count("total", 2).await;
            press(page, "Forget 2 devices…").await;
            press(page, "Delete 2…").await;
            press(page, "Yes, delete 2").await;
            until_says(page, "Deleted: 1 device.").await;
            until_says(page, words).await;
            page.until_count("total", 1).await;
        })
        .await;
    }
}

#[tokio::test]
async fn it_fits_into_every_window_and_speaks_the_visitor_s_language() {
    let light = |width, height, dark, language: &str| Visit {
        dark,
        language: language.to_owned(),
        ..Visit::new("").sized(width, height)
    };
    for how in [light(1440, 900, false, "en-US"), light(390, 844, true, "zh-CN")] {
        let (width, is_english) = (how.size.0, how.language == "en-US");
        board(how, "#/?status=offline,unknown", async |page, _| {
            let fits = "const d = document.querySelector('dialog.forget'); return d.open && d.scrollWidth <= d.clientWidth && d.getBoundingClientRect().right <= innerWidth";
            let words = |english: &'static str, chinese: &'static str| if is_english { english } else { chinese };
            press(page, words("Forget 3 devices…", "遗忘 3 台设备…")).await;
            until_says(page, words("that can be deleted", "可以删除")).await;
            page.until("nothing is wider than the dialog", fits).await;
            page.screenshot(&format!("forget-{width}-found")).await;
            press(page, words("Delete 2…", "删除 2 台…")).await;
            press(page, words("Yes, delete 2", "确认删除 2 台")).await;
            until_says(page, words("Deleted: 2 devices.", "已删除：2 台设备。")).await;
            page.until("nothing is wider than the dialog", fits).await;
            page.screenshot(&format!("forget-{width}-done")).await;
        })
        .await;
    }
}

/// What is under way can be left and stopped, and what it came to can be undone.
#[tokio::test]
async fn many_are_deleted_with_progress_and_can_be_stopped() {
    let (site, broker) = (Site::http().await, Mosquitto::start(MosquittoOptions::default()).await);
    let devices = (0..600).map(|number| (format!("farm/d{number}/status"), "offline"));
    broker.publish_many(devices).await;
    let url = site.page(&format!("?broker={}#/?status=offline", broker.websocket()));
    visit(Visit::new(url), async |page| {
        page.until_snapshot("complete").await;
        page.until_count("total", 600).await;
        press(page, "Forget 600 devices…").await;
        until_says(page, "retained messages of 600 devices").await;
        until_says(page, "and 500 more").await;
        press(page, "Delete 600…").await;
        press(page, "Yes, delete 600").await;
        let is_under_way = "const bar = document.querySelector('dialog.forget progress'); return bar.checkVisibility() && bar.value > 0 && bar.max === 600";
        page.until("progress", is_under_way).await;
        press(page, "Stop").await;
        let undo = "[...document.querySelectorAll('dialog.forget button')].find(b => b.textContent.startsWith('Undo'))";
        page.until("it ends", &format!("return !!{undo}")).await;
        until_says(page, "Not deleted: stopped, or the connection ended, before its turn").await;
        let gone = page.js("return 600 - +document.querySelector('[data-count=total]').textContent").await;
        let gone = gone.as_u64().expect("a number");
        assert!((1..600).contains(&gone), "{gone} were deleted before it was stopped");
        page.js(&format!("{undo}.click()")).await;
        until_says(page, "Restored").await;
        page.until_count("total", 600).await;
    })
    .await;
}
