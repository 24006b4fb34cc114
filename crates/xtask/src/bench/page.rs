//! `cargo xtask bench page`: the page in Chromium and plain pages, in one run.
//!
//! The example `bench` of the package in `tests/` measures. This starts it, prints the tables, and compares with the goals.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::{read, target};
use crate::steps::{self, Failure, Steps};
use crate::toolbox::Toolbox;
use crate::tools;

/// How much is measured.
#[derive(clap::Args)]
pub struct Options {
    /// Once, with 10,000 devices and for two seconds each: a rough result
    #[arg(long)]
    quick: bool,
    /// How often everything is repeated; the medians count
    #[arg(long, default_value_t = 3, conflicts_with = "quick")]
    repetitions: u32,
    /// Only the scenarios whose name contains this: retained, batched-10000, latency, first-paint
    #[arg(long, value_name = "NAME", default_value = "")]
    only: String,
    /// Use dist/ as it is instead of building the page again
    #[arg(long)]
    no_build: bool,
    /// Measure this other build of Willow in the same run: the dist/ of an earlier commit
    #[arg(long, value_name = "DIST")]
    before: Option<PathBuf>,
}

/// The pages in the order of the tables.
const PAGES: [&str; 8] = [TILES, WALL, BEFORE, MQTT_JS, MAP, COUNTER, VANILLA, PLAIN];
const TILES: &str = "willow";
const WALL: &str = "wall";
const BEFORE: &str = "before";
const MQTT_JS: &str = "mqtt.js";
const MAP: &str = "mqtt.js-map";
const COUNTER: &str = "counter";
const VANILLA: &str = "vanilla";
const PLAIN: &str = "plain";

/// What is measured: its name, its title, and its number of decimals.
const FIGURES: [(&str, &str, usize); 21] = [
    ("complete", "socket open until all are painted, ms", 0),
    ("load-p50", "  frame gap meanwhile, p50, ms", 1),
    ("load-p95", "  p95", 1),
    ("load-max", "  longest", 1),
    ("taken", "changes a second that the page took", 0),
    ("fps", "  frames a second meanwhile", 1),
    ("live-p50", "  frame gap, p50, ms", 1),
    ("live-p95", "  p95", 1),
    ("live-max", "  longest", 1),
    ("behind", "  behind at the end, ms", 0),
    ("live-cpu", "  processor time of the renderer, %", 0),
    ("flood", "changes a second, as fast as it can", 0),
    ("flood-cpu", "  processor time of each, us", 2),
    ("elements", "elements in the document", 0),
    ("js-heap", "JavaScript heap, MB", 1),
    ("wasm", "wasm memory, MB", 1),
    ("process", "private memory of the renderer, MB", 0),
    ("painted-p50", "publish to painted, p50, ms", 1),
    ("painted-p95", "  p95", 1),
    ("missed", "  not painted within 200 ms, %", 1),
    ("painted", "from nothing shown to painted, ms", 0),
];

/// What a goal bounds.
enum Bound {
    /// The figure's maximum.
    Max(f64),
    /// The figure's minimum.
    Min(f64),
    /// The maximum ratio to the figure of another page: ratio, scenario and page.
    MaxTimes(f64, &'static str, &'static str),
    /// The minimum ratio to it.
    MinTimes(f64, &'static str, &'static str),
}
use Bound::{Max, MaxTimes, Min, MinTimes};

