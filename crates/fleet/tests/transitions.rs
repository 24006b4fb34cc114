//! The contract's evidence table, row by row: a script of events in, the device's transcript out.
//!
//! An event happens each second: `up` and `down` are the link's, `done` and `cut` end the snapshot, `pause`
//! and `resume` are the subscription's, `r1 word` is a replay and `r0 word` a live message on one topic. A `~` before an
//! event lets only 10 ms pass. The transcript is status, evidence, since (in seconds), why it is stale, and
//! the history.

use fleet::fleet::Bounds;
use fleet::{ChangeKind, Evidence, Fleet, StaleReason, Time};

fn play(script: &str) -> (Fleet, Time) {
    let mut fleet = Fleet::new(Bounds::default(), false, 0);
    let mut now = Time(0);
    for event in script.split(',').map(str::trim) {
        let (quick, event) = event.strip_prefix('~').map_or((false, event), |event| (true, event));
        now.0 += if quick { 10 } else { 1_000 };
        match event.split_once(' ') {
            None if event == "up" => fleet.link_up(now),
            None if event == "down" => fleet.link_down(now),
            None if event == "done" => fleet.snapshot_finished(now),
            None if event == "cut" => fleet.snapshot_incomplete(now),
            None if event == "resume" => {
                fleet.cover(|_| true, now);
            }
            None if event == "pause" => {
                fleet.cover(|_| false, now);
            }
            _ => {
                let (flag, word) = event.split_once(' ').unwrap_or((event, ""));
                assert!(flag == "r1" || flag == "r0", "no such event: {event}");
                fleet.apply("x/status", word.as_bytes(), flag == "r1", now);
            }
        }
    }
    (fleet, now)
}

fn transcript(fleet: &Fleet) -> String {
    let Some(device) = fleet.find("esphome", "x").and_then(|handle| fleet.device(handle)) else {
        return "none".into();
    };
    let seconds = |time: Time| time.0 as f64 / 1_000.0;
    let mut text = format!("{} {}", device.status.word(), device.evidence.word());
    if let Some(since) = device.since {
        text += &format!(" since {}", seconds(since));
    }
    if let Some(reason) = device.stale {
        text += match reason {
            StaleReason::LinkDown => " (link down)",
            StaleReason::Loading => " (loading)",
            StaleReason::NotAnnouncedAgain => " (not announced again)",
            StaleReason::SnapshotIncomplete => " (snapshot incomplete)",
            StaleReason::WaitsForNextMessage => " (waits for its next message)",
            StaleReason::NotSubscribed => " (not subscribed)",
            StaleReason::ParentOffline => " (parent offline)",
        };
    }
    assert_eq!(device.evidence == Evidence::Stale, device.stale.is_some());
    let entries: Vec<String> = device
        .history()
        .map(|change| {
            let kind = match change.kind {
                ChangeKind::FirstSight => "first",
                ChangeKind::Live => "live",
                ChangeKind::Missed => "missed",
                ChangeKind::WhileAway => "away",
            };
            let flap = if change.flap { "!" } else { "" };
            format!("{kind} {}@{}{flap}", change.to.word(), seconds(change.at))
        })
        .collect();
    format!("{text} | {}", entries.join(", "))
}

/// The boundary: what happens, and what must stand there afterwards.
#[track_caller]
fn check(script: &str, expected: &str) {
    let (fleet, _) = play(script);
    assert_eq!(transcript(&fleet), expected, "after: {script}");
    let counts = fleet.counts();
    let [total, one, other] =
        [counts.total, counts.online + counts.offline, counts.live + counts.retained + counts.stale];
    assert_eq!((total, total), (one, other), "counts after: {script}");
}

#[test]
fn none_and_a_message_with_retain_1() {
    check("up, r1 online", "online retained | first online@2");
    check("up, r1 offline", "offline retained | first offline@2");
}

#[test]
fn none_and_a_message_with_retain_0() {
    check("up, r0 online", "online live since 2 | first online@2");
}

#[test]
fn any_and_retain_0_with_the_same_status() {
    check("up, r1 online, r0 online", "online live | first online@2");
    check("up, r0 online, r0 online", "online live since 2 | first online@2");
    check("up, r0 online, down, up, r0 online", "online live since 2 | first online@2");
    check("up, r1 online, pause, r0 online", "online live | first online@2");
}

#[test]
fn any_and_retain_0_with_another_status() {
    check("up, r1 online, r0 offline", "offline live since 3 | first online@2, live offline@3");
    check("up, r0 online, r0 offline", "offline live since 3 | first online@2, live offline@3");
    check("up, r0 online, down, up, r0 offline", "offline live since 5 | first online@2, live offline@5");
}

#[test]
fn link_unbroken_and_a_replay_that_is_no_news() {
    // The same value as the last replayed one.
    check("up, r1 online, r1 online", "online retained | first online@2");
    check("up, r1 online, r0 online, r1 online", "online live | first online@2");
    // A non-retained will is not undone by a re-subscribe.
    check("up, r1 online, r0 offline, r1 online", "offline live since 3 | first online@2, live offline@3");
    // None was replayed yet, and it was seen live since the link came up: then it is the last replayed one.
    check(
        "up, r0 online, r0 offline, r1 online, r1 online",
        "offline live since 3 | first online@2, live offline@3",
    );
    check("up, r0 online, r1 online", "online live since 2 | first online@2");
}

