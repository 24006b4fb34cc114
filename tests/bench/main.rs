//! `cargo xtask bench page` calls this: Willow and plain pages in Chromium, with the same messages, in one run.
//!
//! Measures, and writes what it measured as lines of text; `xtask` makes tables of them and compares them with the
//! goals. `bench <file> <repetitions> full|quick <scenarios>`: those whose name contains the last, which may be empty.
//!
//! - **retained**: all devices from mosquitto without limits, then 2,000 changes a second from it: its messages come
//!   one in a WebSocket message.
//! - **batched**: the same with 100 packets in a WebSocket message and 60,000 changes a second, then as many as the
//!   page takes. From the replayer: a browser takes no 60,000 messages a second, so no broker that sends each packet
//!   alone can bring as many.
//! - **latency**: from publishing to painting, at rest from mosquitto and at 10,000 changes a second from the replayer
//!   with one packet in a message.
//! - **first-paint**: showing devices that the page knows already.
//!
//! Every repetition goes through all of it, and each time another page comes first. With `WILLOW_BEFORE`, the folder of
//! another build of Willow, its tiles are measured too, in the same run.

mod look;
mod source;
mod wire;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use harness::{Mosquitto, MosquittoOptions, Site};

use look::{BEFORE, Figures, Look, Subject};
use source::Source;
use wire::Changes;

/// How large and how long.
struct Plan {
    fleets: &'static [usize],
    /// The fleet that only Willow is asked to show: nearly the million that it keeps at most, for the devices by which
    /// it is seen to catch up need a place, too.
    largest: Option<usize>,
    /// How many list items the plain page shows at once.
    plain: usize,
    live: Duration,
    flood: usize,
    /// How many devices change while publishing to painting is timed, and for how long.
    latency: (usize, Duration),
}

const FULL: Plan = Plan {
    fleets: &[10_000, 100_000],
    largest: Some(999_000),
    plain: 10_000,
    live: Duration::from_secs(6),
    flood: 400_000,
    latency: (1_000, Duration::from_secs(6)),
};

const QUICK: Plan = Plan {
    fleets: &[10_000],
    largest: None,
    plain: 10_000,
    live: Duration::from_secs(2),
    flood: 100_000,
    latency: (1_000, Duration::from_secs(2)),
};

/// Changes a second from mosquitto, from the replayer, and while publishing to painting is timed.
const RATES: [usize; 3] = [2_000, 60_000, 10_000];
/// Packets in a WebSocket message of the replayer.
const BATCH: usize = 100;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, repetitions, size, only] = &arguments[..] else {
        panic!("`cargo xtask bench page` calls this with a file, a number, a size and a part of a name.")
    };
    let plan = if size == "quick" { QUICK } else { FULL };
    let bench = Bench { only: only.clone(), ..Bench::new(plan).await };
    let mut lines = String::new();
    for repetition in 0..repetitions.parse().expect("a number of repetitions") {
        bench
            .repeat(repetition, &mut |scenario, page, figures| {
                println!("{}", shown(repetition, scenario, page, &figures));
                for (figure, value) in figures {
                    writeln!(lines, "{scenario}\t{page}\t{figure}\t{value}")
                        .expect("a string takes everything");
                }
            })
            .await;
        std::fs::write(file, &lines).expect("the file for the results can be written");
    }
}

fn shown(repetition: usize, scenario: &str, page: &str, figures: &Figures) -> String {
    let figures: Vec<String> = figures.iter().map(|(name, value)| format!("{name} {value:.1}")).collect();
    format!("   {} {scenario:16} {page:12} {}", repetition + 1, figures.join("  "))
}

/// A plan, and what all of it uses.
struct Bench {
    plan: Plan,
    site: Site,
    /// What the names of the wanted scenarios contain.
    only: String,
    /// Whether another build of Willow is measured too.
    has_before: bool,
}

/// Takes what was measured: scenario, page and figures.
type Report<'a> = &'a mut dyn FnMut(&str, &str, Figures);

