//! What one topic and one payload say about one device.
//!
//! A [`Convention`] is data, and a built-in one is a file. The [`Registry`] holds all of them; [`Owners`] finds the one
//! that owns a topic, and its [`Vocabulary`] reads the payload. Nothing here remembers a message: the transitions are in
//! [`crate::fleet`].

mod convention;
pub mod examples;
mod json;
mod owners;
mod registry;
mod vocabulary;

mod esphome;
mod homie;
mod homie5;
mod lwt;
mod openmqttgateway;
mod shelly;
mod shelly_gen1;
mod taichi_maker;
mod tasmota;
mod wled;
mod zigbee2mqtt;
mod zigbee2mqtt_bridge;

use examples::Examples;

pub use convention::{Convention, Level, Parent, ParentBy, Pattern};
pub use owners::{Id, MAX_BASES, Owner, Owners, RESERVED_ROOTS, RESERVED_TOPICS};
pub use registry::{ConventionId, Precedence, RegisterError, Registry};
pub(crate) use registry::{Dependence, breadth};
pub(crate) use vocabulary::word;
pub use vocabulary::{
    About, MAX_JSON, MAX_METADATA, MAX_NAME, MAX_WORD, Metadata, ReadJson, ReadMetadata, ReadNaming, Said,
    StatusTopic, Vocabulary, Words,
};

macro_rules! built_in {
    ($($file:ident),+ $(,)?) => {
        /// The built-in conventions, in the order of the contract's table: of two patterns with equally many literal
        /// levels the earlier one owns the topic.
        fn built_in() -> Vec<Convention> {
            vec![$($file::convention()),+]
        }

        /// The built-in conventions with their examples, in the same order. The page never calls it, so that the
        /// examples are not linked into it.
        pub fn examples() -> Vec<(Convention, &'static Examples)> {
            vec![$(($file::convention(), &$file::EXAMPLES)),+]
        }
    };
}

built_in! {
    taichi_maker,
    tasmota,
    openmqttgateway,
    wled,
    shelly_gen1,
    shelly,
    zigbee2mqtt_bridge,
    zigbee2mqtt,
    homie,
    homie5,
    esphome,
    lwt,
}
