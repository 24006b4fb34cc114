//! Which version is tried, and falling back to 3.1.1.

use super::*;

/// What a server does with a CONNECT of one version.
#[derive(Clone, Copy, Debug)]
enum Reaction {
    Accepts,
    Says(&'static [u8]),
    Closes,
    KeepsQuiet,
    NeverOpens,
    Fails,
}

#[test]
fn the_version_falls_back_as_the_contract_says() {
    use Reaction::*;
    const V5_REFUSED: &[u8] = &[0x20, 3, 0, 0x84, 0];
    const V5_CODE_1: &[u8] = &[0x20, 3, 0, 0x01, 0];
    const V311_SHAPE: &[u8] = &[0x20, 2, 0, 0];
    const V311_REFUSED: &[u8] = &[0x20, 2, 0, 1];
    const V311_BAD_LOGIN: &[u8] = &[0x20, 2, 0, 5];
    const V5_BUSY: &[u8] = &[0x20, 3, 0, 0x89, 0];
    const V5_BAD_LOGIN: &[u8] = &[0x20, 3, 0, 0x86, 0];

    /// One attempt: how the server reacts to 5.0 and to 3.1.1, and the transcript.
    fn check(choice: VersionChoice, v5: Reaction, v311: Reaction, expected: &[&str], link: &str) {
        let mut options = Options::new("c");
        options.version = choice;
        let mut pair = Pair::new(options);
        pair.connect();
        for _ in 0..2 {
            if pair.session.core.state != State::Opening {
                break;
            }
            let reaction = if pair.session.core.version == Version::V5 { v5 } else { v311 };
            match reaction {
                NeverOpens => {
                    pair.pass(s(10));
                    continue;
                }
                Fails => {
                    pair.close(false);
                    continue;
                }
                _ => pair.open(),
            }
            match reaction {
                Accepts => pair.accept(),
                Says(bytes) => pair.say_bytes(bytes),
                Closes => pair.close(true),
                KeepsQuiet => pair.pass(s(10)),
                NeverOpens | Fails => {}
            }
        }
        assert_eq!(pair.lines, expected, "{choice:?} {v5:?} {v311:?}");
        let seen = format!("{:?}", pair.session.link());
        assert!(seen.starts_with(link), "{seen} after {choice:?} {v5:?} {v311:?}");
        if link == "Waiting" {
            pair.expect_waiting();
            // If neither worked, the next attempt starts with 5.0 again.
            pair.lines.clear();
            pair.pass(s(30));
            assert_eq!(pair.lines[0], "open");
            let first =
                if choice == VersionChoice::Only(Version::V311) { Version::V311 } else { Version::V5 };
            assert_eq!(pair.session.core.version, first);
        }
    }

    let newest = VersionChoice::Newest;
    check(newest, Accepts, KeepsQuiet, &["open", "> CONNECT 5", "! connected 5"], "Connected");
    for bytes in [V5_REFUSED, V5_CODE_1, V311_SHAPE, V311_REFUSED, V311_BAD_LOGIN] {
        check(
            newest,
            Says(bytes),
            Accepts,
            &["open", "> CONNECT 5", "close", "open", "> CONNECT 3.1.1", "! connected 3.1.1"],
            "Connected",
        );
    }
    check(
        newest,
        Closes,
        Accepts,
        &["open", "> CONNECT 5", "open", "> CONNECT 3.1.1", "! connected 3.1.1"],
        "Connected",
    );
    check(
        newest,
        Closes,
        Closes,
        &["open", "> CONNECT 5", "open", "> CONNECT 3.1.1", "! failed: closed before CONNACK (3.1.1)"],
        "Waiting",
    );
    check(
        newest,
        Says(V311_SHAPE),
        Says(V311_BAD_LOGIN),
        &[
            "open",
            "> CONNECT 5",
            "close",
            "open",
            "> CONNECT 3.1.1",
            "! failed: NotAuthorized (3.1.1)",
            "close",
        ],
        "Refused",
    );
    check(
        newest,
        Says(V5_REFUSED),
        Says(V311_REFUSED),
        &[
            "open",
            "> CONNECT 5",
            "close",
            "open",
            "> CONNECT 3.1.1",
            "! failed: version refused (3.1.1)",
            "close",
        ],
        "Waiting",
    );
    // These are no reason to fall back.
    check(newest, Fails, Accepts, &["open", "! failed: NotOpened { code: Some(1006) }"], "Waiting");
    check(newest, NeverOpens, Accepts, &["open", "! failed: OpenTimeout", "close"], "Waiting");
    check(
        newest,
        KeepsQuiet,
        Accepts,
        &["open", "> CONNECT 5", "! failed: ConnackTimeout { version: V5 }", "close"],
        "Waiting",
    );
    check(
        newest,
        Says(V5_BUSY),
        Accepts,
        &["open", "> CONNECT 5", "! failed: ServerBusy (5)", "close"],
        "Waiting",
    );
    check(
        newest,
        Says(V5_BAD_LOGIN),
        Accepts,
        &["open", "> CONNECT 5", "! failed: BadUserNameOrPassword (5)", "close"],
        "Refused",
    );
    // A forced version.
    let only5 = VersionChoice::Only(Version::V5);
    for bytes in [V5_REFUSED, V5_CODE_1, V311_SHAPE, V311_REFUSED] {
        check(
            only5,
            Says(bytes),
            Accepts,
            &["open", "> CONNECT 5", "! failed: version refused (5)", "close"],
            "Refused",
        );
    }
    check(only5, Closes, Accepts, &["open", "> CONNECT 5", "! failed: closed before CONNACK (5)"], "Waiting");
    let only311 = VersionChoice::Only(Version::V311);
    check(only311, Accepts, Accepts, &["open", "> CONNECT 3.1.1", "! connected 3.1.1"], "Connected");
    check(
        only311,
        Accepts,
        Says(V311_REFUSED),
        &["open", "> CONNECT 3.1.1", "! failed: version refused (3.1.1)", "close"],
        "Refused",
    );
}

#[test]
fn the_version_that_worked_is_tried_first_until_it_fails() {
    let mut pair = Pair::new(Options::new("c"));
    pair.connect();
    pair.open();
    pair.close(true);
    pair.open();
    pair.accept();
    pair.expect(["open", "> CONNECT 5", "open", "> CONNECT 3.1.1", "! connected 3.1.1"]);
    pair.close(true);
    pair.pass(pair.delay());
    pair.open();
    pair.expect(["! disconnected: Closed { code: Some(1006) }", "open", "> CONNECT 3.1.1"]);
    pair.say_bytes(&[0x20, 2, 0, 1]);
    pair.expect(["! failed: version refused (3.1.1)", "close"]);
    pair.pass(pair.delay());
    pair.open();
    pair.accept();
    pair.expect(["open", "> CONNECT 5", "! connected 5"]);
    // 5.0 has worked before, so a close has another reason, once.
    pair.close(true);
    pair.pass(pair.delay());
    pair.open();
    pair.close(true);
    pair.expect([
        "! disconnected: Closed { code: Some(1006) }",
        "open",
        "> CONNECT 5",
        "! failed: closed before CONNACK (5)",
    ]);
    pair.pass(pair.delay());
    pair.open();
    pair.close(true);
    pair.expect(["open", "> CONNECT 5", "open"]);
}