/// A line of the goals: its number among the performance goals, scenario, page, figure and bound.
type Goal = (u8, &'static str, &'static str, &'static str, Bound);

const BURST: &str = "retained-100000";
const LIVE: &str = "batched-100000";
const MILLION: &str = "batched-999000";
const FLOOD: &str = "batched-10000";
const REST: &str = "latency-rest";
const BUSY: &str = "latency-busy";
const SHOWN: &str = "first-paint-100000";
const PLAIN_SHOWN: &str = "first-paint-10000";

#[rustfmt::skip]
const GOALS: [Goal; 20] = [
    (2, BURST, TILES, "complete", MaxTimes(1.15, BURST, COUNTER)),
    (2, BURST, WALL, "complete", MaxTimes(1.15, BURST, COUNTER)),
    (3, FLOOD, TILES, "flood", MinTimes(0.5, FLOOD, COUNTER)),
    (3, FLOOD, WALL, "flood", MinTimes(0.65, FLOOD, COUNTER)),
    (7, SHOWN, TILES, "painted", MaxTimes(0.2, PLAIN_SHOWN, PLAIN)),
    (8, LIVE, TILES, "fps", Min(59.0)),
    (8, LIVE, TILES, "live-p95", Max(16.8)),
    (8, LIVE, TILES, "fps", MinTimes(1.0, LIVE, BEFORE)),
    (8, LIVE, WALL, "fps", Min(59.0)),
    (8, LIVE, WALL, "live-p95", Max(16.8)),
    (8, MILLION, TILES, "fps", Min(50.0)),
    (8, MILLION, WALL, "fps", Min(50.0)),
    (9, BURST, TILES, "load-max", Max(133.0)),
    (9, BURST, TILES, "load-max", MaxTimes(1.0, BURST, BEFORE)),
    (9, BURST, WALL, "load-max", Max(133.0)),
    (10, REST, TILES, "painted-p50", MaxTimes(1.2, REST, VANILLA)),
    (10, REST, TILES, "painted-p95", MaxTimes(1.2, REST, VANILLA)),
    (10, BUSY, TILES, "painted-p50", MaxTimes(1.2, BUSY, VANILLA)),
    (10, BUSY, TILES, "painted-p95", MaxTimes(1.2, BUSY, VANILLA)),
    (11, LIVE, TILES, "wasm", MaxTimes(1.1, LIVE, BEFORE)),
];

/// Scenario, page and figure, and what each repetition measured.
type Results = BTreeMap<(String, String, String), Vec<f64>>;

/// Measures, and prints the tables.
pub fn run(options: &Options) -> Result<(), Failure> {
    let mut steps = Steps::new("bench");
    let mut toolbox = Toolbox::new()?;
    toolbox.install(&mut steps, tools::FOR_THE_PAGE);
    toolbox.install(&mut steps, tools::FOR_THE_PAGE_BENCH);
    if !options.no_build {
        steps.run(crate::BUILD_PAGE, || crate::build_page(&toolbox));
    }
    steps.finish()?;

    let file = target()?.join("bench-page.tsv");
    let _ = fs::remove_file(&file);
    let load = load();
    let mut bench = toolbox.cargo();
    bench.args(["run", "--package", "page-tests", "--example", "bench", "--"]).arg(&file);
    if options.quick {
        bench.args(["1", "quick"]);
    } else {
        bench.args([&options.repetitions.to_string(), "full"]);
    }
    bench.arg(&options.only);
    if let Some(before) = &options.before {
        let before = before
            .canonicalize()
            .map_err(|error| Failure::new(format!("{} cannot be found: {error}.", before.display())))?;
        bench.env("WILLOW_BEFORE", before);
    }
    steps::run(bench.env("WILLOW_DIST", crate::root().join("dist")))?;

    let (results, scenarios) = results(&file)?;
    println!("\n{:─<118}", "── medians, with minimum and maximum ");
    for scenario in &scenarios {
        print!("{}", table(&results, scenario));
    }
    println!("\n{:─<118}", "── the goals, by medians ");
    let verdicts: Vec<String> = GOALS.iter().filter_map(|goal| verdict(&results, goal)).collect();
    verdicts.iter().for_each(|verdict| println!("{verdict}"));
    if verdicts.len() < GOALS.len() {
        println!("  {} more need scenarios that were left out.", GOALS.len() - verdicts.len());
    }
    println!(
        "\nThe machine's load was {load} before and is {} now. These figures vary on a busy machine: quote those \
         of an idle one.",
        self::load()
    );
    Ok(())
}

/// What was measured, and the scenarios in their order.
fn results(file: &Path) -> Result<(Results, Vec<String>), Failure> {
    let (mut results, mut scenarios) = (Results::new(), Vec::new());
    for line in read(file)?.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let (&[scenario, page, figure, _], Some(value)) =
            (&fields[..], fields.last().and_then(|value| value.parse::<f64>().ok()))
        else {
            return Err(Failure::new(format!("{} has a line that cannot be read: {line}", file.display())));
        };
        if !scenarios.iter().any(|known| known == scenario) {
            scenarios.push(scenario.to_owned());
        }
        results.entry((scenario.into(), page.into(), figure.into())).or_default().push(value);
    }
    Ok((results, scenarios))
}

fn values<'a>(results: &'a Results, scenario: &str, page: &str, figure: &str) -> Option<&'a [f64]> {
    results.get(&(scenario.to_owned(), page.to_owned(), figure.to_owned())).map(Vec::as_slice)
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match (sorted.len(), sorted.len() / 2) {
        (0, _) => f64::NAN,
        (length, half) if length % 2 == 0 => (sorted[half - 1] + sorted[half]) / 2.0,
        (_, half) => sorted[half],
    }
}

