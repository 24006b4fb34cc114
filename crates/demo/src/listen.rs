//! The addresses that the demo listens on, and errors that say which port failed and what to do about it.
//! It never keeps a socket; `broker` and `control` call it.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

/// What an address is for; named as on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// MQTT over TCP, for devices.
    Tcp,
    /// MQTT over WebSocket, for browsers.
    WebSocket,
    /// The local HTTP control.
    Control,
}

impl Port {
    fn flag(self) -> &'static str {
        match self {
            Port::Tcp => "--tcp",
            Port::WebSocket => "--ws",
            Port::Control => "--control",
        }
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Port::Tcp => "MQTT over TCP",
            Port::WebSocket => "MQTT over WebSocket",
            Port::Control => "the HTTP control",
        })
    }
}

/// Why something could not start. The text tells a person which port it was and what they can do.
#[derive(Debug)]
pub enum StartError {
    /// Another program, perhaps an earlier demo or a system broker, has the port.
    InUse(Port, SocketAddr),
    /// The system does not let this user open the port.
    Forbidden(Port, SocketAddr),
    /// This machine does not have that address.
    NoSuchAddress(Port, SocketAddr),
    /// The control obeys whoever reaches it, so it is only for this machine.
    NotLoopback(SocketAddr),
    /// The port was opened, yet nothing answers there.
    NotAnswering(Port, SocketAddr),
    /// Anything else that the system or the broker reports.
    Other(Port, SocketAddr, String),
}

impl StartError {
    pub(crate) fn from_io(port: Port, address: SocketAddr, error: &io::Error) -> StartError {
        match error.kind() {
            io::ErrorKind::AddrInUse => StartError::InUse(port, address),
            io::ErrorKind::PermissionDenied => StartError::Forbidden(port, address),
            io::ErrorKind::AddrNotAvailable => StartError::NoSuchAddress(port, address),
            _ => StartError::Other(port, address, error.to_string()),
        }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::InUse(port, at) => write!(
                f,
                "Port {} on {}, wanted for {port}, is in use by another program. Stop that program, or choose \
                 another port: {flag} {ip}:{next} (port 0 takes any free one).",
                at.port(),
                at.ip(),
                flag = port.flag(),
                ip = Host(at.ip()),
                next = at.port().checked_add(1).unwrap_or(0),
            ),
            StartError::Forbidden(port, at) => write!(
                f,
                "The system does not allow port {} on {}, wanted for {port}. Choose one above 1024: \
                 {flag} {ip}:{higher}.",
                at.port(),
                at.ip(),
                flag = port.flag(),
                ip = Host(at.ip()),
                higher = u32::from(at.port()) + 8000,
            ),
            StartError::NoSuchAddress(port, at) => write!(
                f,
                "This machine does not have the address {}, wanted for {port}. Use {flag} 127.0.0.1:{number} for \
                 this machine only, or {flag} 0.0.0.0:{number} for the whole network.",
                at.ip(),
                flag = port.flag(),
                number = at.port(),
            ),
            StartError::NotLoopback(at) => write!(
                f,
                "The control must stay on this machine, because it obeys whoever reaches it; {} is reachable from \
                 elsewhere. Use --control 127.0.0.1:{}.",
                at.ip(),
                at.port(),
            ),
            StartError::NotAnswering(port, at) => write!(
                f,
                "{at} was opened for {port}, but nothing answers there. Is a firewall in the way? Another address: \
                 {}.",
                port.flag(),
            ),
            StartError::Other(port, at, why) => {
                write!(f, "{at} could not be opened for {port}: {why}. Another address: {}.", port.flag())
            }
        }
    }
}

impl std::error::Error for StartError {}

/// An IP address as it stands in a URL: version 6 goes in brackets.
pub(crate) struct Host(pub IpAddr);

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(ip) => write!(f, "{ip}"),
            IpAddr::V6(ip) => write!(f, "[{ip}]"),
        }
    }
}

/// Where this machine reaches a listener: "any address" is not one that can be dialled.
pub(crate) fn dialable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// Opens the address and closes it again, to learn the exact reason when it cannot be had: the broker's own
/// error is a paragraph of text, and for WebSocket it has none.
pub async fn check_free(port: Port, address: SocketAddr) -> Result<(), StartError> {
    match TcpListener::bind(address).await {
        Ok(_) => Ok(()),
        Err(error) => Err(StartError::from_io(port, address, &error)),
    }
}

/// Returns once a connection to the address succeeds.
pub(crate) async fn wait_until_answering(port: Port, address: SocketAddr) -> Result<(), StartError> {
    let knock = async {
        while TcpStream::connect(dialable(address)).await.is_err() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(5), knock).await.map_err(|_| StartError::NotAnswering(port, address))
}
