//! The messages: of as many devices, in no order, as a broker's table of retained messages gives them.

/// A topic and a payload.
pub type Message = (String, &'static str);

/// What is searched for: one device in a hundred has it in its topic.
pub const SEARCH: &str = "node-0042";

/// A device's topic: 37 bytes, of which 30 are its id.
fn topic(number: usize) -> String {
    format!("factory-{:02}/site-{:02}/node-{number:06}/status", number % 10, number % 37)
}

/// One device in 32 is offline at first.
fn is_offline(number: usize) -> bool {
    number.is_multiple_of(32)
}

/// What every device said last, in no order.
pub fn retained(devices: usize) -> Vec<Message> {
    let word = |number: usize| if is_offline(number) { "offline" } else { "online" };
    shuffled(devices).map(|number| (topic(number), word(number))).collect()
}

/// As many live messages as there are devices, twice: of a hundred, 80 repeat what was known, 15 change it and
/// 5 are of no use. The second ones change it back.
pub fn live(devices: usize) -> [Vec<Message>; 2] {
    [false, true].map(|back| {
        let message = |(position, number): (usize, usize)| match position % 100 {
            0..80 => (topic(number), if is_offline(number) { "offline" } else { "online" }),
            80..95 => (topic(number), if is_offline(number) == back { "offline" } else { "online" }),
            95..98 => (topic(number), "rebooting"),
            _ => (format!("factory/site/node-{number:06}/temperature"), "21.5"),
        };
        shuffled(devices).enumerate().map(message).collect()
    })
}

/// The changes of one frame at 60,000 a second, there and back.
pub fn frames(devices: usize) -> [Vec<Message>; 2] {
    [false, true].map(|back| {
        let word = |number: usize| if is_offline(number) == back { "offline" } else { "online" };
        shuffled(devices).skip(777).take(1_000).map(|number| (topic(number), word(number))).collect()
    })
}

/// The numbers below this one, each once. A prime that does not divide their number takes them there.
fn shuffled(devices: usize) -> impl Iterator<Item = usize> {
    (0..devices).map(move |step| step * 48_271 % devices)
}
