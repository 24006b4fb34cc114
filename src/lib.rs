//! The page of Willow: a status board for MQTT devices, in the browser.
//!
//! In reading order: [`address`] (where to connect), [`link`] (the browser side of a session), what the board says
//! of it as typed choices ([`state`], made of [`headline`], [`diagnosis`], [`notes`]; [`timeline`]) and as a text for
//! whoever helps ([`report`]), what the visitor looks at ([`view`]), what this browser keeps ([`profiles`], [`store`])
//! and where it stands ([`sections`], [`geometry`]), how values, bytes and words are written ([`intl`], [`bytes`],
//! [`words`]), and [`ui`], which lays it all out. Below `link` stand the crates `fleet` and `mqtt`, which know nothing
//! of a browser.
#![warn(missing_docs)]
#![forbid(unsafe_code)]

pub mod address;
pub mod bytes;
pub mod diagnosis;
pub mod geometry;
pub mod headline;
pub mod intl;
pub mod link;
pub mod notes;
pub mod profiles;
pub mod report;
pub mod sections;
pub mod state;
pub mod store;
pub mod timeline;
pub mod ui;
pub mod view;
pub mod words;

#[cfg(test)]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
