//! `cargo xtask bench`: the benchmarks, and what they compare Willow with.
//!
//! Each benchmark measures Willow and the others side by side in one run, because figures of another machine or another
//! hour cannot be compared. It ends with a table, and with whether the goal was reached.

mod fleet;
mod page;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::steps::{self, Failure, Steps};
use crate::toolbox::Toolbox;
use crate::tools;

/// Which benchmark to run; without one, the list of them.
#[derive(clap::Args)]
pub struct Options {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(clap::Subcommand)]
enum What {
    /// Decode and encode, compared with rumqttc, mqttrs, mqttbytes and mqtt-proto, natively
    Codec {
        /// Instead: ours in wasm, compared with npm's mqtt-packet, in Node
        #[arg(long)]
        node: bool,
        /// Count the instructions of each packet under valgrind instead; fails below the limits
        #[arg(long, conflicts_with = "node")]
        instructions: bool,
    },
    /// 100,000 and 1,000,000 devices, compared with simple JavaScript in Node
    Fleet,
    /// The page in Chromium with up to a million devices, compared with plain pages; twenty minutes
    Page(page::Options),
}

/// Runs the benchmark.
pub fn run(options: &Options) -> Result<(), Failure> {
    match &options.what {
        None => {
            println!(
                "cargo xtask bench codec   decode and encode, compared with rumqttc, mqttrs, mqttbytes and mqtt-proto\n    \
                 --instructions        instructions instead of times: the same on a busy machine; with limits\n    \
                 --node                in wasm, compared with npm's mqtt-packet"
            );
            println!(
                "cargo xtask bench fleet   100,000 devices, compared with simple JavaScript in Node\n\
                 cargo xtask bench page    the page in Chromium, compared with plain pages, one of them on MQTT.js\n    \
                 --quick               two minutes instead of twenty\n\n\
                 Figures of an idle machine are more stable."
            );
            Ok(())
        }
        Some(What::Codec { node: true, .. }) => codec_in_node(),
        Some(What::Codec { instructions: true, .. }) => codec_in_instructions(),
        Some(What::Codec { .. }) => codec(),
        Some(What::Fleet) => fleet::run(),
        Some(What::Page(options)) => page::run(options),
    }
}

/// One library in one group: nanoseconds a packet.
struct Figure {
    library: String,
    minimum: f64,
    median: f64,
}

type Figures = BTreeMap<String, Vec<Figure>>;

/// The order of the table; [`OURS`] is first, and ratios are to it.
const LIBRARIES: [&str; 6] = [OURS, OURS_ONE, "mqttrs", "rumqttc", "mqttbytes", "mqtt-proto"];
const OURS: &str = "willow";
/// Ours, given exactly one packet at a time, as mqttrs expects it.
const OURS_ONE: &str = "willow-one";

/// A line of goal 5 of the performance goals: in this group, the library takes `time` times as long as ours.
struct Goal {
    group: &'static str,
    /// [`OURS`] or [`OURS_ONE`].
    ours: &'static str,
    library: &'static str,
    /// The goal, as a ratio of times.
    time: f64,
    /// The limit of `--instructions`, as a ratio of instructions: a little below what was counted when this line was
    /// last changed. It is no goal, because instructions differ in time: those of an allocation are slow.
    instructions: f64,
}

/// Ours may take 1.15 times as long as mqttrs.
const MQTTRS: f64 = 1.0 / 1.15;

#[rustfmt::skip]
const GOALS: [Goal; 8] = [
    Goal { group: "decode-publish-311", ours: OURS, library: "rumqttc", time: 2.5, instructions: 2.0 },
    Goal { group: "decode-publish-311", ours: OURS, library: "mqttrs", time: MQTTRS, instructions: 1.0 },
    Goal { group: "decode-publish-311", ours: OURS_ONE, library: "mqttrs", time: MQTTRS, instructions: 0.9 },
    Goal { group: "decode-publish-5", ours: OURS, library: "rumqttc", time: 3.0, instructions: 2.2 },
    Goal { group: "encode-publish-311", ours: OURS, library: "mqttbytes", time: 1.0, instructions: 1.0 },
    Goal { group: "encode-publish-5", ours: OURS, library: "mqttbytes", time: 1.0, instructions: 2.4 },
    Goal { group: "encode-connect-311", ours: OURS, library: "mqttbytes", time: 1.0, instructions: 0.72 },
    Goal { group: "encode-subscribe-60-311", ours: OURS, library: "mqttbytes", time: 1.0, instructions: 0.68 },
];

