//! The loading of subscriptions, driven by hand.

use mqtt::{BarrierId, PacketId, ReasonCode};

use super::*;
use crate::fleet::{Applied, Effect};

const SUCCESS: Option<ReasonCode> = Some(ReasonCode::Success);

fn id(number: u16) -> PacketId {
    PacketId::new(number).expect("not zero")
}

fn snapshot(filters: &[&str]) -> Snapshot {
    let (mut snapshot, rejected) = Snapshot::with_filters(filters.iter().map(|f| (*f).to_owned()).collect());
    assert_eq!(rejected, []);
    snapshot.link_up(false, Time(0));
    snapshot
}

/// Checks what must be sent next.
#[track_caller]
fn check(snapshot: &mut Snapshot, now: u64, expected: Option<&str>) {
    let step = snapshot.poll_step(Time(now)).map(|step| match step {
        Step::Subscribe(filter) => filter.as_str().to_owned(),
        Step::Barrier => "barrier".to_owned(),
        Step::Unsubscribe(filter) => format!("-{}", filter.as_str()),
    });
    assert_eq!(step.as_deref(), expected);
}

#[test]
fn a_barrier_answered_before_the_suback_is_sent_again() {
    let mut snapshot = snapshot(&["a/+", "b/+"]);
    check(&mut snapshot, 0, Some("a/+"));
    check(&mut snapshot, 0, None);
    snapshot.handle_subscribed(id(1), BarrierId(1));
    snapshot.handle_barrier(BarrierId(1), Time(5));
    check(&mut snapshot, 5, None);
    snapshot.handle_suback(id(1), SUCCESS, Time(6));
    check(&mut snapshot, 6, Some("barrier"));
    snapshot.handle_barrier_sent(BarrierId(2));
    check(&mut snapshot, 6, None);
    snapshot.handle_barrier(BarrierId(2), Time(7));
    assert_eq!(snapshot.subscriptions()[0].state(), SubscriptionState::Complete);
    check(&mut snapshot, 7, Some("b/+"));
}

#[test]
fn a_suback_that_never_comes_times_out() {
    let mut snapshot = snapshot(&["a/+", "b/+"]);
    check(&mut snapshot, 0, Some("a/+"));
    snapshot.handle_subscribed(id(1), BarrierId(1));
    assert_eq!(snapshot.poll_timeout(), None);
    snapshot.handle_barrier(BarrierId(1), Time(5));
    assert_eq!(snapshot.poll_timeout(), Some(Time(10_005)));
    snapshot.handle_timeout(Time(10_004));
    assert_eq!(snapshot.subscriptions()[0].state(), SubscriptionState::Loading);
    snapshot.handle_timeout(Time(10_005));
    let retry_at = Some(Time(11_005));
    assert_eq!(snapshot.subscriptions()[0].state(), SubscriptionState::Unknown { retry_at });
    check(&mut snapshot, 10_005, Some("b/+"));
}

#[test]
fn an_unanswered_snapshot_is_asked_for_three_times_more() {
    let mut snapshot = snapshot(&["a/+"]);
    let mut now = 0;
    for (barrier, wait) in [1_000, 2_000, 4_000].into_iter().enumerate() {
        check(&mut snapshot, now, Some("a/+"));
        snapshot.handle_subscribed(id(1), BarrierId(barrier as u64));
        snapshot.handle_suback(id(1), SUCCESS, Time(now));
        snapshot.handle_barrier_lost(BarrierId(barrier as u64), Time(now));
        assert_eq!(snapshot.poll_timeout(), Some(Time(now + wait)));
        check(&mut snapshot, now + wait - 1, None);
        now += wait;
    }
    check(&mut snapshot, now, Some("a/+"));
    snapshot.handle_subscribed(id(1), BarrierId(9));
    snapshot.handle_barrier_lost(BarrierId(9), Time(now));
    assert_eq!(snapshot.subscriptions()[0].state(), SubscriptionState::Unknown { retry_at: None });
    check(&mut snapshot, u64::MAX, None);
    assert_eq!(snapshot.state(), SnapshotState::Unknown);
    // A new link starts again.
    snapshot.link_down(Time(now));
    snapshot.link_up(false, Time(now));
    check(&mut snapshot, now, Some("a/+"));
}

#[test]
fn a_burst_that_ends_at_a_cut_length_is_cut_with_or_without_its_barrier() {
    for is_answered in [true, false] {
        let mut snapshot = snapshot(&["a/+"]);
        check(&mut snapshot, 0, Some("a/+"));
        snapshot.handle_subscribed(id(1), BarrierId(1));
        snapshot.handle_suback(id(1), SUCCESS, Time(0));
        snapshot.subscriptions[0].replays = 999;
        if is_answered {
            snapshot.handle_barrier(BarrierId(1), Time(0));
        } else {
            snapshot.handle_barrier_lost(BarrierId(1), Time(0));
        }
        assert_eq!(snapshot.subscriptions()[0].state(), SubscriptionState::Cut);
        assert_eq!((snapshot.state(), snapshot.poll_timeout()), (SnapshotState::Cut, None));
    }
}

