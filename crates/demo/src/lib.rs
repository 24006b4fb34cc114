//! Willow's demo: a broker in this process and a simulated fleet of devices that come, crash, fall silent and
//! return. It is native, never part of the page, and shares no code with it: the devices run on an independent
//! client library, so that the page is never tested against itself.
//!
//! Used by the binary `demo` and by the browser tests, which start the same broker and fleet inside themselves.
//!
//! In reading order: [`listen`] (addresses and what can be wrong with them), [`broker`], [`profile`] (who a
//! device is and what it publishes), [`device`] (how it lives), [`fleet`] (all of them), [`churn`] (chance
//! events), and the two ways to give orders, [`command`] (lines of text) and [`control`] (local HTTP).

pub mod broker;
pub mod churn;
pub mod command;
pub mod control;
pub mod device;
pub mod fleet;
pub mod listen;
pub mod profile;