const GROUPS: [&str; 9] = [
    "decode-publish-311",
    "decode-publish-5",
    "decode-publish-5-properties-read",
    "decode-connect-311",
    "decode-subscribe-60-311",
    "encode-publish-311",
    "encode-publish-5",
    "encode-connect-311",
    "encode-subscribe-60-311",
];

fn codec() -> Result<(), Failure> {
    let home = target()?.join("criterion");
    // Results of an earlier run must not appear in this run's table.
    for group in GROUPS {
        let _ = fs::remove_dir_all(home.join(group));
    }
    let mut bench = crate::cargo();
    bench.args(["bench", "--package", "mqtt", "--bench", "codec"]).env("CRITERION_HOME", &home);
    steps::run(&mut bench)?;

    let mut figures = Figures::new();
    for group in GROUPS {
        let all: Result<Vec<_>, _> = LIBRARIES
            .iter()
            .filter(|library| home.join(group).join(library).is_dir())
            .map(|library| figure(&home.join(group).join(library).join("new"), library))
            .collect();
        figures.insert(group.to_owned(), all?);
    }
    let allocations = read(&home.join("allocations.tsv"))?;
    table(&figures);
    allocation_table(&allocations);
    verdict(&figures, &allocations);
    Ok(())
}

/// Counts instructions. Other programs on the machine do not change them, so the limits are a gate.
fn codec_in_instructions() -> Result<(), Failure> {
    let mut steps = Steps::new("bench");
    Toolbox::new()?.install(&mut steps, &[tools::VALGRIND]);
    steps.finish()?;
    let mut build = crate::cargo();
    build.args(["bench", "--package", "mqtt", "--bench", "codec", "--no-run", "--message-format=json"]);
    let built = said(build.stderr(Stdio::inherit()))?;
    let bench = built
        .lines()
        .filter_map(|line| after(line, &["\"name\":\"codec\"", "\"executable\":\""])?.split('"').next())
        .next_back()
        .ok_or_else(|| Failure::new("Cargo does not say where it put the benchmark."))?;

    println!("\n{:─<78}", "── instructions a packet; ratios are the library's to ours ");
    let mut counts: BTreeMap<(String, String), f64> = BTreeMap::new();
    let mut last = "";
    for case in said(Command::new(bench).arg("instructions"))?.lines() {
        let &[group, library, packets] = &case.split('\t').collect::<Vec<_>>()[..] else {
            return Err(Failure::new(format!("The benchmark's list has a line that cannot be read: {case}")));
        };
        let packets: f64 = packets.parse().map_err(|_| Failure::new(format!("Not a number: {packets}")))?;
        let rounds = |rounds: &str| -> Result<f64, Failure> {
            let mut callgrind = Command::new("valgrind");
            callgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--log-fd=1", bench]);
            let report = said(callgrind.args(["instructions", group, library, rounds]))?;
            after(&report, &["Collected :"])
                .and_then(|text| text.split_whitespace().next()?.parse().ok())
                .ok_or_else(|| Failure::new(format!("Callgrind does not say what it counted:\n{report}")))
        };
        // The difference is the second round alone.
        let count = (rounds("2")? - rounds("1")?) / packets;
        counts.insert((group.to_owned(), library.to_owned()), count);
        if group != last {
            println!("\n{group}");
            last = group;
        }
        let ours = counts.get(&(group.to_owned(), OURS.to_owned())).map_or(f64::NAN, |ours| count / ours);
        println!("  {library:<12} {count:>10.1} {ours:>10.2}");
    }

    println!("\n{:─<78}", "── the limits ");
    let mut broken = Vec::new();
    for goal in &GOALS {
        let count = |library: &str| counts.get(&(goal.group.to_owned(), library.to_owned()));
        let ratio =
            count(goal.library).zip(count(goal.ours)).map_or(f64::NAN, |(theirs, ours)| theirs / ours);
        let line = format!(
            "{}: {} takes {ratio:.2} times the instructions of {}; the limit is {:.2}",
            goal.group, goal.library, goal.ours, goal.instructions
        );
        let kept = ratio >= goal.instructions;
        println!("  {:<7} {line}", if kept { "kept" } else { "BROKEN" });
        if !kept {
            broken.push(line);
        }
    }
    match broken.is_empty() {
        true => Ok(()),
        false => Err(Failure::new(format!(
            "The codec became slower than its limits allow (see GOALS in crates/xtask/src/bench.rs):\n  {}",
            broken.join("\n  ")
        ))),
    }
}

