//! A fleet of 100,000 devices, as the page uses it: `cargo xtask bench fleet`.
//!
//! `obvious.mjs` does the same in JavaScript with the same messages, which this writes down for it. Memory is
//! counted by the allocator, before anything is timed.

mod corpus;

use std::alloc::{GlobalAlloc, Layout, System};
use std::fmt::Write as _;
use std::hint::black_box;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, SamplingMode, Throughput};
use fleet::fleet::Bounds;
use fleet::{Fleet, Grouping, Handle, OrderBy, Query, Time};

use corpus::{Message, frames, live, retained};

/// How many tiles are in the document at once.
const IN_SIGHT: usize = 300;

/// The system's allocator, and how many bytes it has given and not got back.
struct Counting;

static IN_USE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

/// Loads and stores, which cost next to nothing: only this thread allocates while it counts.
fn count(given: usize, got_back: usize) {
    let in_use = IN_USE.load(Relaxed) + given - got_back;
    IN_USE.store(in_use, Relaxed);
    if in_use > PEAK.load(Relaxed) {
        PEAK.store(in_use, Relaxed);
    }
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: the caller's promises are the system's conditions.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(0, layout.size());
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size, layout.size());
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() {
    let (retained, [there, back]) = (retained(100_000), live(100_000));
    let frames = frames(100_000);
    write_messages("retained", &retained);
    write_messages("there", &there);
    write_messages("back", &back);
    for (frame, name) in frames.iter().zip(["frame-there", "frame-back"]) {
        write_messages(name, frame);
    }
    memory(&retained, [&there, &back]);

    let mut criterion = Criterion::default()
        .sample_size(60)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1500))
        .nresamples(2000)
        .configure_from_args();
    let mut measure = |group: &str, elements: usize, run: &mut dyn FnMut(&mut criterion::Bencher<'_>)| {
        let mut group = criterion.benchmark_group(group);
        group.throughput(Throughput::Elements(elements as u64)).sampling_mode(SamplingMode::Flat);
        group.bench_function("willow", |bencher| run(bencher));
        group.finish();
    };

    measure("apply-retained", retained.len(), &mut |bencher| {
        // Dropping a fleet is not part of it.
        bencher.iter_batched(|| (), |()| loaded(&retained), BatchSize::PerIteration);
    });

    let mut fleet = loaded(&retained);
    let mut turns = [&there, &back].into_iter().cycle();
    measure("apply-live", there.len(), &mut |bencher| {
        bencher.iter(|| apply(&mut fleet, turns.next().expect("it goes round"), false));
    });

    // The fleet as it was after an even number of turns, so that JavaScript finds the same rows.
    let mut fleet = loaded(&retained);
    for turn in [&there, &back] {
        apply(&mut fleet, turn, false);
    }
    for (group, order) in
        [("rows-trouble", OrderBy::Trouble), ("rows-name", OrderBy::Name), ("rows-change", OrderBy::Change)]
    {
        let query = Query { order, ..Query::default() };
        write_answer(group, &fleet, &in_sight(&fleet, &query));
        measure(group, 1, &mut |bencher| bencher.iter(|| in_sight(&fleet, black_box(&query))));
    }
    let query = Query { text: corpus::SEARCH.into(), ..Query::default() };
    write_answer("search", &fleet, &in_sight(&fleet, &query));
    measure("search", 1, &mut |bencher| bencher.iter(|| in_sight(&fleet, black_box(&query))));

    let (all, by) = (Query::default(), Grouping::Topic { levels: 2 });
    let groups: Vec<String> = fleet
        .groups(&all, by)
        .iter()
        .map(|group| format!("{} {}", group.name, group.counts.offline))
        .collect();
    write_lines("groups", &groups.join("\n"));
    measure("groups", 1, &mut |bencher| bencher.iter(|| fleet.groups(black_box(&all), by)));

    let visible = in_sight(&fleet, &all);
    let epoch = fleet.epoch();
    apply(&mut fleet, &frames[0], false);
    measure("changed", 1, &mut |bencher| {
        bencher.iter(|| {
            let changed = fleet.changed_since(black_box(epoch));
            visible.iter().filter(|handle| changed.has(**handle)).count()
        });
    });
    apply(&mut fleet, &frames[1], false);

    let mut turns = frames.iter().cycle();
    measure("frame", 1, &mut |bencher| {
        bencher.iter(|| {
            let epoch = fleet.epoch();
            apply(&mut fleet, turns.next().expect("it goes round"), false);
            let rows = in_sight(&fleet, black_box(&all));
            let changed = fleet.changed_since(epoch);
            rows.iter().filter(|handle| changed.has(**handle)).count()
        });
    });
    criterion.final_summary();
}

