//! The page of Willow: a status board for MQTT devices, in the browser.
//!
//! [`app::App`] is mounted once. It provides the context that the features share ([`context`]) and lays the features
//! out: [`board`], [`device`], [`connection`], [`forget`], [`help`]. Each feature is a folder of components with the pure
//! decisions beside them, and knows no other feature. Below them lie the building blocks ([`components`]), what the
//! browser keeps ([`storage`]), and the browser side of a connection ([`client`]). The crates `fleet` and `mqtt` know
//! nothing of a browser.
#![warn(missing_docs)]
#![forbid(unsafe_code)]

pub mod app;
pub mod bidi;
pub mod board;
pub mod client;
pub mod components;
pub mod connection;
pub mod context;
pub mod device;
pub mod forget;
pub mod format;
pub mod header;
pub mod help;
pub mod i18n;
pub mod percent;
pub mod route;
pub mod storage;
pub mod view;
pub mod wording;

#[cfg(test)]
mod testing;

#[cfg(test)]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
