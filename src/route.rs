//! The page's own address: what its query asks for ([`Request`]), and what its fragment shows ([`Route`]).
//!
//! Pure text and typed values. Only [`location`] and [`replace_location`] touch the browser. `app` keeps the address and
//! the signals equal; nothing here words an error.

use std::collections::BTreeSet;

use leptos::prelude::window;
use mqtt::{TopicFilter, Version, VersionChoice};
use wasm_bindgen::JsValue;

use crate::client::{Address, AddressError};
use crate::percent::{percent_decoded, percent_encoded};
use crate::view::View;

/// Where a fragment begins that has parameters.
const BOARD: &str = "#/?";

/// What the fragment of the page's address shows. Whatever a fragment says that is not understood is left out: it may
/// come from a newer page.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Route {
    /// How the board is looked at.
    pub view: View,
    /// The groups that are folded, of the view's grouping.
    pub folded: BTreeSet<String>,
    /// The device whose panel is open.
    pub device: Option<DeviceKey>,
}

/// A device within a connection.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct DeviceKey {
    /// The slug of its convention.
    pub convention: String,
    /// Its id.
    pub id: String,
}

impl Route {
    /// Reads a fragment, with or without its `#`.
    pub fn parse(fragment: &str) -> Route {
        let view = View::of_fragment(fragment);
        let folded = crate::view::folded_of_fragment(fragment);
        let device = parameters(fragment).find_map(|(name, value)| {
            let (convention, id) = (name == "device").then(|| value.split_once('/'))??;
            Some(DeviceKey { convention: percent_decoded(convention), id: percent_decoded(id) })
        });
        Route { view, folded, device }
    }

    /// The fragment that shows the same to another visitor; empty for what the page shows by itself.
    pub fn fragment(&self) -> String {
        let mut fragment = self.view.fragment_with(&self.folded);
        if let Some(DeviceKey { convention, id }) = &self.device {
            fragment.push_str(if fragment.is_empty() { BOARD } else { "&" });
            fragment.push_str(&format!("device={}/{}", percent_encoded(convention), percent_encoded(id)));
        }
        fragment
    }
}

/// The parameters of a fragment, as they stand there.
fn parameters(fragment: &str) -> impl Iterator<Item = (&str, &str)> {
    let (_, parameters) = fragment.split_once('?').unwrap_or_default();
    parameters.split('&').map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")))
}

/// The page's address in two parts: up to its fragment's route, and the route. A `#` before the route belongs to a
/// topic filter.
pub fn location() -> (String, String) {
    let href = window().location().href().unwrap_or_default();
    let (address, route) = href.split_at(href.find("#/").unwrap_or(href.len()));
    (address.to_owned(), route.to_owned())
}

/// Puts another address into the location bar, without an entry in the history and without loading anything.
pub fn replace_location(href: &str) {
    if let Ok(history) = window().history() {
        // A page opened from a file may refuse; then the address keeps its old state.
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(href));
    }
}

/// What the page's own address asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// `?broker=`: connect there at once. Never with credentials in it.
    pub broker: Option<String>,
    /// `&filter=`, repeatable: instead of the default filters.
    pub filters: Vec<String>,
    /// `&version=`: this one and no other.
    pub version: VersionChoice,
    /// The first parameter that cannot be used.
    pub error: Option<RequestError>,
    /// The page's address without the credentials that it carried, if it did.
    pub cleaned: Option<String>,
}

/// Why a parameter of the page's address cannot be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RequestError {
    /// `?broker=` is not an address.
    Broker(AddressError),
    /// `&filter=` is not a topic filter.
    Filter(String),
    /// `&version=` is neither 3.1.1 nor 5.
    Version(String),
    /// No `&filter=` is one that a board can subscribe to.
    NoFilter,
}

