//! Refusals and failures: which the session tries again, and which need the user.

use super::*;

#[test]
fn mqtt_3_2_2_2_after_which_refusals_the_session_dials_again() {
    let check = |version, code: ReasonCode, link: &str| {
        let mut options = Options::new("c");
        options.version = VersionChoice::Only(version);
        let mut pair = Pair::new(options);
        pair.connect();
        pair.open();
        pair.say(connack(code));
        let seen = format!("{:?}", pair.session.link());
        assert!(seen.starts_with(link), "{seen} after {code:?}");
        assert_eq!(pair.lines.pop().as_deref(), Some("close"));
        // The failure stays until CONNACK, also while the user tries again.
        let failure = pair.session.last_failure().cloned().expect("a failure");
        pair.connect();
        assert_eq!((pair.session.link(), pair.session.last_failure()), (Link::Connecting, Some(&failure)));
        pair.open();
        assert_eq!(pair.session.last_failure(), Some(&failure));
        pair.accept();
        assert_eq!((pair.session.link(), pair.session.last_failure()), (Link::Connected, None));
    };
    use ReasonCode::*;
    for code in [UnsupportedProtocolVersion, ClientIdentifierNotValid, BadUserNameOrPassword, NotAuthorized] {
        check(Version::V311, code, "Refused");
        check(Version::V5, code, "Refused");
    }
    for code in
        [Banned, BadAuthenticationMethod, UseAnotherServer, ServerMoved, TopicNameInvalid, QoSNotSupported]
    {
        check(Version::V5, code, "Refused");
    }
    check(Version::V311, ServerUnavailable, "Waiting");
    for code in [ServerUnavailable, ServerBusy, QuotaExceeded, ConnectionRateExceeded, UnspecifiedError] {
        check(Version::V5, code, "Waiting");
    }
}

#[test]
fn mqtt_3_14_after_which_disconnects_the_session_dials_again() {
    use ReasonCode::*;
    for (code, link) in [
        (SessionTakenOver, "Refused"),
        (NotAuthorized, "Refused"),
        (UseAnotherServer, "Refused"),
        (ServerMoved, "Refused"),
        (ServerShuttingDown, "Waiting"),
        (ServerBusy, "Waiting"),
        (KeepAliveTimeout, "Waiting"),
        (QuotaExceeded, "Waiting"),
        (AdministrativeAction, "Waiting"),
        (MaximumConnectTime, "Waiting"),
        (Success, "Waiting"),
    ] {
        let mut pair = Pair::connected(Version::V5, |_| {});
        pair.say(Packet::Disconnect(Disconnect::new(code)));
        let failure = if code == SessionTakenOver { "TakenOver".to_owned() } else { format!("{code:?}") };
        pair.expect([&format!("! disconnected: {failure}"), "close"]);
        assert!(format!("{:?}", pair.session.link()).starts_with(link), "{code:?}");
        pair.close(true);
        pair.expect([]);
        if link == "Refused" {
            pair.pass(s(3600));
            pair.session.retry_now(pair.now);
            pair.drive();
            pair.expect([]);
            pair.connect();
            pair.expect(["open"]);
        }
    }
}

#[test]
fn a_disconnect_from_a_3_1_1_server_ends_the_link() {
    // The broker of the crate mqtt5 does this on a takeover, and leaves the socket open.
    let mut pair = Pair::connected(Version::V311, |_| {});
    pair.say(Packet::Disconnect(Disconnect::new(ReasonCode::Success)));
    pair.expect(["! disconnected: PacketUnexpected in DISCONNECT", "close"]);
    pair.expect_waiting();
}

#[test]
fn mqtt_3_2_2_3_16_a_server_reference_is_reported() {
    let mut pair = Pair::new(Options::new("c"));
    pair.connect();
    pair.open();
    pair.say_bytes(b"\x20\x0d\0\x9d\x0a\x1c\0\x01b\x1f\0\x03bye");
    let Some(Failure::ConnectRefused { reason, server_reference, reason_string, .. }) =
        pair.session.last_failure()
    else {
        panic!()
    };
    assert_eq!(
        (*reason, server_reference.as_deref(), reason_string.as_deref()),
        (ReasonCode::ServerMoved, Some("b"), Some("bye"))
    );
    let mut pair = Pair::connected(Version::V5, |_| {});
    pair.say_bytes(b"\xe0\x0c\x9c\x0a\x1c\0\x01b\x1f\0\x03bye");
    let Some(Failure::ServerDisconnect { reason, server_reference, reason_string }) =
        pair.session.last_failure()
    else {
        panic!()
    };
    assert_eq!(
        (*reason, server_reference.as_deref(), reason_string.as_deref()),
        (ReasonCode::UseAnotherServer, Some("b"), Some("bye"))
    );
    assert_eq!(pair.session.link(), Link::Refused);
}

#[test]
fn options_without_a_valid_connect_need_the_user() {
    let check = |change: fn(&mut Options), words: &str| {
        let mut options = Options::new("c");
        change(&mut options);
        let mut pair = Pair::new(options);
        pair.connect();
        pair.open();
        pair.expect(["open", &format!("! failed: options: {words}"), "close"]);
        assert_eq!(pair.session.link(), Link::Refused);
    };
    check(|options| options.client_id = "a\0".to_owned(), "client_id NulCharacter");
    check(|options| options.user = Some("a".repeat(65_536)), "user_name FieldTooLong");
    check(|options| options.will = Some(OwnedWill::default()), "will_topic TopicNameEmpty");
    check(|options| options.max_packet_size = 0, "maximum_packet_size PropertyValue");
    check(|options| options.receive_maximum = 0, "receive_maximum PropertyValue");
    check(
        |options| options.user_properties = vec![("a\0".into(), String::new())],
        "user_property NulCharacter",
    );
    check(
        |options| options.will = Some(OwnedWill { topic: "a/#".to_owned(), ..OwnedWill::default() }),
        "will_topic TopicNameWildcard",
    );
}
