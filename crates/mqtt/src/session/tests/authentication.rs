//! Enhanced authentication by AUTH.

use super::*;

/// The options of a session that authenticates by the method M.
fn authenticating(options: &mut Options) {
    options.authentication = Some(Authentication { method: "M".to_owned(), data: Some(b"first".to_vec()) });
}

/// CONNECT was sent, and it is the server's turn.
fn authenticating_pair(change: impl FnOnce(&mut Options)) -> Pair {
    let mut options = Options::new("c");
    authenticating(&mut options);
    change(&mut options);
    let mut pair = Pair::new(options);
    pair.connect();
    pair.open();
    pair.lines.clear();
    pair
}

impl Pair {
    /// The server sends an AUTH or a CONNACK. Without a method it has no properties.
    fn say_auth(&mut self, packet: PacketType, reason_code: ReasonCode, method: Option<&str>, data: &str) {
        let method = method.map(Property::AuthenticationMethod);
        let data = Property::AuthenticationData(data.as_bytes());
        let with_data = method.into_iter().flat_map(|method| [method, data]).collect::<Vec<_>>();
        let buf = properties(packet, &with_data);
        let properties = buf.as_properties();
        self.say(match packet {
            PacketType::Auth => Packet::Auth(Auth { reason_code, properties }),
            _ => Packet::Connack(Connack { session_present: false, reason_code, properties }),
        });
    }

    fn authenticate(&mut self, data: &str) {
        self.session.authenticate(data.as_bytes()).unwrap();
        self.drive();
    }
}