fn loaded(messages: &[Message]) -> Fleet {
    let mut fleet = Fleet::new(Bounds::default(), false, 7);
    fleet.link_up(Time(0));
    apply(&mut fleet, messages, true);
    fleet.settle();
    fleet
}

fn apply(fleet: &mut Fleet, messages: &[Message], retain: bool) {
    for (topic, word) in messages {
        black_box(fleet.apply(topic, word.as_bytes(), retain, Time(1_700_000_000_000)));
    }
}

/// The first rows of an answer. All of them are found, since the page must know how many there are.
fn in_sight(fleet: &Fleet, query: &Query) -> Vec<Handle> {
    let rows = fleet.rows(query);
    rows.attention.iter().chain(&rows.well).take(IN_SIGHT).copied().collect()
}

/// How many bytes a device takes: fresh, after changes that have a history, and in a fleet of a million.
fn memory(messages: &[Message], turns: [&[Message]; 2]) {
    let before = IN_USE.load(Relaxed);
    let mut fleet = loaded(messages);
    let fresh = IN_USE.load(Relaxed) - before;
    apply(&mut fleet, turns[0], false);
    let changed = IN_USE.load(Relaxed) - before;
    drop(fleet);

    let million = retained(1_000_000);
    write_messages("million", &million);
    let before = IN_USE.load(Relaxed);
    PEAK.store(before, Relaxed);
    let start = Instant::now();
    let fleet = loaded(&million);
    let (time, bytes) = (start.elapsed(), IN_USE.load(Relaxed) - before);
    let peak = PEAK.load(Relaxed) - before;
    let start = Instant::now();
    black_box(in_sight(&fleet, &Query::default()));
    let rows = start.elapsed();

    let mut lines = String::new();
    for (name, value) in [
        ("bytes-100k", fresh as f64 / messages.len() as f64),
        ("bytes-100k-changed", changed as f64 / messages.len() as f64),
        ("bytes-1m", bytes as f64 / million.len() as f64),
        ("peak-1m", peak as f64 / million.len() as f64),
        ("load-1m", time.as_secs_f64() * 1e3),
        ("rows-1m", rows.as_secs_f64() * 1e3),
    ] {
        writeln!(lines, "{name}\t{value:.1}").expect("memory");
    }
    print!("{lines}");
    write_lines("willow", &lines);
}

/// Writes the first rows of an answer down, so that JavaScript can be held to it.
fn write_answer(name: &str, fleet: &Fleet, rows: &[Handle]) {
    let ids: Vec<&str> = rows.iter().filter_map(|handle| Some(fleet.device(*handle)?.id)).collect();
    write_lines(name, &ids.join("\n"));
}

fn write_messages(name: &str, messages: &[Message]) {
    let lines: Vec<String> = messages.iter().map(|(topic, word)| format!("{topic}\t{word}")).collect();
    write_lines(name, &lines.join("\n"));
}

/// Leaves a file beside criterion's for `cargo xtask bench fleet`.
fn write_lines(name: &str, text: &str) {
    if let Some(home) = std::env::var_os("CRITERION_HOME") {
        let folder = PathBuf::from(home).join("fleet");
        std::fs::create_dir_all(&folder).expect("the folder of criterion's files can be made");
        std::fs::write(folder.join(format!("{name}.tsv")), text).expect("the file can be written");
    }
}
