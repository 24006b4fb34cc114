//! The back-off between attempts.

use super::*;

#[test]
fn the_delay_grows_to_a_bound_and_is_reset_only_by_a_stable_link() {
    for seed in 0..50 {
        let mut options = Options::new("c");
        options.seed = seed;
        let mut pair = Pair::new(options);
        pair.connect();
        let fail = |pair: &mut Pair, ceiling| {
            pair.close(false);
            assert!(pair.delay() >= ms(250) && pair.delay() <= s(ceiling), "{:?} of {ceiling}", pair.delay());
            pair.pass(pair.delay());
        };
        for ceiling in [1, 2, 4, 8, 16, 30, 30] {
            fail(&mut pair, ceiling);
        }
        // A flapping link: connected for less than ten seconds.
        let mut longest = Duration::ZERO;
        for _ in 0..20 {
            pair.open();
            pair.accept();
            pair.pass(ms(9_999));
            pair.close(true);
            longest = longest.max(pair.delay());
            pair.pass(pair.delay());
        }
        assert!(longest > s(10), "the delay fell back to {longest:?}");
        pair.open();
        pair.accept();
        pair.pass(s(10));
        pair.close(true);
        assert!(pair.delay() <= s(1));
        // `connect` resets the back-off, `retry_now` does not.
        for _ in 0..7 {
            pair.pass(pair.delay());
            pair.close(false);
        }
        assert_eq!(pair.session.core.backoff.clone().next().max(s(1)), {
            pair.session.retry_now(pair.now);
            pair.drive();
            pair.close(false);
            pair.delay().max(s(1))
        });
        pair.connect();
        fail(&mut pair, 1);
    }
}

#[test]
fn different_seeds_wait_differently() {
    let delay = |seed| {
        let mut options = Options::new("c");
        options.seed = seed;
        let mut pair = Pair::new(options);
        pair.connect();
        pair.close(false);
        pair.delay()
    };
    let delays = (0..100).map(delay).collect::<BTreeSet<_>>();
    assert!(delays.len() > 60, "{} of 100", delays.len());
    assert_eq!(delay(1), delay(1));
}
