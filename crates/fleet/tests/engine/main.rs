//! The engine against a scripted broker on virtual time: no sleeps, no ports.
//!
//! `broker` and `pair` are the harness: what the board sent is a transcript, and `Pair` checks devices and outcomes.
//! `subscribing`, `link` and `metadata` test the board, the `deleting` files test deleting retained messages.

mod broker;
mod deleting;
mod deleting_fails;
mod deleting_in_batches;
mod fixtures;
mod link;
mod metadata;
mod pair;
mod subscribing;
