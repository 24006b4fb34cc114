//! `cargo xtask bench fleet`: the fleet and simple JavaScript, given the same messages in one run.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::{Figure, figure, read, target};
use crate::steps::{self, Failure};

/// What is timed: the group in the benchmark, its title, and the unit with its length in nanoseconds.
const TIMED: [(&str, &str, (&str, f64)); 9] = [
    ("apply-retained", "100,000 retained messages, each", ("ns", 1.0)),
    ("apply-live", "100,000 live messages, each", ("ns", 1.0)),
    ("rows-trouble", "rows by trouble", ("us", 1e3)),
    ("rows-name", "rows by name", ("us", 1e3)),
    ("rows-change", "rows by the last change", ("us", 1e3)),
    ("search", "a search", ("us", 1e3)),
    ("groups", "groups by two levels", ("us", 1e3)),
    ("changed", "which of 300 tiles changed", ("us", 1e3)),
    ("frame", "a frame: 1,000 changes and the rows", ("us", 1e3)),
];

/// What is measured once, before anything is timed.
const ONCE: [(&str, &str); 6] = [
    ("bytes-100k", "bytes a device, of 100,000"),
    ("bytes-100k-changed", "the same with 15,000 histories"),
    ("bytes-1m", "bytes a device, of 1,000,000"),
    ("peak-1m", "the same at the most"),
    ("load-1m", "ms to load 1,000,000"),
    ("rows-1m", "ms for their rows, first time"),
];

/// Runs both and prints them side by side.
pub fn run() -> Result<(), Failure> {
    let home = target()?.join("criterion");
    let folder = home.join("fleet");
    // Results of an earlier run must not appear in this run's table.
    let _ = fs::remove_dir_all(&folder);
    for (group, ..) in TIMED {
        let _ = fs::remove_dir_all(home.join(group));
    }
    let mut bench = crate::cargo();
    bench.args(["bench", "--package", "fleet", "--bench", "fleet"]).env("CRITERION_HOME", &home);
    steps::run(&mut bench)?;
    let script = crate::root().join("crates/fleet/benches/fleet/obvious.mjs");
    // A million devices do not fit into Node's default heap on a small machine.
    let options = ["--expose-gc", "--max-old-space-size=4096"];
    steps::run(Command::new("node").args(options).arg(script).arg(&folder))?;

    let (willow, javascript) =
        (numbers(&folder.join("willow.tsv"))?, numbers(&folder.join("javascript.tsv"))?);
    println!("\n{:─<94}", "── 100,000 devices; ratios are of medians, JavaScript's to ours ");
    let heads = ["willow min", "median", "JS min", "median", "ratio"];
    println!("{:40}{}", "", heads.map(|head| format!("{head:>11}")).concat());
    let cell = |value: f64| if value < 10.0 { format!("{value:>11.2}") } else { format!("{value:>11.0}") };
    for (group, what, (unit, scale)) in TIMED {
        let Figure { minimum, median, .. } = figure(&home.join(group).join("willow/new"), "willow")?;
        let theirs = [of(&javascript, group, 0)?, of(&javascript, group, 1)?];
        let times = [minimum, median, theirs[0], theirs[1]].map(|time| cell(time / scale));
        println!("{:40}{}{}", format!("{what}, {unit}"), times.concat(), cell(theirs[1] / median));
    }
    println!();
    for (name, what) in ONCE {
        let ours = of(&willow, name, 0)?;
        // Only ours has histories and a measure of its peak.
        let theirs = of(&javascript, name, 0).ok();
        let beside =
            theirs.map(|theirs| format!("{:>22}{:>22}", cell(theirs).trim(), cell(theirs / ours).trim()));
        println!("{what:40}{:>11}{}", cell(ours).trim(), beside.unwrap_or_default());
    }

    println!("\n{:─<94}", "── the goals of the fleet ");
    let bytes = of(&willow, "bytes-100k", 0)?;
    let share = bytes / of(&javascript, "bytes-100k", 0)?;
    let rows = figure(&home.join("rows-trouble/willow/new"), "willow")?.median / 1e6;
    for (is_reached, text) in [
        (bytes <= 120.0, format!("at most 120 bytes a device: {bytes:.1}")),
        (share <= 0.3, format!("at most 0.3 of what JavaScript takes: {share:.2}")),
        (rows <= 2.9, format!("rows of 100,000 in at most 2.9 ms: {rows:.2}")),
    ] {
        println!("  {:<11} {text}", if is_reached { "reached" } else { "NOT REACHED" });
    }
    println!("\nThese are times of native code, which is faster than wasm. They vary on a busy machine.");
    Ok(())
}

/// Reads a file of lines with a name and numbers, separated by tabs.
fn numbers(path: &Path) -> Result<BTreeMap<String, Vec<f64>>, Failure> {
    let text = read(path)?;
    let lines = text.lines().filter_map(|line| line.split_once('\t'));
    let parsed = lines.map(|(name, values)| {
        (name.to_owned(), values.split('\t').filter_map(|value| value.parse().ok()).collect())
    });
    Ok(parsed.collect())
}

fn of(numbers: &BTreeMap<String, Vec<f64>>, name: &str, which: usize) -> Result<f64, Failure> {
    let value = numbers.get(name).and_then(|values| values.get(which)).copied();
    value.ok_or_else(|| Failure::new(format!("The benchmark did not print {name}.")))
}
