//! The history bar of a device: the worst status of each slot, and gaps where it was not observed.

use fleet::fleet::Bounds;
use fleet::{Fleet, Span, Status, Time};

/// The boundary: a script of live words at times → the bar. `.` is not observed.
#[track_caller]
fn check_bar(prepare: impl Fn(&mut Fleet), from: u64, to: u64, slots: usize, expected: &str) {
    let mut fleet = Fleet::new(Bounds::default(), false, 0);
    prepare(&mut fleet);
    let handle = fleet.find("lwt", "x").or(fleet.find("zigbee2mqtt", "lamp")).expect("it is there");
    let device = fleet.device(handle).unwrap();
    let bar: String = device
        .spans(Time(from), Time(to), slots)
        .into_iter()
        .map(|span| match span {
            Span::NotObserved => '.',
            Span::Seen(status) => {
                status.word().chars().next().map(|c| if status == Status::Offline { 'X' } else { c }).unwrap()
            }
        })
        .collect();
    assert_eq!(bar, expected);
}

#[test]
fn the_bar_shows_the_worst_status_of_each_slot() {
    let say = |fleet: &mut Fleet, word: &str, at: u64| {
        fleet.apply("x/LWT", word.as_bytes(), false, Time(at)).device.expect("the word is known");
    };
    let up = |fleet: &mut Fleet| fleet.link_up(Time(0));
    check_bar(|f| (up(f), say(f, "online", 300)).1, 0, 1_000, 10, "...ooooooo");
    check_bar(
        |f| {
            up(f);
            say(f, "online", 300);
            say(f, "offline", 550);
            say(f, "online", 720)
        },
        0,
        1_000,
        10,
        "...ooXXXoo",
    );
    // A flap that took no time at all still shows.
    check_bar(
        |f| {
            up(f);
            say(f, "online", 0);
            say(f, "offline", 450);
            say(f, "online", 450)
        },
        0,
        1_000,
        10,
        "ooooXooooo",
    );
    // Degraded and sleeping; the window may lie anywhere.
    check_bar(
        |f| {
            up(f);
            say(f, "alert", 0);
            say(f, "sleeping", 500)
        },
        400,
        600,
        4,
        "ddss",
    );
    check_bar(|f| (up(f), say(f, "online", 0)).1, 5_000, 5_000, 3, "...");
    check_bar(|f| (up(f), say(f, "online", 500)).1, 0, 100, 2, "..");
    check_bar(|f| (up(f), say(f, "online", 500)).1, 0, 100, 0, "");
}

#[test]
fn the_bar_leaves_gaps_open() {
    let say = |fleet: &mut Fleet, word: &str, at: u64| {
        fleet.apply("x/LWT", word.as_bytes(), true, Time(at)).device.expect("the word is known");
    };
    // Connected again, and replayed at once.
    check_bar(
        |f| {
            f.link_up(Time(0));
            say(f, "online", 0);
            f.link_down(Time(300));
            f.link_up(Time(500));
            say(f, "offline", 500)
        },
        0,
        1_000,
        10,
        "ooo..XXXXX",
    );
    // Still not connected.
    check_bar(
        |f| {
            f.link_up(Time(0));
            say(f, "online", 0);
            f.link_down(Time(300))
        },
        0,
        1_000,
        10,
        "ooo.......",
    );
    // Connected again, but not announced again.
    check_bar(
        |f| {
            f.link_up(Time(0));
            say(f, "online", 0);
            f.link_down(Time(300));
            f.link_up(Time(400));
            f.snapshot_finished(Time(400))
        },
        0,
        1_000,
        10,
        "ooo.......",
    );
    // Heard again long after the snapshot: the gap was longer than the link's.
    check_bar(
        |f| {
            f.link_up(Time(0));
            say(f, "online", 0);
            f.link_down(Time(300));
            f.link_up(Time(400));
            f.snapshot_finished(Time(400));
            say(f, "online", 700);
        },
        0,
        1_000,
        10,
        "ooo....ooo",
    );
    // Not subscribed for a while.
    check_bar(
        |f| {
            f.link_up(Time(0));
            say(f, "online", 0);
            f.cover(|_| false, Time(300));
            say(f, "online", 600)
        },
        0,
        1_000,
        10,
        "ooo...oooo",
    );
    // Through two gaps of the link.
    check_bar(
        |f| {
            f.link_up(Time(0));
            say(f, "online", 0);
            f.link_down(Time(200));
            f.link_up(Time(300));
            f.snapshot_finished(Time(300));
            f.link_down(Time(500));
            f.link_up(Time(600));
            say(f, "online", 800);
            f.link_down(Time(900));
        },
        0,
        1_000,
        10,
        "oo......o.",
    );
    // The bridge is offline for a while, and in it the link, too, and the lamp is heard.
    check_bar(
        |f| {
            let mut say = |topic: &str, word: &str, at: u64| {
                f.apply(&format!("zigbee2mqtt/{topic}"), word.as_bytes(), true, Time(at));
            };
            say("lamp/availability", "online", 0);
            say("bridge/state", "offline", 200);
            say("lamp/availability", "offline", 300);
            say("bridge/state", "online", 500);
            say("bridge/state", "offline", 800);
            f.link_up(Time(0));
            f.link_down(Time(850));
            f.link_up(Time(900));
            f.apply("zigbee2mqtt/lamp/availability", b"online", true, Time(900));
        },
        0,
        1_000,
        10,
        "oo...XXX..",
    );
    // What lies before a gap that was let go of may have been another gap.
    check_bar(
        |f| {
            f.link_up(Time(0));
            say(f, "online", 0);
            for gap in 0..65 {
                f.link_down(Time(100 + 10 * gap));
                f.link_up(Time(105 + 10 * gap));
                say(f, "online", 105 + 10 * gap);
            }
        },
        0,
        1_000,
        10,
        ".ooooooooo",
    );
    check_bar(
        |f| {
            f.link_up(Time(0));
            say(f, "online", 0);
            for gap in 0..9 {
                f.cover(|_| false, Time(100 + 10 * gap));
                say(f, "online", 105 + 10 * gap);
            }
        },
        0,
        1_000,
        20,
        "..oooooooooooooooooo",
    );
}
