//! Our codec beside the others, on the same bytes, in one run: `cargo xtask bench codec`.
//!
//! Every library is given a fresh copy of the bytes before each round, outside the timed part, and a
//! round is many packets, so that the clock's own cost vanishes. Allocations are counted apart, before
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
use libraries::{Decode, Library, V5, V5_READ, V311};

/// The system's allocator with a counter.
struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

/// A load and a store, which cost next to nothing: only this thread allocates while it counts.
fn count() {
    ALLOCATIONS.store(ALLOCATIONS.load(Relaxed) + 1, Relaxed);
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promises are the system's conditions.
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
    // Many short samples: the system's scheduler, which spoils long ones on a busy machine, then spoils few.
    let mut criterion = Criterion::default()
        .sample_size(400)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(800))
        .nresamples(2000)
        .configure_from_args();

    let publish_311 = leak(corpus::publish_311());
    let publish_5 = leak(corpus::publish_5());
    allocations(&[(publish_311, &V311), (publish_5, &V5)]);

    for (corpus, libraries) in [
        (publish_311, &V311[..]),
        (publish_5, &V5[..]),
        (leak(corpus::connect()), &V311[..]),
        (leak(corpus::subscribe()), &V311[..]),
    ] {
        let mut decoders: Vec<(&str, Decode)> =
            libraries.iter().map(|library| (library.name, library.decode)).collect();
        decoders.insert(1, libraries::willow_one(corpus.version));
        decode(&mut criterion, &format!("decode-{}", corpus.name), corpus, &decoders);
        encode(&mut criterion, corpus, libraries);
    }
    decode(&mut criterion, "decode-publish-5-properties-read", publish_5, &V5_READ);
    criterion.final_summary();
}

/// For as long as the program runs, so that packets may borrow from it.
fn leak(corpus: Corpus) -> &'static Corpus {
    Box::leak(Box::new(corpus))
}

fn decode(criterion: &mut Criterion, group: &str, corpus: &Corpus, decoders: &[(&str, Decode)]) {
    let sum = decoders[0].1(&mut BytesMut::from(&corpus.wire[..]), corpus.packet_len);
    let mut group = criterion.benchmark_group(group);
    group.throughput(Throughput::Elements(corpus.packets as u64)).sampling_mode(SamplingMode::Flat);
    for (name, decode) in decoders {
        let read = decode(&mut BytesMut::from(&corpus.wire[..]), corpus.packet_len);
        assert_eq!(read, sum, "{name} reads something else");
        group.bench_function(*name, |bencher| {
            bencher.iter_batched_ref(
                || BytesMut::from(&corpus.wire[..]),
                |buffer| decode(black_box(buffer), corpus.packet_len),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

fn encode(criterion: &mut Criterion, corpus: &'static Corpus, libraries: &[Library]) {
    let mut group = criterion.benchmark_group(format!("encode-{}", corpus.name));
    group.throughput(Throughput::Elements(corpus.packets as u64)).sampling_mode(SamplingMode::Flat);
    for library in libraries {
        let mut encode = (library.encoder)(corpus);
        assert_eq!(encode(), corpus.wire.len(), "{} writes something else", library.name);
        group.bench_function(library.name, |bencher| bencher.iter(&mut encode));
    }
    group.finish();
}

/// Prints how often each library allocates for a decoded packet, and leaves it beside criterion's files
/// for the table of `cargo xtask bench`.
fn allocations(corpora: &[(&Corpus, &[Library])]) {
    let mut lines = String::new();
    for (corpus, libraries) in corpora {
        for library in *libraries {
            let mut buffer = BytesMut::from(&corpus.wire[..]);
            let before = ALLOCATIONS.load(Relaxed);
            black_box((library.decode)(black_box(&mut buffer), corpus.packet_len));
            let count = ALLOCATIONS.load(Relaxed) - before;
            let each = count as f64 / corpus.packets as f64;
            println!("allocations per decoded {}: {each:.3} by {}", corpus.name, library.name);
            writeln!(lines, "{}\t{}\t{count}\t{each:.3}", corpus.name, library.name).expect("memory");
        }
    }
    if let Some(home) = std::env::var_os("CRITERION_HOME") {
        let home = PathBuf::from(home);
        std::fs::create_dir_all(&home).expect("the folder of criterion's files can be made");
        std::fs::write(home.join("allocations.tsv"), lines).expect("the counts can be written");
    }
}