#[test]
fn link_unbroken_and_a_replay_that_is_news() {
    // It differs from the last replayed one: an update was lost, and a re-subscribe heals it.
    check("up, r1 online, r1 offline", "offline retained | first online@2, missed offline@3");
    check("up, r1 online, r0 online, r1 offline", "offline retained | first online@2, missed offline@4");
    // None was replayed yet, and it differs from every value seen live.
    check("up, r0 online, r1 offline", "offline retained | first online@2, missed offline@3");
    // News whose status is the one we have: no change, but it counts as a replay from then on.
    check("up, r1 online, r0 offline, r1 offline", "offline retained | first online@2, live offline@3");
    // A replay that is no news still is the last replayed one.
    check(
        "up, r0 online, r0 offline, r1 online, r1 offline",
        "offline retained | first online@2, live offline@3",
    );
    // What was seen live before the link broke does not count.
    check(
        "up, r0 offline, down, up, r0 online, r1 offline",
        "offline retained | first offline@2, live online@5, missed offline@6",
    );
}

#[test]
fn any_and_an_empty_payload() {
    for before in ["r1 online", "r0 online", "r0 online, down", "r1 online, down, up", "r1 offline, pause"] {
        for empty in ["r0", "r1"] {
            check(&format!("up, {before}, {empty}"), "none");
        }
    }
    check("up, r1", "none");
    check("up, r1 online, r0, r0 offline", "offline live since 4 | first offline@4");
}

#[test]
fn any_and_an_unknown_word() {
    check("up, r1 {\"temp\":21}", "none");
    check("up, r1 online, r0 nonsense", "online retained | first online@2");
    check("up, r0 online, down, up, r1 nonsense", "online stale since 2 (loading) | first online@2");
    let (fleet, now) = play("up, r1 online, r0 nonsense, r0 {\"a\":1}");
    let unrecognized = fleet.unrecognized();
    let (topic, last) = unrecognized.topics().next().expect("it is counted");
    assert_eq!((topic, last.messages, &*last.last, last.length), ("x/status", 2, &b"{\"a\":1}"[..], 7));
    assert_eq!((last.at, unrecognized.messages(), unrecognized.unlisted()), (now, 2, 0));
}

#[test]
fn any_and_our_link_ends() {
    check("up, r1 online, down", "online stale (link down) | first online@2");
    check("up, r0 online, down", "online stale since 2 (link down) | first online@2");
    check("up, r0 online, down, up", "online stale since 2 (loading) | first online@2");
    let (fleet, _) = play("up, r0 online, down");
    let handle = fleet.find("esphome", "x").unwrap();
    let gaps = fleet.device(handle).unwrap().gaps();
    assert_eq!(gaps.len(), 1, "a gap begins");
    assert_eq!((gaps[0].from, gaps[0].to), (Time(3_000), None));
    // A link that ends twice ended once.
    check("up, r0 online, down, down, up, r1 online", "online retained | first online@2");
}

#[test]
fn stale_after_reconnect_and_a_replay() {
    check("up, r1 online, down, up, r1 online", "online retained | first online@2");
    check("up, r0 online, down, up, r1 offline", "offline retained | first online@2, away offline@5");
    // The second of two overlapping filters changes nothing.
    check(
        "up, r0 online, down, up, r1 offline, r1 offline",
        "offline retained | first online@2, away offline@5",
    );
}

#[test]
fn stale_and_the_snapshot_is_finished() {
    check("up, r0 online, down, up, done", "online stale since 2 (not announced again) | first online@2");
    check("up, r0 online, down, up, cut", "online stale since 2 (snapshot incomplete) | first online@2");
    check("up, r0 online, down, up, done, r1 online", "online retained | first online@2");
    check("up, r0 online, down, up, done, down", "online stale since 2 (link down) | first online@2");
}

#[test]
fn a_paused_filter_leaves_its_devices_stale() {
    check("up, r0 online, pause", "online stale since 2 (not subscribed) | first online@2");
    check("up, r0 online, pause, r1 offline", "offline retained | first online@2, away offline@4");
    check("up, r0 online, pause, down", "online stale since 2 (link down) | first online@2");
}

#[test]
fn online_offline_online_within_a_second_is_one_flap() {
    // Sequence Q1.
    check(
        "up, r1 online, ~r0 offline, ~r0 online",
        "online live since 2.02 | first online@2, live offline@2.01!, live online@2.02!",
    );
    let flaps = |script: &str| {
        let (fleet, _) = play(script);
        let device = fleet.device(fleet.find("esphome", "x").unwrap()).unwrap();
        (device.changes, device.flaps)
    };
    assert_eq!(flaps("up, r1 online, ~r0 offline, ~r0 online"), (2, 1));
    assert_eq!(flaps("up, r1 online, ~r0 offline, r0 online"), (2, 1), "a second counts as within a second");
    assert_eq!(flaps("up, r1 online, ~r0 offline, r0 offline, r0 online"), (2, 0));
    assert_eq!(
        flaps("up, r1 online, ~r0 offline, ~r0 online, ~r0 offline"),
        (3, 1),
        "no change is in two flaps"
    );
    assert_eq!(flaps("up, r1 online, ~r0 offline, ~r0 online, ~r0 offline, ~r0 online"), (4, 2));
}

#[test]
fn sequence_q3_a_non_retained_will_and_a_reconnect() {
    check(
        "up, r0 online, r0 offline, down, up, r1 online",
        "online retained | first online@2, live offline@3, away online@6",
    );
}

#[test]
fn sequence_q17_the_same_retained_message_twice() {
    check("up, r1 online, ~r1 online", "online retained | first online@2");
    let (fleet, _) = play("up, r1 online, ~r1 online");
    assert_eq!(fleet.counts().total, 1);
}