fn table(results: &Results, scenario: &str) -> String {
    let has_page = |page: &&str| results.keys().any(|key| key.0 == scenario && key.1 == **page);
    let pages: Vec<&str> = PAGES.into_iter().filter(has_page).collect();
    let mut table = format!("\n{scenario:40}");
    pages.iter().for_each(|page| table += &format!("{page:>24}"));
    table.push('\n');
    for (figure, name, digits) in FIGURES {
        let cells: Vec<_> = pages.iter().map(|page| values(results, scenario, page, figure)).collect();
        if cells.iter().all(Option::is_none) {
            continue;
        }
        table += &format!("{name:40}");
        for cell in cells {
            let text = cell.map_or_else(String::new, |values| {
                let min = values.iter().copied().fold(f64::INFINITY, f64::min);
                let max = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let number = |value: f64| number(value, digits);
                let spread = format!(" ({}–{})", number(min), number(max));
                number(median(values)) + if values.len() > 1 { &spread } else { "" }
            });
            table += &format!("{text:>24}");
        }
        table.push('\n');
    }
    table
}

/// A figure as text: a page that did not finish in time has none.
fn number(value: f64, digits: usize) -> String {
    if value.is_infinite() { "never".to_owned() } else { format!("{value:.digits$}") }
}

/// The line of a goal, or none if its figures were not measured.
fn verdict(results: &Results, (goal, scenario, page, figure, bound): &Goal) -> Option<String> {
    let (_, name, digits) =
        FIGURES.into_iter().find(|known| known.0 == *figure).unwrap_or((figure, figure, 1));
    let name = format!("{scenario} {page}: {}", name.trim());
    let ours = values(results, scenario, page, figure).map(median)?;
    let (text, value, is_reached) = match *bound {
        Max(limit) => (format!("≤ {limit}"), String::new(), ours <= limit),
        Min(limit) => (format!("≥ {limit}"), String::new(), ours >= limit),
        MaxTimes(factor, other, peer) | MinTimes(factor, other, peer) => {
            let theirs = values(results, other, peer, figure).map(median)?;
            let ratio = ours / theirs;
            let is_min = matches!(bound, MinTimes(..));
            let sign = if is_min { '≥' } else { '≤' };
            (
                format!("{sign} {factor}"),
                format!("{peer} {} = {ratio:.2}", number(theirs, digits)),
                if is_min { ratio >= factor } else { ratio <= factor },
            )
        }
    };
    let mark = if is_reached { "reached" } else { "NOT REACHED" };
    Some(format!("  {mark:<11} {goal:>2}  {name:62} {:>9}  {value:24} {text}", number(ours, digits)))
}

/// The load averages of the machine, if the system has them.
fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let words: Vec<&str> = load.split_whitespace().take(3).collect();
    if words.is_empty() { "unknown".to_owned() } else { words.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_pages() -> Results {
        let key = |page: &str| (BURST.to_owned(), page.to_owned(), "complete".to_owned());
        Results::from([(key(TILES), vec![90.0, 80.0, 1_000.0]), (key(COUNTER), vec![100.0, f64::INFINITY])])
    }

    #[test]
    fn a_goal_is_judged_by_medians() {
        let goal = |factor| (2, BURST, TILES, "complete", MaxTimes(factor, BURST, MAP));
        let mut results = two_pages();
        assert_eq!(verdict(&results, &goal(1.0)), None);
        let verdict = |results: &Results, goal: &Goal| verdict(results, goal).expect("both were measured");
        results.insert((BURST.to_owned(), MAP.to_owned(), "complete".to_owned()), vec![100.0]);
        assert!(verdict(&results, &goal(0.9)).contains("  reached  "));
        assert!(verdict(&results, &goal(0.89)).contains("NOT REACHED"));
        let min = |factor| (2, BURST, TILES, "complete", MinTimes(factor, BURST, MAP));
        assert!(verdict(&results, &min(0.9)).contains("  reached  "));
        assert!(verdict(&results, &min(0.91)).contains("NOT REACHED"));
    }

    #[test]
    fn a_table_has_the_pages_that_were_measured_and_says_never() {
        let table = table(&two_pages(), BURST);
        assert!(table.contains("90 (80–1000)"), "{table}");
        assert!(table.contains("never (100–never)"), "{table}");
        assert!(!table.contains(MQTT_JS), "{table}");
    }
}