/// What a program prints, if it succeeds.
fn said(command: &mut Command) -> Result<String, Failure> {
    let output = command
        .output()
        .map_err(|error| Failure::new(format!("{command:?} could not be started: {error}.")))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    match output.status.success() {
        true => Ok(text),
        false => {
            let errors = String::from_utf8_lossy(&output.stderr);
            Err(Failure::new(format!("{command:?} failed:\n{text}{errors}")))
        }
    }
}

/// Decodes in Node. The wasm and npm's package are put into a folder of their own in target/.
fn codec_in_node() -> Result<(), Failure> {
    let folder = crate::root().join("crates/mqtt/benches/wasm");
    let target = target()?.join("codec-in-wasm");
    let mut build = crate::cargo();
    build.args(["build", "--release", "--target", "wasm32-unknown-unknown"]);
    build.arg("--manifest-path").arg(folder.join("Cargo.toml")).env("CARGO_TARGET_DIR", &target);
    steps::run(&mut build)?;

    let modules = target.join("npm");
    fs::create_dir_all(&modules)
        .and_then(|()| fs::write(modules.join("package.json"), "{\"private\": true}\n"))
        .map_err(|error| Failure::new(format!("{} could not be made: {error}.", modules.display())))?;
    let mut install = Command::new("npm");
    install.args(["install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", MQTT_PACKET]);
    steps::run(install.current_dir(&modules))?;

    let wasm = target.join("wasm32-unknown-unknown/release/codec_in_wasm.wasm");
    steps::run(Command::new("node").arg(folder.join("bench.mjs")).args([wasm, modules]))
}

/// What a page in JavaScript would decode with.
const MQTT_PACKET: &str = "mqtt-packet@9.0.2";

fn table(figures: &Figures) {
    println!("\n{:─<78}", "── nanoseconds a packet; ratios are of medians, the library's to ours ");
    for group in GROUPS {
        let Some(row) = figures.get(group) else { continue };
        println!("\n{group}\n  {:<12} {:>10} {:>10} {:>10}", "", "minimum", "median", "ratio");
        let ours = median(figures, group, OURS);
        for figure in row {
            let ratio = ours.map_or_else(String::new, |ours| format!("{:.2}", figure.median / ours));
            println!("  {:<12} {:>10.1} {:>10.1} {ratio:>10}", figure.library, figure.minimum, figure.median);
        }
    }
}

fn allocation_table(lines: &str) {
    println!("\nallocations a decoded packet");
    for line in lines.lines() {
        let mut words = line.split('\t');
        let (group, library) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        println!("  {group:<32} {library:<12} {:>8}", words.nth(1).unwrap_or(""));
    }
}

/// Goal 5 of the performance goals, line by line.
fn verdict(figures: &Figures, allocations: &str) {
    println!("\n{:─<78}", "── the goal of the native codec ");
    let mut reached = true;
    for Goal { group, ours, library, time, .. } in &GOALS {
        let ratio = ratio(figures, group, library, ours);
        let good = ratio.is_some_and(|ratio| ratio >= *time);
        reached &= good;
        println!(
            "  {:<11} {group}: {ours} is {} times as fast as {library}; the goal is {time:.2}",
            if good { "reached" } else { "NOT REACHED" },
            ratio.map_or_else(|| "an unknown number of".to_owned(), |ratio| format!("{ratio:.2}")),
        );
    }
    let ours: Vec<f64> = allocations
        .lines()
        .map(|line| line.split('\t').collect::<Vec<_>>())
        .filter(|words| words.get(1) == Some(&OURS))
        .map(|words| words.get(2).and_then(|count| count.parse().ok()).unwrap_or(f64::NAN))
        .collect();
    let none = !ours.is_empty() && ours.iter().sum::<f64>() == 0.0;
    reached &= none;
    println!("  {:<11} no allocation for a decoded PUBLISH", if none { "reached" } else { "NOT REACHED" });
    let all =
        if reached { "The goal is reached in this run." } else { "The goal is NOT reached in this run." };
    if let Some(ratio) = ratio(figures, "decode-publish-5-properties-read", "rumqttc", OURS) {
        println!(
            "  beyond it   5.0 decode and every property read, which ours decodes lazily: {ratio:.2} x rumqttc"
        );
    }
    println!("\n{all} Times vary on a busy machine; --instructions does not.");
}

