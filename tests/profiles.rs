//! The connections that a browser keeps: what is stored of them, and what never leaves it.

use harness::{Mosquitto, MosquittoOptions, Page, Site, Visit, visit};
use serde_json::{Value, json};
use thirtyfour::prelude::*;

const PASSWORD: &str = "correct-horse";

async fn broker_with_a_login() -> Mosquitto {
    Mosquitto::start(MosquittoOptions { login: Some(("board", PASSWORD)), ..MosquittoOptions::default() })
        .await
}

async fn fill(page: &Page, name: &str, value: &str) {
    page.js(&format!(
        "const field = document.querySelector('form.connection [name={name}]'); field.value = {value:?};\
         field.dispatchEvent(new Event('input', {{ bubbles: true }}));"
    ))
    .await;
}

async fn value(page: &Page, name: &str) -> String {
    let value =
        page.js(&format!("return document.querySelector('form.connection [name={name}]').value")).await;
    value.as_str().expect("a field has a text").to_owned()
}

async fn click(page: &Page, selector: &str) {
    page.until(selector, &format!("return !!document.querySelector({selector:?})")).await;
    page.js(&format!("document.querySelector({selector:?}).click()")).await;
}

async fn until_form(page: &Page) {
    page.until("the form", "return !!document.querySelector('form.connection')").await;
}

/// Waits until these are kept, in this order.
async fn until_kept(page: &Page, names: &[&str]) {
    let wanted = json!(names);
    let body = format!(
        "return JSON.stringify([...document.querySelectorAll('[data-profile]')].map(i => i.dataset.profile)) === \
         JSON.stringify({wanted})"
    );
    page.until(&format!("{wanted} are kept"), &body).await;
}

async fn save(page: &Page, name: &str) {
    fill(page, "name", name).await;
    click(page, "button[name=save]").await;
    page.until("saved", "return document.querySelector('form.connection .saved-as').textContent !== ''")
        .await;
}

/// All that the page has written anywhere.
async fn everything_kept(page: &Page) -> String {
    let all =
        "return JSON.stringify([location.href, document.cookie, {...localStorage}, {...sessionStorage}])";
    page.js(all).await.to_string()
}

async fn stored(page: &Page) -> Value {
    let text = page.js("return localStorage.getItem('willow.profiles')").await;
    serde_json::from_str(text.as_str().expect("something is stored")).expect("what is stored is JSON")
}

#[tokio::test]
async fn a_connection_is_kept_without_its_password_and_offered_again() {
    let (site, broker) = (Site::http().await, broker_with_a_login().await);
    visit(Visit::new(site.page("")), async |page| {
        until_form(page).await;
        fill(page, "broker", &broker.websocket()).await;
        fill(page, "user", "board").await;
        fill(page, "password", PASSWORD).await;
        fill(page, "keep-alive", "45").await;
        fill(page, "client-id", "wall-7").await;
        fill(page, "filters", "attic/#\n\nfarm/+/status").await;
        save(page, "Farm <b>").await;
        until_kept(page, &["Farm <b>"]).await;
        let kept = everything_kept(page).await;
        assert!(!kept.contains(PASSWORD), "{kept}");
        let profile = &stored(page).await["profiles"][0];
        assert_eq!(
            *profile,
            json!({ "name": "Farm <b>", "address": broker.websocket(), "user": "board", "clientId": "wall-7",
                    "keepAlive": 45, "mqttVersion": "auto", "filters": ["attic/#", "farm/+/status"] })
        );

        page.driver.refresh().await.expect("a page can be loaded again");
        until_kept(page, &["Farm <b>"]).await;
        assert_eq!(value(page, "user").await, "board");
        assert_eq!(value(page, "filters").await, "attic/#\nfarm/+/status");
        // Without its password the broker would refuse: the field is where the visitor goes on.
        click(page, "[data-profile] [name=use]").await;
        page.until("the password", "return document.activeElement.name === 'password'").await;
        fill(page, "password", PASSWORD).await;
        click(page, "form.connection button[type=submit]").await;
        page.until_link("connected").await;
        let kept = everything_kept(page).await;
        assert!(!kept.contains(PASSWORD), "{kept}");
    })
    .await;
}

