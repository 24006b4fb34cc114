//! One page in one Chromium: which page, when it has loaded, how it keeps up, and what it takes.

use std::fs;
use std::time::{Duration, Instant};

use harness::{Browser, Site, Visit};
use serde_json::{Value, json};

use crate::source::{Source, wall};
use crate::wire::{self, Changes, FILTER};

/// A page.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Subject {
    /// Willow, with its tiles.
    Tiles,
    /// Willow, with its wall.
    Wall,
    /// Another build of Willow, with its tiles: that of an earlier commit.
    Before,
    /// MQTT.js and a list item a device.
    MqttJs,
    /// MQTT.js and a Map of the statuses.
    Store,
    /// A counter of WebSocket messages.
    Counter,
    /// A counter of the packets in them.
    Packets,
    /// Thirty lines without a library, a list item a device.
    Vanilla,
}

/// The folder of the site with the other build of Willow.
pub const BEFORE: &str = "before";

impl Subject {
    /// Its name in the results.
    pub fn name(self) -> &'static str {
        match self {
            Subject::Tiles => "willow",
            Subject::Wall => "wall",
            Subject::Before => "before",
            Subject::MqttJs => "mqtt.js",
            Subject::Store => "mqtt.js-map",
            Subject::Counter | Subject::Packets => "counter",
            Subject::Vanilla => "vanilla",
        }
    }

    fn url(self, site: &Site, broker: &str, view: &str) -> String {
        let filter = FILTER.replace('#', "%23");
        let query = format!("?broker={broker}&filter={filter}");
        match self {
            Subject::Tiles => site.page(&format!("{query}&version=3.1.1#/?view=tiles{view}")),
            Subject::Wall => site.page(&format!("{query}&version=3.1.1#/?view=wall{view}")),
            Subject::Before => site.page(&format!("{BEFORE}/{query}&version=3.1.1#/?view=tiles{view}")),
            Subject::MqttJs => site.page(&format!("peer/mqttjs.html{query}")),
            Subject::Store => site.page(&format!("peer/mqttjs.html{query}&nodes=0")),
            Subject::Counter => site.page(&format!("peer/counter.html{query}")),
            Subject::Packets => site.page(&format!("peer/counter.html{query}&packets=1")),
            Subject::Vanilla => site.page(&format!("peer/vanilla.html{query}")),
        }
    }
}

