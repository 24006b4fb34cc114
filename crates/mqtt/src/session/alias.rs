//! Topic aliases of 5.0, both ways (section 3.3.2.3.4): short numbers for long names.
//!
//! Belongs to one connection and dies with it ([MQTT-3.3.2-7]). Never holds more than the options
//! say. The session calls it.

use std::collections::VecDeque;

use super::{CommandError, Core};
use crate::error::Violation;
use crate::packet::{Packet, PacketType, Publish};
use crate::property::{Place, PropertiesBuf, Property};
use crate::topic::TopicName;

/// An alias takes three bytes, and may make Property Length one byte longer.
const COST: usize = 4;
/// As many topics are remembered as published once, for each alias that may be given.
const SEEN_PER_ALIAS: usize = 4;

/// The aliases that the server gave.
#[derive(Debug, Default)]
pub(super) struct ReceivedAliases {
    /// The name of each alias from 1 on; empty if it has none.
    names: Vec<Box<str>>,
    /// Of all names together.
    bytes: usize,
    most_bytes: usize,
    maximum: u16,
}

impl ReceivedAliases {
    pub(super) fn new(maximum: u16, most_bytes: u32) -> Self {
        ReceivedAliases { maximum, most_bytes: most_bytes as usize, ..ReceivedAliases::default() }
    }

    /// Notes what the alias stands for from now on, if it comes with a name.
    fn note(&mut self, alias: u16, topic: TopicName<'_>) -> Result<(), Violation> {
        match self.maximum {
            // [MQTT-3.1.2-27]
            0 => return Err(Violation::TopicAliasForbidden),
            // [MQTT-3.1.2-26]
            maximum if alias > maximum => return Err(Violation::TopicAliasTooLarge),
            _ => {}
        }
        let index = usize::from(alias) - 1;
        let known = self.names.get(index).map_or(0, |name| name.len());
        let name = topic.as_str();
        if name.is_empty() {
            return if known > 0 { Ok(()) } else { Err(Violation::TopicAliasUnknown) };
        }
        if self.bytes - known + name.len() > self.most_bytes {
            return Err(Violation::TopicAliasesTooLong);
        }
        if index >= self.names.len() {
            self.names.resize(index + 1, Box::default());
        }
        self.bytes = self.bytes - known + name.len();
        if *self.names[index] != *name {
            self.names[index] = name.into();
        }
        Ok(())
    }

    /// What an alias stands for that was noted.
    pub(super) fn name(&self, alias: u16) -> TopicName<'_> {
        TopicName::from_wire(&self.names[usize::from(alias) - 1])
    }
}

/// The aliases that this client gave: to the first topics that are published a second time.
#[derive(Debug, Default)]
pub(super) struct GivenAliases {
    /// By topic, sorted.
    aliases: Vec<(Box<str>, u16)>,
    /// Topics that were published once, by their hashes: two that share one cost a few bytes.
    seen: VecDeque<u64>,
    maximum: u16,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Naming {
    Name,
    NameAndAlias(u16),
    Alias(u16),
}

impl GivenAliases {
    pub(super) fn new(maximum: u16) -> Self {
        GivenAliases { maximum, ..GivenAliases::default() }
    }

    fn naming(&self, topic: TopicName<'_>) -> Naming {
        if self.maximum == 0 || topic.as_str().len() <= COST {
            return Naming::Name;
        }
        match self.place(topic) {
            Ok(place) => Naming::Alias(self.aliases[place].1),
            Err(_) if self.has_room() && self.seen.contains(&hash(topic)) => {
                Naming::NameAndAlias(self.aliases.len() as u16 + 1)
            }
            Err(_) => Naming::Name,
        }
    }

    fn place(&self, topic: TopicName<'_>) -> Result<usize, usize> {
        self.aliases.binary_search_by(|(known, _)| (**known).cmp(topic.as_str()))
    }

    /// A topic was queued under this naming.
    fn named(&mut self, topic: TopicName<'_>, naming: Naming) {
        match naming {
            Naming::Alias(_) => {}
            Naming::NameAndAlias(alias) => {
                let place = self.place(topic).unwrap_or_else(|place| place);
                self.aliases.insert(place, (topic.as_str().into(), alias));
            }
            Naming::Name if self.has_room() && topic.as_str().len() > COST => {
                let hash = hash(topic);
                if !self.seen.contains(&hash) {
                    self.seen.push_back(hash);
                }
                if self.seen.len() > SEEN_PER_ALIAS * usize::from(self.maximum) {
                    self.seen.pop_front();
                }
            }
            Naming::Name => {}
        }
    }

    fn has_room(&self) -> bool {
        self.aliases.len() < self.maximum.into()
    }
}

fn hash(topic: TopicName<'_>) -> u64 {
    // FNV-1a.
    let mix = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01B3);
    topic.as_str().as_bytes().iter().fold(0xCBF2_9CE4_8422_2325, mix)
}

impl Core {
    /// The alias of a message that has one, noted. `None`: it is none, and the link has ended.
    #[cold]
    pub(super) fn alias(&mut self, publish: &Publish<'_>) -> Option<u16> {
        let alias = publish.properties.find(|property| match property {
            Property::TopicAlias(alias) => Some(alias),
            _ => None,
        })?;
        match self.connection.received_aliases.note(alias, publish.topic) {
            Ok(()) => Some(alias),
            Err(violation) => {
                self.protocol_error(self.error(PacketType::Publish, "topic_alias", violation));
                None
            }
        }
    }

    /// Queues a PUBLISH of a caller's, with an alias where that saves bytes.
    pub(super) fn command_publish(&mut self, publish: Publish<'_>) -> Result<(), CommandError> {
        let topic = publish.topic;
        let mut naming = self.connection.given_aliases.naming(topic);
        let mut result = match naming {
            Naming::Name => self.command(&Packet::Publish(publish)),
            Naming::NameAndAlias(alias) => self.command_alias(publish, alias),
            Naming::Alias(alias) => {
                self.command_alias(Publish { topic: TopicName::ALIASED, ..publish }, alias)
            }
        };
        if let (Naming::NameAndAlias(_), Err(CommandError::PacketTooLarge)) = (naming, result) {
            naming = Naming::Name;
            result = self.command(&Packet::Publish(publish));
        }
        if result.is_ok() {
            self.connection.given_aliases.named(topic, naming);
        }
        result
    }

    fn command_alias(&mut self, publish: Publish<'_>, alias: u16) -> Result<(), CommandError> {
        let place = Place::Packet(PacketType::Publish);
        let mut properties = PropertiesBuf::from_properties(publish.properties, place);
        properties.push(Property::TopicAlias(alias)).map_err(CommandError::Invalid)?;
        self.command(&Packet::Publish(Publish { properties: properties.as_properties(), ..publish }))
    }
}