#[tokio::test]
async fn a_kept_password_is_used_for_exactly_its_address() {
    let (site, broker) = (Site::http().await, broker_with_a_login().await);
    visit(Visit::new(site.page("")), async |page| {
        until_form(page).await;
        let risk = "return document.querySelector('#keep-password-hint').textContent";
        let risk = page.js(risk).await.as_str().expect("a text").to_owned();
        assert!(risk.contains("unencrypted") && risk.contains("127.0.0.1"), "{risk}");
        assert_eq!(page.js("return document.querySelector('[name=keep-password]').checked").await, false);
        fill(page, "broker", &broker.websocket()).await;
        fill(page, "user", "board").await;
        fill(page, "password", PASSWORD).await;
        click(page, "[name=keep-password]").await;
        save(page, "").await;
        // The host is its name.
        until_kept(page, &["127.0.0.1"]).await;
        assert_eq!(stored(page).await["profiles"][0]["password"], PASSWORD);

        let goto = async |address: &str| {
            page.driver.goto(site.page(&format!("?broker={address}"))).await.expect("the page opens");
        };
        goto(&broker.websocket()).await;
        page.until_link("connected").await;
        // The same broker by another spelling: nothing of it is used, whoever wrote the link.
        goto(&format!("{}?x", broker.websocket())).await;
        page.until_link("refused").await;

        // What a link asks for beside the address is another connection, and is not saved over the kept one.
        goto(&format!("{}&filter=attic/%23", broker.websocket())).await;
        page.until_link("connected").await;
        click(page, "[data-link]").await;
        page.until("the dialog", "return !!document.querySelector('dialog form.connection')").await;
        assert_eq!(value(page, "name").await, "127.0.0.1");
        click(page, "button[name=save]").await;
        page.until(
            "it is refused",
            "return /already exists/.test(document.querySelector('#name-error').textContent)",
        )
        .await;
        assert_eq!(stored(page).await["profiles"][0]["filters"], json!([]));

        // Its login does not go to another address unasked.
        page.driver.goto(site.page("")).await.expect("the page opens");
        click(page, "[data-profile] .actions button:nth-child(2)").await;
        page.until("it is filled in", "return document.querySelector('[name=password]').value !== ''").await;
        fill(page, "broker", "ws://other.example/").await;
        click(page, "button[name=save]").await;
        page.until("the password is asked for", "return document.activeElement.name === 'password'").await;
        assert_eq!(value(page, "password").await, "");
        let said = page.js("return document.querySelector('#login-error').textContent").await;
        assert!(said.as_str().is_some_and(|said| said.contains(&broker.websocket())), "{said}");
        assert_eq!(stored(page).await["profiles"][0]["password"], PASSWORD);
        assert_eq!(stored(page).await["profiles"][0]["address"], broker.websocket());

        // One click connects, and taking the tick away takes the password out of the browser.
        page.driver.goto(site.page("")).await.expect("the page opens");
        click(page, "[data-profile] [name=use]").await;
        page.until_link("connected").await;
        click(page, "[data-link]").await;
        page.until("the dialog", "return !!document.querySelector('dialog form.connection')").await;
        assert_eq!(page.js("return document.querySelector('[name=keep-password]').checked").await, true);
        click(page, "[name=keep-password]").await;
        click(page, "button[name=save]").await;
        page.until("it is gone", "return !localStorage.getItem('willow.profiles').includes('password')")
            .await;
    })
    .await;
}

#[tokio::test]
async fn two_tabs_lose_nothing_of_each_other() {
    let site = Site::http().await;
    visit(Visit::new(site.page("")), async |page| {
        until_form(page).await;
        save(page, "One").await;
        let first = page.driver.window().await.expect("a tab has a handle");
        let second = page.driver.new_tab().await.expect("a tab opens");
        page.driver.switch_to_window(second.clone()).await.expect("it is there");
        page.driver.goto(site.page("")).await.expect("the page opens");
        until_kept(page, &["One"]).await;
        page.driver.switch_to_window(first.clone()).await.expect("it is there");
        // A new one beside it: what was filled in was the first one.
        page.js("document.querySelector('form.connection [name=name]').value = ''").await;
        click(page, "[data-profile='One'] .actions button:nth-child(3)").await;
        until_kept(page, &["One", "One (2)"]).await;
        page.driver.switch_to_window(second).await.expect("it is there");
        until_kept(page, &["One", "One (2)"]).await;
        click(page, "[data-profile='One'] .actions button:nth-child(4)").await;
        until_kept(page, &["One (2)"]).await;
        page.until("the focus on undo", "return document.activeElement.name === 'undo'").await;
        // Storage that is full loses nothing of what can be undone.
        page.js("window.__set = Storage.prototype.setItem; Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }").await;
        click(page, "[name=undo]").await;
        page.until("it is said", "return document.querySelector('#name-error').textContent.length > 10")
            .await;
        page.js("Storage.prototype.setItem = window.__set").await;
        click(page, "[name=undo]").await;
        until_kept(page, &["One", "One (2)"]).await;
        // A name that is there already is refused, and nothing is overwritten.
        click(page, "[data-profile='One'] .actions button:nth-child(2)").await;
        page.until(
            "the form",
            "return document.querySelector('form.connection [name=name]').value === 'One'",
        )
        .await;
        fill(page, "name", "One (2)").await;
        click(page, "button[name=save]").await;
        page.until("refused", "return /One \\(2\\)/.test(document.querySelector('#name-error').textContent)")
            .await;
        until_kept(page, &["One", "One (2)"]).await;
        // The watch for errors is in the first tab.
        page.driver.switch_to_window(first).await.expect("it is there");
        until_kept(page, &["One", "One (2)"]).await;
    })
    .await;
}

