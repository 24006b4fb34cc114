//! The address of a broker, checked as far as text can be.
//!
//! Pure: text in, typed values out. Never touches the browser and never words an error. The connection form and
//! [`crate::route`] parse addresses, `websocket` opens them.

use std::net::Ipv4Addr;

use crate::bidi::is_bidi_control;

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
        let foreign =
            |c: char| c.is_whitespace() || c.is_control() || "\\<>\"^|".contains(c) || is_bidi_control(c);
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
        let is_loopback = |address: Ipv4Addr| address.is_loopback();
        host == "localhost"
            || host.ends_with(".localhost")
            || host == "::1"
            || host.parse().is_ok_and(is_loopback)
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
        check("ws://127.example.com/mqtt", false, 80, true, false);
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
}