fn ratio(figures: &Figures, group: &str, over: &str, under: &str) -> Option<f64> {
    Some(median(figures, group, over)? / median(figures, group, under)?)
}

fn median(figures: &Figures, group: &str, library: &str) -> Option<f64> {
    figures.get(group)?.iter().find(|figure| figure.library == library).map(|figure| figure.median)
}

/// Reads the files that criterion leaves for one benchmark.
fn figure(folder: &Path, library: &str) -> Result<Figure, Failure> {
    let number = |file: &str, keys: &[&str]| {
        let path = folder.join(file);
        after(&read(&path)?, keys)
            .and_then(|text| text.split([',', '}']).next()?.trim().parse::<f64>().ok())
            .ok_or_else(|| unreadable(&path))
    };
    let packets = number("benchmark.json", &["\"Elements\":"])?;
    let median = number("estimates.json", &["\"median\":", "\"point_estimate\":"])?;
    let path = folder.join("sample.json");
    let sample = read(&path)?;
    let list = |key: &str| -> Option<Vec<f64>> {
        let text = after(&sample, &[key])?.trim_start().strip_prefix('[')?.split(']').next()?;
        text.split(',').map(|number| number.trim().parse().ok()).collect()
    };
    let (iterations, times) = list("\"iters\":").zip(list("\"times\":")).ok_or_else(|| unreadable(&path))?;
    let minimum =
        times.iter().zip(iterations).map(|(time, count)| time / count).fold(f64::INFINITY, f64::min);
    Ok(Figure { library: library.to_owned(), minimum: minimum / packets, median: median / packets })
}

/// The text behind the keys, each searched behind the one before: enough for criterion's JSON.
fn after<'a>(text: &'a str, keys: &[&str]) -> Option<&'a str> {
    keys.iter().try_fold(text, |text, key| text.split_once(key).map(|(_, rest)| rest))
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("{} could not be read: {error}.", path.display())))
}

fn unreadable(path: &Path) -> Failure {
    Failure::new(format!("{} is not what criterion used to write.", path.display()))
}

/// The target folder: xtask itself is in a folder of it that is named after the profile.
fn target() -> Result<PathBuf, Failure> {
    let program = std::env::current_exe()
        .map_err(|error| Failure::new(format!("The target folder could not be found: {error}.")))?;
    program
        .ancestors()
        .nth(2)
        .map(Path::to_path_buf)
        .ok_or_else(|| Failure::new("The target folder could not be found."))
}

#[cfg(test)]
mod tests {
    use super::{after, figure};

    #[test]
    fn a_number_is_found_behind_its_keys() {
        let text = r#"{"mean":{"point_estimate":1.5},"median":{"lower":2,"point_estimate":3.5}}"#;
        assert_eq!(after(text, &["\"median\":", "\"point_estimate\":"]), Some("3.5}}"));
        assert_eq!(after(text, &["\"slope\":"]), None);
    }

    #[test]
    fn figures_are_nanoseconds_a_packet() {
        let folder = std::env::temp_dir().join(format!("willow-bench-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        for (file, text) in [
            ("benchmark.json", r#"{"group_id":"decode","throughput":{"Elements":10},"title":"x"}"#),
            ("estimates.json", r#"{"mean":{"point_estimate":9.0},"median":{"point_estimate":300.0}}"#),
            ("sample.json", r#"{"sampling_mode":"Linear","iters":[1.0,2.0],"times":[400.0,500.0]}"#),
        ] {
            std::fs::write(folder.join(file), text).unwrap();
        }
        let figure = figure(&folder, "willow");
        std::fs::remove_dir_all(&folder).unwrap();
        let figure = figure.unwrap_or_else(|failure| panic!("{failure}"));
        assert_eq!((figure.minimum, figure.median), (25.0, 30.0));
    }
}