/// What could not be read again is refused, and nothing that is kept is lost by it.
#[tokio::test]
async fn what_is_kept_can_be_read_again() {
    let site = Site::http().await;
    visit(Visit::new(site.page("")), async |page| {
        until_form(page).await;
        fill(page, "user", &"u".repeat(300)).await;
        fill(page, "filters", &"a\n".repeat(65)).await;
        fill(page, "name", "Farm").await;
        click(page, "button[name=save]").await;
        page.until(
            "the limits",
            "return /at most 64 filters/.test(document.querySelector('#name-error').textContent)",
        )
        .await;
        fill(page, "filters", &"a\n".repeat(64)).await;
        save(page, "Farm").await;
        until_kept(page, &["Farm"]).await;
    })
    .await;
}

/// Lets the page import a file with this content.
async fn import(page: &Page, content: &str) {
    let file = tempfile::NamedTempFile::with_suffix(".json").expect("a temporary file");
    std::fs::write(file.path(), content).expect("it can be written");
    page.js("document.querySelectorAll('.connections details').forEach(d => d.open = true)").await;
    let input = page.driver.find(By::Css("input[name=import]")).await.expect("there is a field for a file");
    input.send_keys(file.path().to_str().expect("a plain path")).await.expect("it takes a file");
    page.until("something is said", "return document.querySelector('.preview')?.innerText.length > 10").await;
    page.until("it is read", "return !/Reading/.test(document.querySelector('.preview').innerText)").await;
}

async fn preview(page: &Page) -> String {
    page.js("return document.querySelector('.preview').innerText").await.as_str().unwrap_or("").to_owned()
}

#[tokio::test]
async fn a_file_is_shown_before_it_is_taken_and_overwrites_nothing() {
    let site = Site::http().await;
    visit(Visit::new(site.page("")), async |page| {
        until_form(page).await;
        fill(page, "broker", "wss://farm.example/mqtt").await;
        save(page, "Farm").await;
        let file = json!({ "format": "willow-connections", "version": 1, "profiles": [
            { "name": "Farm", "address": "wss://other.example/mqtt", "password": "stolen" },
            { "name": "<img src=x onerror=alert(1)>", "address": "wss://x.example/" },
            { "name": "Bad", "address": "http://x.example/" },
            { "name": "Worse", "address": "ws://x.example/", "filters": ["a/#/b"] },
            { "name": "Farm", "address": "wss://farm.example/mqtt", "keepAlive": 30 },
        ]});
        import(page, &file.to_string()).await;
        let said = preview(page).await;
        for part in [
            "2 connections",
            "Farm (2)",
            "<img src=x",
            "profiles[0].password",
            "profiles[2].address: The address must start with ws:// or wss://",
            "profiles[3].filters[0]",
            "Farm: already saved",
        ] {
            assert!(said.contains(part), "{part} in {said}");
        }
        // Shown, and not taken.
        until_kept(page, &["Farm"]).await;
        assert_eq!(page.js("return document.querySelectorAll('img').length").await, 0);
        assert!(said.contains("wss://other.example/mqtt"), "{said}");
        click(page, "[name=add]").await;
        page.until("the focus stays", "return document.activeElement.name === 'import'").await;
        until_kept(page, &["Farm", "Farm (2)", "<img src=x onerror=alert(1)>"]).await;
        let kept = stored(page).await;
        assert_eq!(kept["profiles"][0]["address"], "wss://farm.example/mqtt");
        assert_eq!(kept["profiles"][1]["address"], "wss://other.example/mqtt");
        assert!(!kept.to_string().contains("stolen"), "{kept}");
    })
    .await;
}

