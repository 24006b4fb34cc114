//! Any messages, in any order, on any topics, with a link that comes and goes and a clock that may jump, to
//! a fleet with small bounds.
//!
//! The input is a script of lines: `+` and `-` are the link's, `c` and `p` end the snapshot, `*word` covers
//! only the topics that hold the word, `w` jumps back, `s` settles; every other line is a message, `r` or `l`
//! for retained or live, a topic, a blank and a payload. After every line the fleet is looked at.

#![no_main]

use std::collections::BTreeSet;

use fleet::fleet::{Bounds, MAX_HISTORY, MAX_RECENT};
use fleet::{Evidence, Fleet, Grouping, OrderBy, Query, Status, Time};
use libfuzzer_sys::fuzz_target;

/// So small that a short script reaches them. The texts have room for one chunk of 64 KiB.
const BOUNDS: Bounds =
    Bounds { devices: 8, topic: 64, texts: 1 << 16, changes: 24, unrecognized: 4, aliases: 3, metadata: 4 };

fuzz_target!(|script: &[u8]| {
    let mut lines = script.split(|byte| *byte == b'\n');
    let is_explicit = lines.next().is_some_and(|options| options.starts_with(b"!"));
    let mut fleet = Fleet::new(BOUNDS, is_explicit, 1);
    let mut now = Time(1_700_000_000_000);
    fleet.link_up(now);
    for line in lines.take(100) {
        now.0 += 400;
        let epoch = fleet.epoch();
        let before = picture(&fleet);
        step(&mut fleet, line, &mut now);
        look(&fleet, now);
        // What a tile shows never changes without being reported.
        let changed = fleet.changed_since(epoch);
        for (handle, shown) in &before {
            let shows_the_same = picture(&fleet).iter().any(|(other, now)| other == handle && now == shown);
            assert!(shows_the_same || changed.has(*handle), "{shown}");
        }
        while fleet.poll_wanted_filter().is_some() {}
    }
});

fn step(fleet: &mut Fleet, line: &[u8], now: &mut Time) {
    match line {
        b"+" => fleet.link_up(*now),
        b"-" => fleet.link_down(*now),
        b"c" => fleet.snapshot_finished(*now),
        b"p" => fleet.snapshot_incomplete(*now),
        b"s" => fleet.settle(),
        b"w" => now.0 -= 3_600_000,
        [b'*', word @ ..] => {
            let word = String::from_utf8_lossy(word);
            fleet.cover(|topic| topic.contains(&*word), *now);
        }
        [flag, message @ ..] => {
            let blank = message.iter().position(|byte| *byte == b' ').unwrap_or(message.len());
            let (topic, payload) = message.split_at(blank);
            // The engine gives names of topics that the codec has found to be text.
            if let Ok(topic) = std::str::from_utf8(topic) {
                fleet.apply(topic, payload.get(1..).unwrap_or_default(), *flag == b'r', *now);
            }
        }
        [] => {}
    }
}

/// What the tiles show, apart from what moves with the time.
fn picture(fleet: &Fleet) -> Vec<(fleet::Handle, String)> {
    let shown = |handle| {
        let device = fleet.device(handle).expect("a living handle has a device");
        let fleet::Device { id, name, topic, status, evidence, since, stale, .. } = device;
        let parent = (device.parent, device.parent_offline);
        (handle, format!("{id} {name:?} {topic} {status:?} {evidence:?} {since:?} {stale:?} {parent:?}"))
    };
    fleet.handles().map(shown).collect()
}

fn look(fleet: &Fleet, now: Time) {
    let counts = *fleet.counts();
    assert!(counts.total <= BOUNDS.devices);
    let handles: BTreeSet<u32> = fleet.handles().map(fleet::Handle::slot).collect();
    assert_eq!(handles.len(), counts.total as usize);

    // The counts are what counting finds.
    let devices: Vec<fleet::Device<'_>> = fleet.handles().filter_map(|handle| fleet.device(handle)).collect();
    for status in Status::ALL {
        let found = devices.iter().filter(|device| device.status == status).count();
        assert_eq!(counts.of(status) as usize, found, "{status:?}");
    }
    for (evidence, count) in [
        (Evidence::Live, counts.live),
        (Evidence::Retained, counts.retained),
        (Evidence::Stale, counts.stale),
    ] {
        let found = devices.iter().filter(|device| device.evidence == evidence).count();
        assert_eq!(count as usize, found, "{evidence:?}");
    }

    // Every order and every grouping holds each device once.
    for order in [OrderBy::Trouble, OrderBy::Name, OrderBy::Change] {
        let rows = fleet.rows(&Query { order, ..Query::default() });
        let rows = [rows.attention, rows.well].concat();
        assert_eq!(rows.len(), handles.len(), "{order:?}");
        assert_eq!(rows.iter().map(|handle| handle.slot()).collect::<BTreeSet<u32>>(), handles, "{order:?}");
    }
    for by in [Grouping::Convention, Grouping::Topic { levels: 1 }, Grouping::Parent] {
        let groups = fleet.groups(&Query::default(), by);
        let rows: Vec<u32> =
            groups.iter().flat_map(|group| &group.rows).map(|handle| handle.slot()).collect();
        assert_eq!(rows.len(), handles.len(), "{by:?}");
        assert_eq!(rows.into_iter().collect::<BTreeSet<u32>>(), handles, "{by:?}");
        assert_eq!(groups.iter().map(|group| group.counts.total).sum::<u32>(), counts.total, "{by:?}");
    }

    // Memory keeps to its bounds, and every reading holds together.
    let mut changes = 0;
    for device in &devices {
        assert!(device.topic.len() <= BOUNDS.topic.into());
        assert_eq!(
            fleet.find(&device.convention.slug, device.id),
            Some(device.handle),
            "a key finds its device"
        );
        let history = device.history().count();
        assert!((1..=MAX_HISTORY).contains(&history));
        changes += if history > 1 { history } else { 0 };
        let uptime = device.uptime(now);
        assert!(uptime.online <= uptime.observed);
        assert_eq!(device.evidence == Evidence::Stale, device.stale.is_some());
        device.spans(Time(now.0 - 10_000), now, 5);
    }
    assert!(changes <= BOUNDS.changes, "{changes} changes are kept");
    assert!(fleet.unrecognized().topics().count() <= BOUNDS.unrecognized);
    assert!(fleet.recent_changes().count() <= MAX_RECENT);
}