/// What was measured, by name.
pub type Figures = Vec<(&'static str, f64)>;

/// A page that is looked at.
pub struct Look {
    browser: Browser,
    /// How long to wait for what may never come.
    patience: Duration,
}

impl Look {
    /// Opens a page that will show so many devices; `view` goes into the fragment of Willow's address.
    pub async fn at(subject: Subject, site: &Site, broker: &str, view: &str, devices: usize) -> Look {
        Look::open(subject.url(site, broker, view), devices).await
    }

    /// Opens any page of the site.
    pub async fn open(url: String, devices: usize) -> Look {
        let early = format!("{}\n__watch.expect({devices});", include_str!("watch.js"));
        let visit = Visit { early, ..Visit::new(url) };
        let browser = Browser::start(&visit).await;
        browser.page.driver.goto(&visit.url).await.expect("the page opens");
        Look { browser, patience: Duration::from_secs(30) }
    }

    /// Ends the browser.
    pub async fn close(self) {
        self.browser.quit().await;
    }

    /// Waits until all devices are shown. Without figures when that does not come.
    pub async fn load(&self) -> Option<Figures> {
        self.completed().await?;
        let load = self.ask("return __watch.load").await?;
        let figure = |name: &str| load[name].as_f64().unwrap_or(f64::NAN);
        Some(vec![
            ("complete", figure("complete")),
            ("load-p50", figure("p50")),
            ("load-p95", figure("p95")),
            ("load-max", figure("max")),
        ])
    }

    /// Streams changes, and looks at the frames meanwhile and at how far behind the page is at the end.
    pub async fn live(
        &self,
        source: &Source,
        changes: &mut Changes,
        rate: usize,
        time: Duration,
        devices: usize,
    ) -> Figures {
        self.ask("__watch.setClock(); __watch.begin()").await;
        let (began, cpu) = (Instant::now(), self.renderer().cpu);
        let taken = source.stream(changes, rate, time).await;
        let cpu = (self.renderer().cpu - cpu) / began.elapsed().as_secs_f64() * 100.0;
        let frames = self.ask("return __watch.frames()").await.unwrap_or_default();
        let behind = self.marker(source, devices, 1).await;
        let frame = |name: &str| frames[name].as_f64().unwrap_or(f64::INFINITY);
        vec![
            ("taken", taken),
            ("fps", frames["fps"].as_f64().unwrap_or(0.0)),
            ("live-p50", frame("p50")),
            ("live-p95", frame("p95")),
            ("live-max", frame("max")),
            ("behind", behind),
            ("live-cpu", cpu),
        ]
    }

    /// Sends changes as fast as they are taken: how many a second were worked off, and what each cost.
    pub async fn flood(
        &self,
        source: &Source,
        changes: &mut Changes,
        number: usize,
        devices: usize,
    ) -> Figures {
        self.ask("__watch.setClock()").await;
        let packets = source.packets(changes, number);
        let (began, cpu) = (wall(), self.renderer().cpu);
        source.send(packets).await;
        let sent = wall() - began;
        let behind = self.marker(source, devices, 2).await;
        let cpu = self.renderer().cpu - cpu;
        vec![("flood", number as f64 / (sent + behind) * 1e3), ("flood-cpu", cpu * 1e6 / number as f64)]
    }

    /// Sends a device that was not there, and gives the milliseconds until the page counts it.
    async fn marker(&self, source: &Source, devices: usize, number: usize) -> f64 {
        self.ask(&format!("__watch.expect({})", devices + number)).await;
        let sent = source.publish(&wire::topic(devices + number), true).await;
        self.completed().await.map_or(f64::INFINITY, |at| at - sent)
    }

    /// Sends changes of the probes, each as long after the one before that the page can be expected to have shown it
    /// and never in step with its frames; gives the times from the publishing to the painting.
    pub async fn probes(&self, source: &Source, time: Duration) -> Vec<f64> {
        let ids: Vec<String> = (0..wire::PROBES).map(wire::probe).collect();
        self.ask(&format!("__watch.setClock(); __watch.probe({})", json!(ids))).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        let mut sent = Vec::new();
        let (began, mut number) = (Instant::now(), 0_usize);
        while began.elapsed() < time {
            let probe = number % wire::PROBES;
            // They begin online.
            let is_online = number / wire::PROBES % 2 == 1;
            let at = source.publish(&format!("{}/status", ids[probe]), is_online).await;
            sent.push((probe, is_online, at));
            number += 1;
            // 15 to 25 ms: a probe's next change comes 200 ms later.
            tokio::time::sleep(Duration::from_micros(15_000 + (number as u64 * 7_919) % 10_000)).await;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        let seen = self.ask("return __watch.seen").await.unwrap_or_default();
        let seen = seen.as_array().cloned().unwrap_or_default();
        let painted = |&(probe, is_online, at): &(usize, bool, f64)| {
            let is_it = |seen: &&Value| {
                seen[0] == *ids[probe] && seen[1] == wire::word(is_online) && seen[2].as_f64() >= Some(at)
            };
            // What was not painted before its next change was not painted at all.
            let time = seen.iter().find(is_it).and_then(|seen| seen[2].as_f64()).map(|seen| seen - at);
            time.filter(|time| *time < 200.0).unwrap_or(f64::INFINITY)
        };
        sent.iter().map(painted).collect()
    }

    /// How long it takes to show everything after nothing was shown. Only Willow has a search.
    pub async fn first_paint(&self) -> f64 {
        let body = "const tiles = () => document.querySelector('.tile');\
            await __watch.painted(() => { location.hash = '#/?q=zzzz'; }, () => !tiles());\
            return __watch.painted(() => { location.hash = '#/'; }, tiles)";
        self.asynchronous(body).await
    }

    /// How long it takes to show so many list items.
    pub async fn plain_paint(&self, devices: usize) -> f64 {
        self.asynchronous(&format!(
            "return __watch.painted(() => {{\
               for (let n = 0; n < {devices}; n++) show(`fleet/n${{String(n).padStart(7, '0')}}/status`, 'online');\
             }}, () => document.querySelector('li'))"
        ))
        .await
    }

    /// The document's size, and the memory after a collection of garbage. A megabyte has 10^6 bytes.
    pub async fn weight(&self) -> Figures {
        let cdp = self.browser.page.driver.cdp();
        let send = async |method: &str| cdp.send_raw(method, json!({})).await.unwrap_or_default();
        send("HeapProfiler.collectGarbage").await;
        send("Performance.enable").await;
        let metrics = send("Performance.getMetrics").await;
        let metrics = metrics["metrics"].as_array().cloned().unwrap_or_default();
        let metric = |name: &str| {
            let metric = metrics.iter().find(|metric| metric["name"] == name);
            metric.and_then(|metric| metric["value"].as_f64()).unwrap_or(f64::NAN)
        };
        let elements = self.ask("return document.querySelectorAll('*').length").await;
        let wasm = self.ask("return __watch.wasm()").await;
        vec![
            ("elements", elements.and_then(|elements| elements.as_f64()).unwrap_or(f64::NAN)),
            ("js-heap", metric("JSHeapUsedSize") / 1e6),
            ("wasm", wasm.and_then(|wasm| wasm.as_f64()).unwrap_or(f64::NAN) / 1e6),
            ("process", self.renderer().memory / 1e6),
        ]
    }

    fn renderer(&self) -> Renderer {
        Renderer::below(self.browser.pid())
    }

    /// When the expected number of devices was painted, by the wall clock.
    async fn completed(&self) -> Option<f64> {
        let deadline = Instant::now() + self.patience;
        while Instant::now() < deadline {
            let at = self.ask("return __watch.completed").await.and_then(|at| at.as_f64());
            if at.is_some_and(|at| at > 0.0) {
                return at;
            }
            // Each question takes some of the page's time.
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        None
    }

    /// A page that is stuck does not answer.
    async fn ask(&self, body: &str) -> Option<Value> {
        let answer = self.browser.page.driver.execute(body, Vec::new());
        let answer = tokio::time::timeout(self.patience, answer).await.ok()?.ok()?;
        Some(answer.json().clone())
    }

    async fn asynchronous(&self, body: &str) -> f64 {
        let answer = self.ask(&format!("return (async () => {{ {body} }})()")).await;
        answer.and_then(|answer| answer.as_f64()).unwrap_or(f64::INFINITY)
    }
}

/// The process of the page, with its JavaScript, its wasm and its document. Zero where the system
/// does not tell; Linux does.
struct Renderer {
    /// Private, in bytes.
    memory: f64,
    /// The time that it has used, in seconds.
    cpu: f64,
}

impl Renderer {
    /// The largest one below a process: Chromium keeps a spare one.
    fn below(root: u32) -> Renderer {
        let mut processes = Vec::new();
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
                continue;
            };
            let text = |file| {
                fs::read(entry.path().join(file)).map(|text| String::from_utf8_lossy(&text).into_owned())
            };
            if let (Ok(status), Ok(stat), Ok(command)) = (text("status"), text("stat"), text("cmdline")) {
                processes.push((pid, status, stat, command.contains("--type=renderer")));
            }
        }
        let mut renderer = Renderer { memory: 0.0, cpu: 0.0 };
        let mut family = vec![root];
        while let Some(parent) = family.pop() {
            for (pid, status, stat, is_renderer) in &processes {
                let line = |key: &str| {
                    let line = status.lines().find_map(|line| line.strip_prefix(key))?;
                    line.split_whitespace().next()?.parse::<u32>().ok()
                };
                if line("PPid:") != Some(parent) {
                    continue;
                }
                family.push(*pid);
                let memory = f64::from(line("RssAnon:").unwrap_or(0)) * 1024.0;
                if *is_renderer && memory > renderer.memory {
                    // Behind the name in brackets: fields 14 and 15 of proc(5), in hundredths of a second.
                    let fields = stat.rsplit(')').next().unwrap_or("").split_whitespace().skip(11).take(2);
                    let ticks: u64 = fields.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
                    renderer = Renderer { memory, cpu: ticks as f64 / 100.0 };
                }
            }
        }
        renderer
    }
}