impl Request {
    /// Reads the page's whole address.
    ///
    /// Two courtesies to people who type: a `+` is a plus sign and not a space, and a `#` belongs to the
    /// filter before it unless a route (`#/…`) follows, so `&filter=fleet/#` and `&filter=tele/+/LWT` mean
    /// what they look like.
    pub fn parse(href: &str) -> Request {
        let mut request = Request {
            broker: None,
            filters: Vec::new(),
            version: VersionChoice::Newest,
            error: None,
            cleaned: None,
        };
        let (address, route) = href.split_at(href.find("#/").unwrap_or(href.len()));
        let Some((place, query)) = address.split_once('?') else {
            return request;
        };
        let mut cleaned = place.to_owned();
        let mut is_cleaned = false;
        for parameter in query.split('&') {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            // A filter may end in `#`; in anything else it begins a fragment that is none of ours.
            let value = if name == "filter" { value } else { value.split('#').next().unwrap_or_default() };
            let value = percent_decoded(value);
            cleaned.push(if cleaned.len() == place.len() { '?' } else { '&' });
            let error = match name {
                "broker" => {
                    let error = Address::parse(&value).err().map(RequestError::Broker);
                    let shown = Address::without_credentials(&value);
                    match &shown {
                        Some(shown) => {
                            is_cleaned = true;
                            cleaned.push_str("broker=");
                            cleaned.push_str(&percent_encoded(shown));
                        }
                        None => cleaned.push_str(parameter),
                    }
                    request.broker = Some(shown.unwrap_or(value));
                    request.error = request.error.or(error);
                    continue;
                }
                "filter" if TopicFilter::new(&value).is_ok() => {
                    request.filters.push(value);
                    None
                }
                "filter" => Some(RequestError::Filter(value)),
                "version" => match value.as_str() {
                    "5" | "5.0" => {
                        request.version = VersionChoice::Only(Version::V5);
                        None
                    }
                    "3.1.1" => {
                        request.version = VersionChoice::Only(Version::V311);
                        None
                    }
                    _ => Some(RequestError::Version(value)),
                },
                _ => None,
            };
            request.error = request.error.or(error);
            cleaned.push_str(parameter);
        }
        cleaned.push_str(route);
        request.cleaned = is_cleaned.then_some(cleaned);
        request
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn the_page_s_address_as_people_write_it() {
        let check = |href: &str, broker: Option<&str>, filters: &[&str], version, error| {
            let request = Request::parse(href);
            assert_eq!(request.broker.as_deref(), broker, "{href}");
            assert_eq!(request.filters, filters, "{href}");
            assert_eq!((request.version, request.error), (version, error), "{href}");
        };
        let newest = VersionChoice::Newest;
        check("http://host/board/", None, &[], newest, None);
        check("http://host/?broker=ws://b:9001/mqtt", Some("ws://b:9001/mqtt"), &[], newest, None);
        check(
            "http://host/?broker=ws%3A%2F%2Fb%3A9001%2Fmqtt&filter=tele/+/LWT&filter=a%2Fb%20c/%23&version=3.1.1",
            Some("ws://b:9001/mqtt"),
            &["tele/+/LWT", "a/b c/#"],
            VersionChoice::Only(Version::V311),
            None,
        );
        check("http://host/?filter=fleet/#", None, &["fleet/#"], newest, None);
        check("http://host/?filter=fleet/%23#/lab", None, &["fleet/#"], newest, None);
        check("http://host/?filter=#&version=5", None, &["#"], VersionChoice::Only(Version::V5), None);
        check("http://host/#/lab?broker=ws://b", None, &[], newest, None);
        check("http://host/?filter=100%", None, &["100%"], newest, None);
        for stray in ["#", "#ok", "#status=offline", "#%%%"] {
            let href = format!("http://host/?filter=a/%23&broker=ws://b:9001/mqtt{stray}");
            check(&href, Some("ws://b:9001/mqtt"), &["a/#"], newest, None);
            let only = VersionChoice::Only(Version::V311);
            check(&format!("http://host/?version=3.1.1{stray}"), None, &[], only, None);
        }
        check(
            "http://host/?broker=ws://me:pw@b",
            Some("ws://b"),
            &[],
            newest,
            Some(RequestError::Broker(AddressError::Credentials)),
        );
        let cleaned = |href: &str| Request::parse(href).cleaned;
        assert_eq!(cleaned("http://host/?broker=ws://b&filter=#"), None);
        assert_eq!(
            cleaned("http://host/?filter=a/%23&broker=ws%3A%2F%2Fme%3Ap%40w%40b/m%2526?t=a@b&version=5#/lab")
                .as_deref(),
            Some("http://host/?filter=a/%23&broker=ws://b/m%2526?t=a@b&version=5#/lab")
        );
        assert_eq!(Request::parse("http://host/?broker=mqtt://me:pw@b").broker.as_deref(), Some("mqtt://b"));
        check("http://host/?filter=a/b+", None, &[], newest, Some(RequestError::Filter("a/b+".into())));
        check("http://host/?version=4", None, &[], newest, Some(RequestError::Version("4".into())));
    }
}
