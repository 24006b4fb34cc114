//! Lost links, a machine that slept, and what the epoch reports.

use fleet::fleet::{Bounds, StaleReason};
use fleet::{Config, Engine, Evidence, SnapshotState, Status, Time};
use mqtt::{Link, Options, Version, VersionChoice};

use crate::fixtures::FILTERS;
use crate::pair::Pair;

#[test]
fn a_lost_link_leaves_everything_stale_until_it_is_announced_again() {
    let mut pair = Pair::with_retained(
        Version::V5,
        &[("a/status", "online"), ("b/status", "online"), ("c/status", "offline")],
    );
    pair.connect();
    pair.publish("d/status", "online", false);
    pair.check("esphome", "d", "online live");
    pair.publish("a/status", "online", true);
    pair.check("esphome", "a", "online live");

    let lost_at = pair.now;
    pair.is_unreachable = true;
    pair.lose_link();
    for id in ["a", "b", "d"] {
        pair.check("esphome", id, "online stale");
    }
    let counts = pair.engine.fleet().counts();
    assert_eq!((counts.total, counts.live, counts.retained, counts.stale), (4, 0, 0, 4));
    assert_eq!(pair.engine.snapshot().state(), SnapshotState::Unknown);

    // Meanwhile one device goes offline, and one is removed.
    pair.publish("b/status", "offline", true);
    pair.publish("c/status", "", true);
    pair.wait(20_000);
    assert!(matches!(pair.engine.session().link(), Link::Waiting { .. }));
    pair.is_unreachable = false;
    pair.broker.transcript.clear();
    pair.wait(60_000);
    assert_eq!(pair.engine.session().link(), Link::Connected);
    // Every filter again, in the same order.
    let subscribes = pair.broker.transcript.iter().filter(|line| line.starts_with("SUBSCRIBE")).count();
    assert_eq!(
        (pair.broker.transcript[1].as_str(), subscribes),
        ("SUBSCRIBE mqtt-will, PINGREQ", FILTERS.len())
    );
    assert_eq!(pair.engine.snapshot().state(), SnapshotState::Complete);

    pair.check("esphome", "a", "online retained");
    pair.check("esphome", "b", "offline retained");
    // Not announced again: their last status stays, as stale, with the reason.
    pair.check("esphome", "c", "offline stale");
    pair.check("esphome", "d", "online stale");
    let fleet = pair.engine.fleet();
    let device = fleet.device(fleet.find("esphome", "d").unwrap()).unwrap();
    assert_eq!(device.stale, Some(StaleReason::NotAnnouncedAgain));
    let gap = fleet.gaps().next().expect("the gap is kept");
    assert_eq!(gap.from, lost_at);
    assert!(gap.to.is_some_and(|to| to.0 >= lost_at.0 + 20_000));
    pair.publish("d/status", "offline", false);
    pair.check("esphome", "d", "offline live");
}

#[test]
fn a_non_retained_will_is_not_undone_while_the_link_is_unbroken() {
    let mut pair = Pair::with_retained(Version::V5, &[("a/status", "online")]);
    pair.connect();
    pair.publish("a/status", "offline", false);
    let position = pair.position("+/status");
    pair.engine.switch_subscription(position, false, pair.now);
    pair.run();
    // Switched off, the status is unknown; subscribing again replays the birth message.
    pair.check("esphome", "a", "offline stale");
    pair.engine.switch_subscription(position, true, pair.now);
    pair.run();
    pair.check("esphome", "a", "online retained");

    // If another filter covers it, nothing was missed and nothing is undone.
    let mut pair = Pair::new(Version::V5, Some(&["a/status", "+/status"]));
    pair.broker.retain("a/status", "online");
    pair.connect();
    pair.publish("a/status", "offline", false);
    for is_on in [false, true] {
        pair.engine.switch_subscription(1, is_on, pair.now);
        pair.run();
        pair.check("esphome", "a", "offline live");
    }
}

#[test]
fn a_machine_that_slept_asks_again() {
    let mut pair = Pair::with_retained(Version::V5, &[("a/status", "online"), ("b/status", "online")]);
    pair.connect();
    let asleep_at = pair.now;
    pair.publish("a/status", "online", true);
    pair.check("esphome", "a", "online live");
    // An hour passes without a timer, and the link survives it.
    pair.now = Time(pair.now.0 + 3_600_000);
    pair.broker.retain("b/status", "offline");
    pair.is_slow = true;
    pair.engine.handle_timeout(pair.now);
    pair.check("esphome", "a", "online stale");
    pair.run();
    pair.is_slow = false;
    pair.deliver();
    pair.run();
    pair.check("esphome", "a", "online retained");
    pair.check("esphome", "b", "offline retained");
    let gap = pair.engine.fleet().gaps().next().expect("a gap begins");
    assert_eq!((gap.from, gap.to), (asleep_at, Some(pair.now)));
}

#[test]
fn the_epoch_changes_with_every_change() {
    let mut pair = Pair::with_retained(Version::V5, &[("a/status", "online")]);
    let mut last = pair.engine.epoch();
    let mut changed = |pair: &Pair| std::mem::replace(&mut last, pair.engine.epoch()) != pair.engine.epoch();
    pair.connect();
    assert!(changed(&pair));
    pair.publish("a/status", "offline", false);
    assert!(changed(&pair));
    pair.wait(1);
    assert!(!changed(&pair), "nothing happened");
    pair.lose_link();
    assert!(changed(&pair));
    pair.engine.disconnect(pair.now);
    assert!(changed(&pair));
    assert_eq!(pair.engine.session().link(), Link::Idle);
}

#[test]
fn a_flood_of_devices_stops_at_the_bound() {
    let mut config = Config::new(Options::new("board"));
    config.bounds = Bounds { devices: 10, ..Bounds::default() };
    let mut pair = Pair::new(Version::V5, None);
    config.session.version = VersionChoice::Only(Version::V5);
    pair.engine = Engine::new(config).unwrap();
    for number in 0..30 {
        pair.broker.retain(&format!("d{number:02}/status"), "online");
    }
    pair.connect();
    let fleet = pair.engine.fleet();
    assert_eq!((fleet.counts().total, fleet.refused().devices), (10, 20));
    pair.check("esphome", "d09", "online retained");
    assert_eq!(pair.engine.fleet().handles().count(), 10);
    let first = pair.engine.fleet().find("esphome", "d00").unwrap();
    let device = pair.engine.fleet().device(first).unwrap();
    assert_eq!((device.status, device.evidence), (Status::Online, Evidence::Retained));
}