#[tokio::test]
async fn a_large_file_is_listed_bit_by_bit_and_says_how_far_it_has_come() {
    let site = Site::http().await;
    visit(Visit::new(site.page("")), async |page| {
        until_form(page).await;
        let profile = |n: usize| json!({ "name": format!("Farm {n}"), "address": format!("ws://farm-{n}.example/") });
        let profiles: Vec<_> = (0..333).map(profile).collect();
        let file = json!({ "format": "willow-connections", "version": 1, "profiles": profiles });
        import(page, &file.to_string()).await;
        page.js(
            "window.told = []; const listing = document.querySelector('.listing');\
             new MutationObserver(() => {\
               if (listing.checkVisibility()) told.push([listing.querySelector('progress').value, listing.innerText.trim()]);\
             }).observe(listing, { subtree: true, childList: true, characterData: true, attributes: true });",
        )
        .await;
        click(page, "[name=add]").await;
        page.until("all of them", "return document.querySelectorAll('.kept li').length === 333").await;
        page.until("the end", "return !document.querySelector('.listing').checkVisibility()").await;
        let told = page.js("return told").await;
        let told = told.as_array().expect("a list");
        let values: Vec<_> = told.iter().filter_map(|told| told[0].as_f64()).collect();
        assert!(values.len() >= 5 && values.is_sorted() && values[0] < 500.0, "{told:?}");
        assert!(told.iter().any(|told| told[1] == "Listing the connections: 45.0%"), "{told:?}");
    })
    .await;
}

#[tokio::test]
async fn files_that_are_none_say_so_and_change_nothing() {
    let site = Site::http().await;
    visit(Visit::new(site.page("")), async |page| {
        until_form(page).await;
        save(page, "Farm").await;
        let before = stored(page).await;
        for (content, said) in [
            ("", "not JSON"),
            ("\u{0}\u{1}", "not JSON"),
            ("{\"profiles\":[]}", "willow-connections"),
            ("[[[[", "not JSON"),
            ("{\"format\":\"willow-connections\",\"version\":99}", "another version"),
            ("{\"format\":\"willow-connections\",\"version\":1,\"profiles\":{\"length\":4e9}}", "array"),
            (&"[".repeat(300_000), "not JSON"),
            (&" ".repeat(1_100_000), "1 MiB"),
        ] {
            import(page, content).await;
            let preview = preview(page).await;
            assert!(preview.contains(said), "{said} in {preview}");
            assert!(page.js("return document.querySelector('[name=add]')").await.is_null());
            assert_eq!(stored(page).await, before);
        }
    })
    .await;
}

#[tokio::test]
async fn an_export_is_what_the_schema_says_and_has_no_password() {
    let site = Site::http().await;
    // What is offered for saving is kept for the test.
    let early = "window.__saved = []; const make = URL.createObjectURL;\
        URL.createObjectURL = blob => { __saved.push(blob.text()); return make.call(URL, blob); };"
        .to_owned();
    visit(Visit { early, ..Visit::new(site.page("")) }, async |page| {
        until_form(page).await;
        fill(page, "broker", "wss://farm.example/mqtt").await;
        fill(page, "user", "board").await;
        fill(page, "password", PASSWORD).await;
        click(page, "[name=keep-password]").await;
        save(page, "Farm").await;
        assert!(everything_kept(page).await.contains(PASSWORD), "it was asked to be kept");
        click(page, "[name=export]").await;
        page.until("a file", "return window.__saved.length === 1").await;
        let run = "const done = arguments[0]; __saved[0].then(done)";
        let text = page.driver.execute_async(run, Vec::new()).await.expect("a blob has a text");
        let text = text.json().as_str().expect("a text").to_owned();
        assert!(!text.contains(PASSWORD) && !text.contains("password"), "{text}");
        let file: Value = serde_json::from_str(&text).expect("JSON");
        assert!(schema().is_valid(&file), "{file}");
        // Into a browser that keeps nothing, and back.
        page.js("localStorage.clear()").await;
        page.driver.refresh().await.expect("a page can be loaded again");
        until_form(page).await;
        until_kept(page, &[]).await;
        import(page, &text).await;
        click(page, "[name=add]").await;
        until_kept(page, &["Farm"]).await;
        assert_eq!(stored(page).await["profiles"], file["profiles"]);
    })
    .await;
}