impl Bench {
    async fn new(plan: Plan) -> Bench {
        let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        let mqttjs = root.join("target/tools/mqttjs/node_modules/mqtt/dist");
        assert!(
            mqttjs.join("mqtt.min.js").is_file(),
            "MQTT.js is not there: `cargo xtask bench page` installs it"
        );
        let peer = root.join("crates/xtask/peer");
        let before = std::env::var_os("WILLOW_BEFORE").map(PathBuf::from);
        let mut folders = vec![("peer", peer.as_path()), ("npm", mqttjs.as_path())];
        folders.extend(before.as_deref().map(|folder| (BEFORE, folder)));
        let site = Site::with(&folders).await;
        Bench { plan, site, only: String::new(), has_before: before.is_some() }
    }

    /// The pages to measure, another one first each time.
    fn subjects(&self, subjects: &[Subject], repetition: usize) -> Vec<Subject> {
        let before = self.has_before.then_some(Subject::Before);
        let mut subjects: Vec<Subject> = subjects.iter().copied().chain(before).collect();
        let by = repetition % subjects.len();
        subjects.rotate_left(by);
        subjects
    }

    async fn repeat(&self, repetition: usize, report: Report<'_>) {
        use Subject::{Counter, MqttJs, Packets, Store, Tiles, Vanilla, Wall};
        let is_wanted = |scenario: &str| scenario.contains(&self.only);
        for &devices in self.plan.fleets {
            let scenario = format!("retained-{devices}");
            if !is_wanted(&scenario) {
                continue;
            }
            let broker = Mosquitto::start(without_limits()).await;
            source::fill(broker.tcp_port(), devices);
            for subject in self.subjects(&[Tiles, MqttJs, Counter, Store, Wall], repetition) {
                report(&scenario, subject.name(), self.retained(subject, &broker, devices).await);
            }
        }
        for &devices in self.plan.fleets {
            let scenario = format!("batched-{devices}");
            if !is_wanted(&scenario) {
                continue;
            }
            for subject in self.subjects(&[Tiles, Store, Wall, MqttJs, Packets], repetition) {
                report(&scenario, subject.name(), self.batched(subject, devices).await);
            }
        }
        if let Some(devices) = self.plan.largest {
            let scenario = format!("batched-{devices}");
            for subject in
                self.subjects(&[Tiles, Wall], repetition).into_iter().filter(|_| is_wanted(&scenario))
            {
                report(&scenario, subject.name(), self.batched(subject, devices).await);
            }
        }
        for is_busy in [false, true] {
            let scenario = if is_busy { "latency-busy" } else { "latency-rest" };
            for subject in
                self.subjects(&[Tiles, Vanilla], repetition).into_iter().filter(|_| is_wanted(scenario))
            {
                report(scenario, subject.name(), self.latency(subject, is_busy).await);
            }
        }
        if is_wanted("first-paint") {
            self.first_paint(report).await;
        }
    }

    async fn retained(&self, subject: Subject, broker: &Mosquitto, devices: usize) -> Figures {
        let look = Look::at(subject, &self.site, &broker.websocket(), "", devices).await;
        let Some(mut figures) = look.load().await else {
            look.close().await;
            return NEVER.to_vec();
        };
        if subject != Subject::Counter {
            let source = Source::client(broker.tcp_port()).await;
            let mut changes = Changes::of(devices);
            figures.extend(look.live(&source, &mut changes, RATES[0], self.plan.live, devices).await);
            figures.extend(look.weight().await);
        }
        look.close().await;
        figures
    }

    async fn batched(&self, subject: Subject, devices: usize) -> Figures {
        let (broker, source) = Source::replayer(devices, BATCH).await;
        let look = Look::at(subject, &self.site, &broker, "", devices).await;
        let Some(mut figures) = look.load().await else {
            look.close().await;
            return NEVER.to_vec();
        };
        let mut changes = Changes::of(devices);
        if subject == Subject::Packets {
            // It takes each packet for another device: how fast they come at all.
            let counted = devices + self.plan.flood - 1;
            figures.extend(look.flood(&source, &mut changes, self.plan.flood, counted).await);
            look.close().await;
            return figures;
        }
        figures.extend(look.live(&source, &mut changes, RATES[1], self.plan.live, devices).await);
        // A page that did not catch up with the changes has no more to show.
        if !figures.contains(&("behind", f64::INFINITY)) {
            figures.extend(look.flood(&source, &mut changes, self.plan.flood, devices).await);
        }
        figures.extend(look.weight().await);
        look.close().await;
        figures
    }

