//! Topic aliases of 5.0 in both directions (section 3.3.2.3.4): numbers that stand for long topic names.
//!
//! Aliases belong to one connection and end with it ([MQTT-3.3.2-7]). Never holds more than the options
//! allow. The session calls it.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::CommandError;
use super::state::Core;
use crate::error::Violation;
use crate::packet::{Packet, PacketType, Publish};
use crate::property::{Place, PropertiesBuf, Property};
use crate::topic::TopicName;

/// The bytes that an alias costs: three for the property, and one if Property Length becomes longer.
const COST: usize = 4;
/// For each alias that may be assigned, this many topics are remembered as published once.
const SEEN_PER_ALIAS: usize = 4;

/// The aliases that the server assigned.
#[derive(Debug, Default)]
pub(super) struct ReceivedAliases {
    /// The topic name of each alias, from alias 1 on; empty if the alias is not assigned.
    names: Vec<Box<str>>,
    /// The length of all names together.
    bytes: usize,
    max_bytes: usize,
    maximum: u16,
}

impl ReceivedAliases {
    /// `maximum`: the Topic Alias Maximum of CONNECT. `max_bytes`: for all names together.
    pub(super) fn new(maximum: u16, max_bytes: u32) -> Self {
        ReceivedAliases { maximum, max_bytes: max_bytes as usize, ..ReceivedAliases::default() }
    }

    /// A PUBLISH uses this alias: assigns the name to it, if the PUBLISH has one.
    fn assign(&mut self, alias: u16, topic: TopicName<'_>) -> Result<(), Violation> {
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
        if self.bytes - known + name.len() > self.max_bytes {
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

    /// The topic name of an alias that is assigned.
    pub(super) fn name(&self, alias: u16) -> TopicName<'_> {
        TopicName::from_wire(&self.names[usize::from(alias) - 1])
    }
}

/// The aliases that this client assigned: to the first topics that are published a second time.
#[derive(Debug, Default)]
pub(super) struct SentAliases {
    aliases: HashMap<Box<str>, u16>,
    /// Topics that were published once, by their hashes. If two share a hash, an alias is assigned one PUBLISH
    /// too early, which costs four bytes.
    seen: VecDeque<u64>,
    maximum: u16,
}

/// How a PUBLISH names its topic.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Naming {
    Name,
    /// With the name, which assigns the alias.
    NameAndAlias(u16),
    Alias(u16),
}

impl SentAliases {
    /// `maximum`: how many aliases may be assigned.
    pub(super) fn new(maximum: u16) -> Self {
        SentAliases { maximum, ..SentAliases::default() }
    }

    fn naming(&self, topic: TopicName<'_>) -> Naming {
        if self.maximum == 0 || topic.as_str().len() <= COST {
            return Naming::Name;
        }
        match self.aliases.get(topic.as_str()) {
            Some(alias) => Naming::Alias(*alias),
            None if self.has_room() && self.seen.contains(&hash(topic)) => {
                Naming::NameAndAlias(self.aliases.len() as u16 + 1)
            }
            None => Naming::Name,
        }
    }

    /// A PUBLISH that names its topic in this way was queued.
    fn queued(&mut self, topic: TopicName<'_>, naming: Naming) {
        match naming {
            Naming::Alias(_) => {}
            Naming::NameAndAlias(alias) => {
                self.aliases.insert(topic.as_str().into(), alias);
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
    let mut hasher = DefaultHasher::new();
    topic.hash(&mut hasher);
    hasher.finish()
}

impl Core {
    /// The alias of a received PUBLISH that has one. `None`: the alias is not valid, and the link has ended.
    #[cold]
    pub(super) fn alias(&mut self, publish: &Publish<'_>) -> Option<u16> {
        let alias = publish.properties.find(|property| match property {
            Property::TopicAlias(alias) => Some(alias),
            _ => None,
        })?;
        match self.connection.received_aliases.assign(alias, publish.topic) {
            Ok(()) => Some(alias),
            Err(violation) => {
                self.protocol_error(self.error(PacketType::Publish, "topic_alias", violation));
                None
            }
        }
    }

    /// Queues a PUBLISH for the caller, with an alias where that saves bytes.
    pub(super) fn command_publish(&mut self, publish: Publish<'_>) -> Result<(), CommandError> {
        let topic = publish.topic;
        let mut naming = self.connection.sent_aliases.naming(topic);
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
            self.connection.sent_aliases.queued(topic, naming);
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