fn schema() -> jsonschema::Validator {
    let schema =
        serde_json::from_str(include_str!("../docs/profiles.schema.json")).expect("the schema is JSON");
    jsonschema::draft202012::new(&schema).expect("the schema is one")
}

/// The schema and the page agree on what is a connection: what one refuses, the other does.
#[tokio::test]
async fn the_schema_and_the_page_agree() {
    let site = Site::http().await;
    let file =
        |profile: &Value| json!({ "format": "willow-connections", "version": 1, "profiles": [profile] });
    visit(Visit::new(site.page("")), async |page| {
        until_form(page).await;
        for (profile, is_good) in [
            (json!({ "name": "a", "address": "ws://b" }), true),
            (json!({ "name": "灯".repeat(64), "address": "WSS://[::1]:8084/mqtt?x=1@2" }), true),
            (json!({ "name": "a", "address": "ws://b", "keepAlive": 5, "mqttVersion": "3.1.1", "filters": [] }), true),
            (json!({ "name": "a", "address": "ws://b", "note": "of somebody else" }), true),
            (json!({ "name": "灯".repeat(65), "address": "ws://b" }), false),
            (json!({ "name": "a", "address": "ws://b", "user": "u".repeat(8_192) }), true),
            (json!({ "name": "a", "address": "ws://b", "user": "u".repeat(8_193) }), false),
            (json!({ "name": "a\u{202e}b", "address": "ws://b" }), false),
            (json!({ "name": "", "address": "ws://b" }), false),
            (json!({ "name": "a" }), false),
            (json!({ "address": "ws://b" }), false),
            (json!({ "name": "a", "address": "mqtt://b" }), false),
            (json!({ "name": "a", "address": "ws://me:pw@b" }), false),
            (json!({ "name": "a", "address": "ws://b/#c" }), false),
            (json!({ "name": "a", "address": "ws://b", "keepAlive": 4 }), false),
            (json!({ "name": "a", "address": "ws://b", "keepAlive": 65536 }), false),
            (json!({ "name": "a", "address": "ws://b", "keepAlive": "30" }), false),
            (json!({ "name": "a", "address": "ws://b", "mqttVersion": "4" }), false),
            (json!({ "name": "a", "address": "ws://b", "filters": "a" }), false),
            (json!({ "name": "a", "address": "ws://b", "filters": vec!["a"; 65] }), false),
            (json!({ "name": "a", "address": "ws://b", "clientId": "a\nb" }), false),
            (json!({ "name": "a", "address": "ws://b", "user": "" }), false),
            (json!("ws://b"), false),
        ] {
            let file = file(&profile);
            assert_eq!(schema().is_valid(&file), is_good, "the schema: {profile}");
            import(page, &file.to_string()).await;
            let can_add = page.js("return document.querySelector('[name=add]') !== null").await;
            assert_eq!(can_add, is_good, "the page: {profile}");
        }
        // Only the page knows the password's rule in full: the connection is taken without it.
        let with_password = file(&json!({ "name": "a", "address": "ws://b", "password": "x" }));
        assert!(!schema().is_valid(&with_password));
    })
    .await;
}

/// What a newer page has stored is put aside before it is written over.
#[tokio::test]
async fn what_cannot_be_read_is_put_aside() {
    let site = Site::http().await;
    let early =
        "if (!localStorage.length) localStorage.setItem('willow.profiles', 'from the future')".to_owned();
    visit(Visit { early, ..Visit::new(site.page("")) }, async |page| {
        until_form(page).await;
        save(page, "Farm").await;
        until_kept(page, &["Farm"]).await;
        let aside = page.js("return localStorage.getItem('willow.profiles.aside')").await;
        assert_eq!(aside, "from the future");
    })
    .await;
}

#[tokio::test]
async fn a_browser_that_stores_nothing_says_so_and_connects() {
    let (site, broker) = (Site::http().await, Mosquitto::start(MosquittoOptions::default()).await);
    let early = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }"
        .to_owned();
    visit(Visit { early, ..Visit::new(site.page("")) }, async |page| {
        until_form(page).await;
        fill(page, "broker", &broker.websocket()).await;
        click(page, "button[name=save]").await;
        page.until("it is said", "return document.querySelector('#name-error').textContent.length > 10")
            .await;
        click(page, "form.connection button[type=submit]").await;
        page.until_link("connected").await;
    })
    .await;
}