/// mqtt5 0.49 may answer the PINGREQ before it has sent the retained messages.
#[test]
fn retained_messages_that_come_late_need_another_barrier() {
    let mut snapshot = snapshot(&["a/+"]);
    let topic = TopicName::new("a/b").expect("a plain name");
    let replay = |replayed_before| Applied { effect: Effect::FirstSight, device: None, replayed_before };
    check(&mut snapshot, 0, Some("a/+"));
    snapshot.handle_subscribed(id(1), BarrierId(1));
    snapshot.handle_suback(id(1), SUCCESS, Time(0));
    snapshot.handle_message(topic, true, &replay(false), Time(0));
    snapshot.handle_barrier(BarrierId(1), Time(0));
    assert_eq!(snapshot.state(), SnapshotState::Complete);
    for barrier in 2..5 {
        snapshot.handle_message(topic, true, &replay(false), Time(1));
        assert_eq!(snapshot.state(), SnapshotState::Loading);
        assert_eq!(snapshot.poll_step(Time(1)), Some(Step::Barrier));
        snapshot.handle_barrier_sent(BarrierId(barrier));
        assert_eq!(snapshot.poll_step(Time(1)), None);
        snapshot.handle_barrier(BarrierId(barrier), Time(1));
        assert_eq!(snapshot.state(), SnapshotState::Complete);
    }
    assert_eq!((snapshot.subscriptions()[0].replays(), snapshot.subscriptions()[0].topics()), (4, 4));
    // A broker that sets RETAIN on live messages must not keep the board loading forever.
    snapshot.handle_message(topic, true, &replay(true), Time(2));
    snapshot.handle_message(topic, false, &replay(false), Time(2));
    assert_eq!((snapshot.state(), snapshot.poll_step(Time(2))), (SnapshotState::Complete, None));
}

#[test]
fn a_server_without_wildcards_is_asked_for_literal_filters_only() {
    let mut snapshot = snapshot(&["a/b", "a/+"]);
    snapshot.link_up(true, Time(0));
    check(&mut snapshot, 0, Some("a/b"));
    snapshot.handle_subscribed(id(1), BarrierId(1));
    snapshot.handle_suback(id(1), SUCCESS, Time(0));
    snapshot.handle_barrier(BarrierId(1), Time(0));
    check(&mut snapshot, 0, None);
    let reason = ReasonCode::WildcardSubscriptionsNotSupported;
    assert_eq!(snapshot.subscriptions()[1].state(), SubscriptionState::Refused { reason, retry_at: None });
    assert_eq!((snapshot.poll_timeout(), snapshot.state()), (None, SnapshotState::Unknown));
}

#[test]
fn skipped_filters_are_added_when_the_broad_one_brings_nothing() {
    let mut snapshot = snapshot(&["a/+", "+/#"]);
    let texts = |snapshot: &Snapshot| -> Vec<String> {
        snapshot.subscriptions().iter().map(|subscription| subscription.as_str().to_owned()).collect()
    };
    for filter in ["a/b", "x/+/LWT", "x/+/LWT", "$x/+/LWT", "$share/g/x"] {
        snapshot.add(filter);
    }
    assert_eq!(texts(&snapshot), ["a/+", "+/#", "$x/+/LWT"]);
    check(&mut snapshot, 0, Some("a/+"));
    snapshot.handle_subscribed(id(1), BarrierId(1));
    snapshot.handle_suback(id(1), SUCCESS, Time(0));
    snapshot.handle_barrier(BarrierId(1), Time(0));
    check(&mut snapshot, 0, Some("+/#"));
    snapshot.handle_subscribed(id(2), BarrierId(2));
    snapshot.handle_suback(id(2), Some(ReasonCode::NotAuthorized), Time(0));
    assert_eq!(texts(&snapshot), ["a/+", "+/#", "$x/+/LWT", "x/+/LWT"]);
    // The next link asks for the narrow filters first.
    snapshot.link_down(Time(1));
    snapshot.link_up(false, Time(2));
    assert_eq!(texts(&snapshot), ["a/+", "$x/+/LWT", "x/+/LWT", "+/#"]);
    snapshot.switch(0, false, Time(3));
    assert_eq!(texts(&snapshot), ["a/+", "$x/+/LWT", "x/+/LWT", "+/#"]);
    snapshot.switch(3, false, Time(3));
    assert_eq!(texts(&snapshot), ["a/+", "$x/+/LWT", "x/+/LWT", "+/#", "a/b"]);
}

#[test]
fn a_shape_never_excludes_a_topic_that_the_filter_matches() {
    let filters =
        ["a", "a/b", "+", "#", "+/b", "a/+", "a/#", "+/+", "/", "+/", "/+", "a//b", "é/ü", "a/b/#", "+/b/c"];
    let topics = ["a", "b", "a/b", "b/b", "/", "a/", "/a", "a//b", "a/b/c", "é/ü", "$S/b", "$S"];
    for filter in filters {
        let subscription = Subscription::new(filter.to_owned());
        for topic in topics {
            let topic = TopicName::new(topic).expect("a topic");
            let matches = subscription.filter().matches(topic);
            assert_eq!(
                subscription.matches(topic, Shape::of_topic(topic)),
                matches,
                "{} {}",
                subscription.as_str(),
                topic.as_str()
            );
        }
    }
}