#[test]
fn mqtt_4_12_0_3_auth_is_exchanged_before_connack_and_after_it() {
    let mut pair = authenticating_pair(|_| {});
    // Not the client's turn.
    assert_eq!(pair.session.authenticate(b""), Err(CommandError::AuthenticationUnexpected));
    pair.say_auth(PacketType::Auth, ReasonCode::ContinueAuthentication, Some("M"), "q1");
    pair.expect([r#"! auth ContinueAuthentication Some("M") Some("q1")"#]);
    // Before CONNACK nothing else may be sent ([MQTT-3.1.2-30]).
    assert_eq!(pair.session.barrier(), Err(CommandError::NotConnected));
    assert_eq!(pair.session.reauthenticate(None), Err(CommandError::NotConnected));
    assert!(matches!(pair.session.authenticate(&[0; 0x1_0000]), Err(CommandError::Invalid(_))));
    pair.authenticate("a1");
    pair.expect([r#"> AUTH ContinueAuthentication Some("M") Some("a1")"#]);
    assert_eq!(pair.session.authenticate(b""), Err(CommandError::AuthenticationUnexpected));
    pair.say_auth(PacketType::Auth, ReasonCode::ContinueAuthentication, Some("M"), "q2");
    pair.authenticate("a2");
    pair.lines.clear();
    let method = Property::AuthenticationMethod("M");
    let buf = properties(PacketType::Connack, &[method, Property::AuthenticationData(b"last")]);
    pair.session.handle_bytes(&bytes(Version::V5, &[present(false, buf.as_properties())]), pair.now);
    let Some(Event::Connected(connected)) = pair.session.poll_event() else { panic!() };
    assert_eq!(connected.authentication_data, Some(&b"last"[..]));
    assert_eq!(pair.session.authenticate(b""), Err(CommandError::AuthenticationUnexpected));

    // Again, while everything else continues ([MQTT-4.12.1-1]).
    pair.session.reauthenticate(Some(b"new")).unwrap();
    assert_eq!(pair.session.reauthenticate(None), Err(CommandError::AuthenticationUnexpected));
    pair.drive();
    pair.publish(QoS::AtMostOnce);
    pair.say_auth(PacketType::Auth, ReasonCode::ContinueAuthentication, Some("M"), "q");
    pair.message(false);
    pair.authenticate("a");
    pair.say_auth(PacketType::Auth, ReasonCode::Success, Some("M"), "good");
    pair.expect([
        r#"> AUTH ReAuthenticate Some("M") Some("new")"#,
        "> PUBLISH",
        r#"! auth ContinueAuthentication Some("M") Some("q")"#,
        "! t",
        r#"> AUTH ContinueAuthentication Some("M") Some("a")"#,
        r#"! auth Success Some("M") Some("good")"#,
    ]);
    // Section 3.15.2.1: an AUTH with Success may leave out everything.
    pair.session.reauthenticate(None).unwrap();
    pair.drive();
    pair.say_bytes(&[0xF0, 0]);
    pair.expect([r#"> AUTH ReAuthenticate Some("M") None"#, "! auth Success None None"]);
    // [MQTT-4.12.1-2]
    pair.session.reauthenticate(None).unwrap();
    pair.say(Packet::Disconnect(Disconnect::new(ReasonCode::NotAuthorized)));
    pair.expect(["! disconnected: NotAuthorized", "close"]);
    assert_eq!(pair.session.link(), Link::Refused);
    assert_eq!(pair.session.reauthenticate(None), Err(CommandError::NotConnected));
    assert_eq!(pair.session.authenticate(b""), Err(CommandError::NotConnected));
}

#[test]
fn mqtt_4_12_0_5_the_method_stays_the_same_and_each_side_waits_for_its_turn() {
    type Wrong = (PacketType, ReasonCode, Option<&'static str>, &'static str);
    const AUTH: PacketType = PacketType::Auth;
    let check = |(packet, reason_code, method, violation): Wrong| {
        let mut pair = authenticating_pair(|_| {});
        pair.say_auth(packet, reason_code, method, "");
        pair.expect([&format!("! failed: {violation} in {packet}"), "close"]);
        pair.expect_waiting();
    };
    let (asks, accepts) = (ReasonCode::ContinueAuthentication, ReasonCode::Success);
    check((AUTH, asks, Some("N"), "AuthenticationMethodOther"));
    check((AUTH, asks, None, "AuthenticationMethodOther"));
    check((PacketType::Connack, accepts, Some("N"), "AuthenticationMethodOther"));
    check((PacketType::Connack, accepts, None, "AuthenticationMethodOther"));
    check((AUTH, accepts, Some("M"), "PacketUnexpected"));
    check((AUTH, ReasonCode::ReAuthenticate, Some("M"), "PacketUnexpected"));

    // It is the client's turn, before CONNACK and after it.
    let mut pair = authenticating_pair(|_| {});
    pair.say_auth(AUTH, asks, Some("M"), "");
    pair.say_auth(AUTH, asks, Some("M"), "");
    assert_eq!(pair.lines[1..], ["! failed: PacketUnexpected in AUTH", "close"]);
    // Re-authentication was not requested.
    let mut pair = authenticating_pair(|_| {});
    pair.say_auth(PacketType::Connack, accepts, Some("M"), "");
    pair.say_auth(AUTH, asks, Some("M"), "");
    pair.expect([
        "! connected 5",
        "! disconnected: PacketUnexpected in AUTH",
        "> DISCONNECT ProtocolError",
        "close",
    ]);
    // A refusal needs no method.
    let mut pair = authenticating_pair(|_| {});
    pair.say_auth(PacketType::Connack, ReasonCode::BadAuthenticationMethod, None, "");
    pair.expect(["! failed: BadAuthenticationMethod (5)", "close"]);
    assert_eq!(pair.session.link(), Link::Refused);
}

#[test]
fn mqtt_4_12_0_6_no_authentication_where_none_was_asked_for() {
    let check = |packet| {
        let mut options = Options::new("c");
        options.version = VersionChoice::Only(Version::V5);
        let mut pair = Pair::new(options);
        pair.connect();
        pair.open();
        pair.lines.clear();
        let reason =
            if packet == PacketType::Auth { ReasonCode::ContinueAuthentication } else { ReasonCode::Success };
        pair.say_auth(packet, reason, Some("M"), "");
        pair.expect([&format!("! failed: AuthenticationUnasked in {packet}"), "close"]);
        pair.expect_waiting();
    };
    check(PacketType::Auth);
    check(PacketType::Connack);
    // [MQTT-4.12.0-7]
    let mut pair = Pair::connected(Version::V5, |_| {});
    assert_eq!(pair.session.reauthenticate(Some(b"")), Err(CommandError::AuthenticationUnexpected));
    assert_eq!(pair.session.authenticate(b""), Err(CommandError::AuthenticationUnexpected));
    pair.session.set_authentication_data(Some(b"x".to_vec()));
    assert_eq!(pair.session.options().authentication, None);
}

#[test]
fn mqtt_4_12_authentication_prevents_falling_back_to_3_1_1() {
    let mut options = Options::new("c");
    authenticating(&mut options);
    options.version = VersionChoice::Only(Version::V311);
    let mut pair = Pair::new(options);
    pair.connect();
    pair.open();
    pair.expect(["open", "! failed: options: authentication_method NotInThisVersion", "close"]);
    assert_eq!(pair.session.link(), Link::Refused);
    // There is no falling back for a server that speaks only 3.1.1.
    let mut pair = authenticating_pair(|_| {});
    pair.say_bytes(&[0x20, 2, 0, 0]);
    pair.expect(["! failed: version refused (5)", "close"]);
    assert_eq!(pair.session.link(), Link::Refused);
    let mut pair = authenticating_pair(|_| {});
    pair.close(true);
    pair.expect(["! failed: closed before CONNACK (5)"]);
    pair.expect_waiting();
}

#[test]
fn mqtt_4_12_an_exchange_has_the_connect_timeout_and_starts_again_on_each_link() {
    let mut pair = authenticating_pair(|options| options.connect_timeout = s(10));
    for _ in 0..3 {
        pair.pass(s(3));
        pair.say_auth(PacketType::Auth, ReasonCode::ContinueAuthentication, Some("M"), "");
        pair.authenticate("");
    }
    pair.lines.clear();
    pair.pass(s(1));
    assert_eq!(pair.lines[0], "! failed: ConnackTimeout { version: V5 }");
    // The Authentication Data may be new each time.
    pair.session.set_authentication_data(Some(b"nonce-2".to_vec()));
    pair.session.connect(pair.now);
    while pair.session.poll_transmit() != Some(Transmit::Open) {}
    pair.session.handle_open(pair.now);
    let Some(Transmit::Send(bytes)) = pair.session.poll_transmit() else { panic!() };
    let Ok(Packet::Connect(connect)) = decode::decode(bytes, Version::V5) else { panic!() };
    assert!(connect.properties.iter().any(|p| p == Property::AuthenticationMethod("M")));
    assert!(connect.properties.iter().any(|p| p == Property::AuthenticationData(b"nonce-2")));
    assert_eq!(pair.session.authenticate(b""), Err(CommandError::AuthenticationUnexpected));
    // And no log shows it.
    let shown = format!("{:?}", pair.session.options());
    assert!(shown.contains("\"M\"") && !shown.contains("nonce") && !shown.contains("110"), "{shown}");
}
