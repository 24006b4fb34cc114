//! Our codec and others, on the same bytes, in one run: `cargo xtask bench codec`.
//!
//! Every library gets a fresh copy of the bytes before each round, outside the timed part, and a
//! round is many packets, so that the cost of the clock does not matter. Allocations are counted separately, before
//! anything is timed.

mod corpus;
mod libraries;

use std::alloc::{GlobalAlloc, Layout, System};
use std::fmt::Write as _;
use std::hint::black_box;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use bytes::BytesMut;
use criterion::{BatchSize, Criterion, SamplingMode, Throughput};

use corpus::Corpus;
use libraries::{Decode, Encode, V5, V5_READ, V311};

/// The system's allocator with a counter.
struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

/// A load and a store, which cost very little: only this thread allocates while it counts.
fn count() {
    ALLOCATIONS.store(ALLOCATIONS.load(Relaxed) + 1, Relaxed);
}

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller fulfils the conditions of the system's allocator.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let groups = groups();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["instructions"] => {
            for group in &groups {
                for (library, _) in &group.work {
                    println!("{}\t{library}\t{}", group.name, group.corpus.packets);
                }
            }
        }
        ["instructions", group, library, rounds] => {
            let group = groups.iter().find(|g| g.name == group).expect("a group of the list");
            let (_, work) =
                group.work.iter().find(|(name, _)| *name == library).expect("one of its libraries");
            run(work, group.corpus, rounds.parse().expect("a number of rounds"));
        }
        _ => measure(&groups),
    }
}

/// What is measured with one corpus, and by which libraries.
struct Group {
    name: String,
    corpus: &'static Corpus,
    work: Vec<(&'static str, Work)>,
}

/// One library's side of one group.
enum Work {
    Decode(Decode),
    Encode(fn(&'static Corpus) -> Encode),
}

fn groups() -> Vec<Group> {
    // Leaked, so that packets may borrow from it for the whole run.
    let leak = |corpus| -> &'static Corpus { Box::leak(Box::new(corpus)) };
    let publish_5 = leak(corpus::publish_5());
    let mut groups = Vec::new();
    for (corpus, libraries) in [
        (leak(corpus::publish_311()), &V311[..]),
        (publish_5, &V5[..]),
        (leak(corpus::connect()), &V311[..]),
        (leak(corpus::subscribe()), &V311[..]),
    ] {
        let mut decode: Vec<_> =
            libraries.iter().map(|library| (library.name, Work::Decode(library.decode))).collect();
        let (name, one) = libraries::willow_one(corpus.version);
        decode.insert(1, (name, Work::Decode(one)));
        let encode = libraries.iter().map(|library| (library.name, Work::Encode(library.encoder))).collect();
        groups.push(Group { name: format!("decode-{}", corpus.name), corpus, work: decode });
        groups.push(Group { name: format!("encode-{}", corpus.name), corpus, work: encode });
    }
    let work = V5_READ.map(|(name, decode)| (name, Work::Decode(decode))).into();
    groups.push(Group { name: "decode-publish-5-properties-read".to_owned(), corpus: publish_5, work });
    groups
}

/// One or two rounds, with everything else equal: when instructions are counted, the
/// difference is the second round.
fn run(work: &Work, corpus: &'static Corpus, rounds: usize) {
    match work {
        Work::Decode(decode) => {
            let mut buffers = [(); 2].map(|()| BytesMut::from(&corpus.wire[..]));
            for buffer in &mut buffers[..rounds] {
                black_box(decode(black_box(buffer), corpus.packet_len));
            }
        }
        Work::Encode(encoder) => {
            let mut encode = encoder(corpus);
            for _ in 0..rounds {
                black_box(encode());
            }
        }
    }
}

fn measure(groups: &[Group]) {
    allocations(groups);
    // Many short samples, so that the scheduler of a busy machine disturbs only a few of them.
    let mut criterion = Criterion::default()
        .sample_size(400)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(800))
        .nresamples(2000)
        .configure_from_args();
    for Group { name, corpus, work } in groups {
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(corpus.packets as u64)).sampling_mode(SamplingMode::Flat);
        let mut sum = None;
        for (library, work) in work {
            match work {
                Work::Decode(decode) => {
                    let read = decode(&mut BytesMut::from(&corpus.wire[..]), corpus.packet_len);
                    assert_eq!(read, *sum.get_or_insert(read), "{library} reads something else");
                    group.bench_function(*library, |bencher| {
                        bencher.iter_batched_ref(
                            || BytesMut::from(&corpus.wire[..]),
                            |buffer| decode(black_box(buffer), corpus.packet_len),
                            BatchSize::PerIteration,
                        );
                    });
                }
                Work::Encode(encoder) => {
                    let mut encode = encoder(corpus);
                    assert_eq!(encode(), corpus.wire.len(), "{library} writes something else");
                    group.bench_function(*library, |bencher| bencher.iter(&mut encode));
                }
            }
        }
        group.finish();
    }
    criterion.final_summary();
}

/// Prints how often each library allocates for a decoded PUBLISH, and stores it next to criterion's files
/// for the table of `cargo xtask bench`.
fn allocations(groups: &[Group]) {
    let mut lines = String::new();
    for Group { name, corpus, work } in groups.iter().filter(|group| group.name.starts_with("decode-publish"))
    {
        for (library, work) in work {
            let Work::Decode(decode) = work else { unreachable!("a group that decodes") };
            let mut buffer = BytesMut::from(&corpus.wire[..]);
            let before = ALLOCATIONS.load(Relaxed);
            black_box(decode(black_box(&mut buffer), corpus.packet_len));
            let count = ALLOCATIONS.load(Relaxed) - before;
            let each = count as f64 / corpus.packets as f64;
            println!("allocations per packet in {name}: {each:.3} by {library}");
            writeln!(lines, "{name}\t{library}\t{count}\t{each:.3}").expect("memory");
        }
    }
    if let Some(home) = std::env::var_os("CRITERION_HOME") {
        let home = PathBuf::from(home);
        std::fs::create_dir_all(&home).expect("the folder of criterion's files can be made");
        std::fs::write(home.join("allocations.tsv"), lines).expect("the counts can be written");
    }
}