    async fn latency(&self, subject: Subject, is_busy: bool) -> Figures {
        let (devices, time) = self.plan.latency;
        let mut times = if is_busy {
            let (broker, source) = Source::replayer(devices, 1).await;
            let look = Look::at(subject, &self.site, &broker, "&sort=name", devices).await;
            look.load().await;
            let mut changes = Changes::of(devices);
            // The stream has to last while the probes are under way.
            let stream = source.stream(&mut changes, RATES[2], time + Duration::from_secs(1));
            let (times, _) = tokio::join!(look.probes(&source, time), stream);
            look.close().await;
            times
        } else {
            let broker = Mosquitto::start(without_limits()).await;
            source::fill(broker.tcp_port(), devices);
            let look = Look::at(subject, &self.site, &broker.websocket(), "&sort=name", devices).await;
            look.load().await;
            let times = look.probes(&Source::client(broker.tcp_port()).await, time).await;
            look.close().await;
            times
        };
        times.sort_by(f64::total_cmp);
        let share = |share: f64| {
            let at = (share * times.len() as f64).ceil() as usize;
            times.get(at.saturating_sub(1)).copied().unwrap_or(f64::NAN)
        };
        let missed = times.iter().filter(|time| time.is_infinite()).count();
        vec![
            ("painted-p50", share(0.5)),
            ("painted-p95", share(0.95)),
            ("missed", missed as f64 / times.len() as f64 * 100.0),
        ]
    }

    async fn first_paint(&self, report: Report<'_>) {
        for &devices in self.plan.fleets {
            let (broker, _source) = Source::replayer(devices, BATCH).await;
            let look = Look::at(Subject::Tiles, &self.site, &broker, "", devices).await;
            look.load().await;
            let time = look.first_paint().await;
            look.close().await;
            report(&format!("first-paint-{devices}"), Subject::Tiles.name(), vec![("painted", time)]);
        }
        let look = Look::open(self.site.page("peer/plain.html"), 0).await;
        let time = look.plain_paint(self.plan.plain).await;
        look.close().await;
        report(&format!("first-paint-{}", self.plan.plain), "plain", vec![("painted", time)]);
    }
}

/// What is said of a page that does not come to show its devices.
const NEVER: [(&str, f64); 1] = [("complete", f64::INFINITY)];

/// Without the limits that cut a burst of retained messages short.
fn without_limits() -> MosquittoOptions {
    MosquittoOptions { more: "max_inflight_messages 0\n".to_owned(), ..MosquittoOptions::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Plan = Plan {
        fleets: &[100],
        largest: None,
        plain: 100,
        live: Duration::from_millis(400),
        flood: 1_000,
        latency: (100, Duration::from_millis(600)),
    };

    /// Every page shows all of the devices and those that come later, and every figure is a number. How large they
    /// are is nothing that a test can ask of a busy machine.
    #[tokio::test(flavor = "multi_thread")]
    async fn every_page_is_measured() {
        let bench = Bench::new(SMALL).await;
        let broker = Mosquitto::start(without_limits()).await;
        source::fill(broker.tcp_port(), 100);
        let mut measured = Vec::new();
        for subject in [Subject::Tiles, Subject::MqttJs, Subject::Counter] {
            measured.push((subject, 1, bench.retained(subject, &broker, 100).await));
        }
        for subject in [Subject::Tiles, Subject::Store] {
            measured.push((subject, 1, bench.batched(subject, 100).await));
        }
        measured.push((Subject::Vanilla, 0, bench.latency(Subject::Vanilla, false).await));
        for (subject, complete, figures) in measured {
            assert_eq!(
                figures.iter().filter(|(name, _)| *name == "complete").count(),
                complete,
                "{subject:?}"
            );
            for (name, value) in figures {
                assert!(value.is_finite(), "{subject:?}: {name} is {value}");
            }
        }
    }
}
