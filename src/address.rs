//! Where a broker is, and what the page's own address asks for.
//!
//! Pure text in, typed values out; never touches the browser and never words an error. The form and the
//! page's start call it, `link` opens what it accepted.

use mqtt::{TopicFilter, Version, VersionChoice};

use crate::bytes::turns;

/// The address of a broker's WebSocket listener, checked as far as text can be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Address {
    url: String,
    secure: bool,
    host: String,
    port: Option<u16>,
    path: String,
}

/// Why a text is not the address of a broker.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum AddressError {
    /// Nothing was given.
    Empty,
    /// It starts with neither `ws://` nor `wss://`.
    Scheme,
    /// It names MQTT over TCP, which no browser can speak.
    Tcp,
    /// No host, or characters that none can have.
    Host,
    /// The port is not a number from 1 to 65535.
    Port,
    /// A user or a password inside the URL: they end in histories, logs and screenshots.
    Credentials,
    /// A `#`, which a WebSocket's URL cannot have.
    Fragment,
}

impl Address {
    /// Reads what a person typed or a link carried.
    pub fn parse(text: &str) -> Result<Address, AddressError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        let (scheme, rest) = text.split_once("://").ok_or(AddressError::Scheme)?;
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "ws" => false,
            "wss" => true,
            "mqtt" | "mqtts" | "tcp" | "ssl" | "tls" => return Err(AddressError::Tcp),
            _ => return Err(AddressError::Scheme),
        };
        let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(authority_end);
        if authority.contains('@') {
            return Err(AddressError::Credentials);
        }
        if path.contains('#') {
            return Err(AddressError::Fragment);
        }
        let (host, port) = match authority.strip_prefix('[') {
            Some(literal) => {
                let (address, after) = literal.split_once(']').ok_or(AddressError::Host)?;
                match after.strip_prefix(':') {
                    Some(port) => (address, Some(port)),
                    None if after.is_empty() => (address, None),
                    None => return Err(AddressError::Host),
                }
            }
            None => match authority.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            },
        };
        let foreign = |c: char| c.is_whitespace() || c.is_control() || "\\<>\"^|".contains(c) || turns(c);
        if host.is_empty() || text.contains(foreign) {
            return Err(AddressError::Host);
        }
        // `u16::from_str` would take a leading plus sign.
        let port = match port {
            Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(digits.parse().ok().filter(|port| *port != 0).ok_or(AddressError::Port)?)
            }
            Some(_) => return Err(AddressError::Port),
            None => None,
        };
        Ok(Address {
            url: text.to_owned(),
            secure,
            host: host.to_ascii_lowercase(),
            port,
            path: path.to_owned(),
        })
    }

    /// The text without a user and a password in it, if there are any: what can be shown of it.
    pub fn without_credentials(text: &str) -> Option<String> {
        let start = text.find("://").map_or(0, |colon| colon + 3);
        let (scheme, rest) = text.split_at(start);
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let at = rest[..end].rfind('@')?;
        Some(format!("{scheme}{}", &rest[at + 1..]))
    }

    /// The address as it was given, without the white space around it.
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// Whether it is `wss://`.
    pub fn secure(&self) -> bool {
        self.secure
    }

    /// The host's name or address, an IPv6 one without its brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, given or implied.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(if self.secure { 443 } else { 80 })
    }

    /// The path and the query, as they were given.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether a path was given beyond `/`.
    pub fn has_path(&self) -> bool {
        !matches!(self.path.as_str(), "" | "/")
    }

    /// Whether it names this very machine: a browser lets a page on https speak `ws://` to no other.
    pub fn is_loopback(&self) -> bool {
        let host = self.host.trim_end_matches('.');
        host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.") || host == "::1"
    }
}

/// Where the page itself was loaded from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin {
    /// Whether by https.
    pub secure: bool,
    /// The host's name, without the port; empty for a page from a file.
    pub host: String,
}

impl Origin {
    /// The broker to offer first: the page's own host, at the port that mosquitto's documents use.
    pub fn default_broker(&self) -> String {
        let host = if self.host.is_empty() { "localhost" } else { &self.host };
        if self.secure { format!("wss://{host}/mqtt") } else { format!("ws://{host}:9001/mqtt") }
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
            let value = decoded(value);
            cleaned.push(if cleaned.len() == place.len() { '?' } else { '&' });
            let error = match name {
                "broker" => {
                    let error = Address::parse(&value).err().map(RequestError::Broker);
                    let shown = Address::without_credentials(&value);
                    match &shown {
                        Some(shown) => {
                            is_cleaned = true;
                            cleaned.push_str("broker=");
                            cleaned.push_str(&encoded(shown));
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

/// Percent-encoding of what would end a value or begin a code.
pub(crate) fn encoded(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '%' | '&' | '#' | '"' | '<' | '>' | '\0'..=' ' => out.push_str(&format!("%{:02X}", c as u32)),
            c => out.push(c),
        }
    }
    out
}

/// Percent-decoding, where a `%` that starts no pair of hex digits stands for itself.
pub(crate) fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let pair = text.get(at + 1..at + 3).filter(|pair| pair.bytes().all(|b| b.is_ascii_hexdigit()));
        match pair.filter(|_| bytes[at] == b'%').and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn addresses_that_a_browser_may_open() {
        let check = |text: &str, secure, port, path, loopback| {
            let address = Address::parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
            assert_eq!(
                (address.secure(), address.port(), address.has_path(), address.is_loopback()),
                (secure, port, path, loopback),
                "{text}"
            );
        };
        check("ws://greenhouse.local:9001/mqtt", false, 9001, true, false);
        check("  wss://broker.example/mqtt  ", true, 443, true, false);
        check("WS://LOCALHOST", false, 80, false, true);
        check("ws://[::1]:39001/", false, 39001, false, true);
        check("ws://[fd00::7]/mqtt?token=a@b", false, 80, true, false);
        check("wss://127.0.0.1:8084/mqtt", true, 8084, true, true);
        check("wss://温室.example/mqtt", true, 443, true, false);
    }

    #[wasm_bindgen_test]
    fn addresses_that_it_may_not() {
        let check = |text: &str, error| assert_eq!(Address::parse(text), Err(error), "{text}");
        check(" ", AddressError::Empty);
        check("greenhouse.local:9001", AddressError::Scheme);
        check("http://greenhouse.local", AddressError::Scheme);
        check("mqtt://greenhouse.local:1883", AddressError::Tcp);
        check("ws://", AddressError::Host);
        check("ws://:9001/mqtt", AddressError::Host);
        check("ws://two words/mqtt", AddressError::Host);
        check("ws://host/\u{202E}ttqm", AddressError::Host);
        check("ws://[::1/mqtt", AddressError::Host);
        check("ws://host:0/", AddressError::Port);
        check("ws://host:65536/", AddressError::Port);
        check("ws://host:+80/", AddressError::Port);
        check("ws://host:/", AddressError::Port);
        check("ws://user:secret@host/mqtt", AddressError::Credentials);
        check("ws://host/mqtt#lab", AddressError::Fragment);
    }

    #[wasm_bindgen_test]
    fn a_default_for_the_page_s_own_host() {
        let origin = |secure, host: &str| Origin { secure, host: host.to_owned() };
        assert_eq!(origin(false, "farm.lan").default_broker(), "ws://farm.lan:9001/mqtt");
        assert_eq!(origin(true, "farm.example").default_broker(), "wss://farm.example/mqtt");
        assert_eq!(origin(false, "").default_broker(), "ws://localhost:9001/mqtt");
    }

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
