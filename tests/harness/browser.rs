//! A real Chromium, driven through ChromeDriver: it opens the page, reads its hooks, and collects every error.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::process::Stdio;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::ChromeCapabilities;
use thirtyfour::common::log::LoggingPrefsLogLevel;
use thirtyfour::prelude::*;
use tokio::process::{Child, Command};

use crate::{PATIENCE, free_port};

/// How the page is opened.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The address to open.
    pub url: String,
    /// Width and height of the window in CSS pixels.
    pub size: (u32, u32),
    /// `prefers-color-scheme: dark`.
    pub dark: bool,
    /// The browser's language, as in `Accept-Language`.
    pub language: String,
    /// Console errors containing one of these are expected. Chromium logs each WebSocket that does not
    /// open, and no page can prevent that.
    pub allowed: Vec<&'static str>,
    /// JavaScript that runs before the page's own.
    pub early: String,
}

impl Visit {
    /// A desk-sized, light, English window.
    pub fn new(url: impl Into<String>) -> Visit {
        Visit {
            url: url.into(),
            size: (1440, 900),
            dark: false,
            language: "en-US".to_owned(),
            allowed: Vec::new(),
            early: String::new(),
        }
    }

    /// The same where connections fail by intention.
    pub fn with_failing_connections(self) -> Visit {
        Visit { allowed: vec!["WebSocket connection to"], ..self }
    }

    /// The same in a window of this size.
    pub fn sized(self, width: u32, height: u32) -> Visit {
        Visit { size: (width, height), ..self }
    }
}

/// Opens the page, runs the test, and fails on any error of the page.
pub async fn visit(visit: Visit, test: impl AsyncFnOnce(&Page)) {
    let browser = Browser::start(&visit).await;
    let page = &browser.page;
    page.driver.goto(&visit.url).await.expect("the page opens");
    // The browser ends before the test does, even if the test fails.
    let outcome = AssertUnwindSafe(test(page)).catch_unwind().await;
    if let Err(panic) = outcome {
        page.screenshot(&format!("failed-{}", std::thread::current().name().unwrap_or("test"))).await;
        browser.quit().await;
        resume_unwind(panic);
    }
    let problems = page.problems(&visit.allowed).await;
    browser.quit().await;
    assert!(problems.is_empty(), "the page made errors:\n{}", problems.join("\n"));
}

/// A Chromium with one window.
pub struct Browser {
    /// The window.
    pub page: Page,
    chromedriver: Child,
    _profile: TempDir,
}

/// Collects errors. It runs before any script of the page.
const WATCH: &str = "window.__problems = [];\
    addEventListener('securitypolicyviolation', e => __problems.push(`policy: ${e.violatedDirective} blocked ${e.blockedURI} ${e.sample}`));\
    addEventListener('error', e => __problems.push(`error: ${e.message ?? e.target?.src ?? e.target?.href}`), true);\
    addEventListener('unhandledrejection', e => __problems.push(`rejection: ${e.reason}`));";

impl Browser {
    /// Starts it with the visit's settings, on an empty page.
    pub async fn start(visit: &Visit) -> Browser {
        let port = free_port();
        let chromedriver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("chromedriver is installed (`cargo xtask setup --tests`)");
        let profile = tempfile::tempdir().expect("a temporary folder");
        let mut capabilities = DesiredCapabilities::chrome();
        let (width, height) = visit.size;
        for arg in [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            &format!("--user-data-dir={}", profile.path().display()),
            &format!("--lang={}", visit.language),
            &format!("--accept-lang={}", visit.language),
            &format!("--window-size={width},{height}"),
        ] {
            capabilities.add_arg(arg).expect("plain arguments");
        }
        capabilities.accept_insecure_certs(true).expect("a plain capability");
        capabilities.set_browser_log_level(LoggingPrefsLogLevel::All).expect("a plain capability");
        let driver = connect(&format!("http://127.0.0.1:{port}"), capabilities).await;
        let cdp = driver.cdp();
        let send = async |method: &str, params: Value| {
            cdp.send_raw(method, params).await.unwrap_or_else(|error| panic!("{method}: {error}"))
        };
        send("Page.addScriptToEvaluateOnNewDocument", json!({ "source": format!("{WATCH}{}", visit.early) }))
            .await;
        let phone = width < 600;
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone });
        send("Emulation.setDeviceMetricsOverride", metrics).await;
        let scheme = if visit.dark { "dark" } else { "light" };
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        send("Emulation.setEmulatedMedia", features).await;
        Browser { page: Page { driver }, chromedriver, _profile: profile }
    }

    /// The process that is the parent of all of its processes.
    pub fn pid(&self) -> u32 {
        self.chromedriver.id().expect("it has not ended")
    }

    /// Ends it.
    pub async fn quit(mut self) {
        let _ = self.page.driver.clone().quit().await;
        let _ = self.chromedriver.kill().await;
    }
}

/// Tries until ChromeDriver listens and Chromium has started.
async fn connect(address: &str, capabilities: ChromeCapabilities) -> WebDriver {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match WebDriver::new(address, capabilities.clone()).await {
            Ok(driver) => return driver,
            Err(error) => assert!(Instant::now() < deadline, "Chromium does not start: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The page in its window.
pub struct Page {
    /// For what the methods below do not cover.
    pub driver: WebDriver,
}

/// What a tile's hooks say about its device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// `data-convention`
    pub convention: String,
    /// `data-device`
    pub device: String,
    /// `data-status`
    pub status: String,
    /// `data-evidence`
    pub evidence: String,
    /// The visible text.
    pub text: String,
}

impl Page {
    /// The value of a JavaScript function body.
    pub async fn js(&self, body: &str) -> Value {
        let answer = self.driver.execute(body, Vec::new()).await;
        answer.unwrap_or_else(|error| panic!("{body}: {error}")).json().clone()
    }

    /// Waits until the function body returns true; fails with its last value and the page's text otherwise.
    pub async fn until(&self, what: &str, body: &str) {
        self.until_within(PATIENCE, what, body).await;
    }

    /// The same with another patience.
    pub async fn until_within(&self, patience: Duration, what: &str, body: &str) {
        let deadline = Instant::now() + patience;
        loop {
            let value = self.js(body).await;
            if value == Value::Bool(true) {
                return;
            }
            if Instant::now() > deadline {
                let hooks = self
                    .js("return [...document.querySelectorAll('[data-link], [data-snapshot]')].map(e => \
                         JSON.stringify(e.dataset)).join(' ')")
                    .await;
                let text = self.text().await;
                panic!("never came: {what} (last: {value}). Hooks: {hooks}. The page says:\n{text}");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits for a value of the connection badge's `data-link`.
    pub async fn until_link(&self, link: &str) {
        let body = format!("return document.querySelector('[data-link]')?.dataset.link === {link:?}");
        self.until(&format!("data-link {link}"), &body).await;
    }

    /// Waits for a value of the board's `data-snapshot`.
    pub async fn until_snapshot(&self, snapshot: &str) {
        let body =
            format!("return document.querySelector('[data-snapshot]')?.dataset.snapshot === {snapshot:?}");
        self.until(&format!("data-snapshot {snapshot}"), &body).await;
    }

    /// Waits for a number in one of the counters.
    pub async fn until_count(&self, counter: &str, number: u32) {
        let body = format!(
            "return document.querySelector('[data-count={counter:?}]')?.textContent === \"{number}\""
        );
        self.until(&format!("{number} {counter}"), &body).await;
    }

    /// Waits until a device's tile has this status and evidence.
    pub async fn until_tile(&self, convention: &str, device: &str, status: &str, evidence: &str) {
        let body = format!(
            "const all = [...document.querySelectorAll('[data-device]')].filter(t => \
             t.dataset.device === {device:?} && t.dataset.convention === {convention:?});\
             return all.length === 1 && all[0].dataset.status === {status:?} && \
             all[0].dataset.evidence === {evidence:?}"
        );
        self.until(&format!("one tile {convention} {device}: {status}, {evidence}"), &body).await;
    }

    /// Every tile in the document, in the order of the document.
    pub async fn tiles(&self) -> Vec<Tile> {
        let tiles = self
            .js("return [...document.querySelectorAll('[data-device]')].map(t => [t.dataset.convention, \
                 t.dataset.device, t.dataset.status, t.dataset.evidence, t.innerText])")
            .await;
        let tiles = tiles.as_array().expect("an array was mapped");
        let word = |tile: &Value, at: usize| tile[at].as_str().unwrap_or("").to_owned();
        let tile = |tile: &Value| Tile {
            convention: word(tile, 0),
            device: word(tile, 1),
            status: word(tile, 2),
            evidence: word(tile, 3),
            text: word(tile, 4),
        };
        tiles.iter().map(tile).collect()
    }

    /// The visible text of the page.
    pub async fn text(&self) -> String {
        self.js("return document.body.innerText").await.as_str().unwrap_or("").to_owned()
    }

    /// Writes a picture of the window (or of the whole page) into `target/screenshots/<name>.png`.
    pub async fn screenshot(&self, name: &str) {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/screenshots");
        std::fs::create_dir_all(folder).expect("target/ can be written");
        let png = self.driver.screenshot_as_png().await.expect("Chromium takes a screenshot");
        std::fs::write(format!("{folder}/{name}.png"), png).expect("target/ can be written");
    }

    /// Policy violations, script errors and console errors since the page was opened.
    async fn problems(&self, allowed: &[&str]) -> Vec<String> {
        let seen = self.js("return window.__problems ?? ['the watch was not there']").await;
        let mut problems: Vec<String> =
            seen.as_array().expect("an array").iter().map(|p| p.to_string()).collect();
        let log = self.driver.browser_log().await.expect("ChromeDriver keeps the console");
        problems.extend(
            log.into_iter()
                .filter(|entry| entry.level == "SEVERE")
                .map(|entry| format!("console: {}", entry.message)),
        );
        problems.retain(|problem| !allowed.iter().any(|allowed| problem.contains(allowed)));
        problems
    }
}
