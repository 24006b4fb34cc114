//! One WebSocket, from dialling to its end.
//!
//! Dropping it detaches its handlers before they go and closes it: no event of an old socket is ever heard.
//! Never interprets a byte.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{ArrayBuffer, Uint8Array};
use mqtt::Closed;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{BinaryType, CloseEvent, DomException, MessageEvent, WebSocket};

use super::Blocked;

/// What a socket says.
pub enum Heard {
    /// It is open.
    Open,
    /// It brought a binary message.
    Bytes(Uint8Array),
    /// It is gone. The last event of a socket.
    Closed(Closed),
}

/// A WebSocket that asks for the subprotocol `mqtt`.
pub struct Socket {
    socket: WebSocket,
    _open: Closure<dyn FnMut()>,
    _message: Closure<dyn FnMut(MessageEvent)>,
    _close: Closure<dyn FnMut(CloseEvent)>,
}

impl Socket {
    /// Dials. The browser may refuse at once: that is no failure of the network.
    pub fn open(url: &str, on: impl Fn(Heard) + Clone + 'static) -> Result<Socket, Blocked> {
        // [MQTT-6.0.0-3]: the client MUST include "mqtt" in the list of WebSocket Sub Protocols it offers.
        let socket = WebSocket::new_with_str(url, "mqtt").map_err(|error| why_blocked(&error))?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let was_open = Rc::new(Cell::new(false));
        let open = {
            let (on, was_open) = (on.clone(), was_open.clone());
            Closure::<dyn FnMut()>::new(move || {
                was_open.set(true);
                on(Heard::Open);
            })
        };
        let brought = on.clone();
        let message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            brought(match event.data().dyn_ref::<ArrayBuffer>() {
                Some(buffer) => Heard::Bytes(Uint8Array::new(buffer)),
                // [MQTT-6.0.0-1]: on a text frame the recipient MUST close. 1003 is "unsupported data".
                None => Heard::Closed(Closed { code: Some(1003), was_open: true }),
            });
        });
        // A failing socket fires `error` and then `close`; the second says all that the first could.
        let close = Closure::<dyn FnMut(CloseEvent)>::new(move |event: CloseEvent| {
            on(Heard::Closed(Closed { code: Some(event.code()), was_open: was_open.get() }));
        });
        socket.set_onopen(Some(open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(close.as_ref().unchecked_ref()));
        Ok(Socket { socket, _open: open, _message: message, _close: close })
    }

    /// Sends one binary message. On a socket that is closing the browser drops it, and `close` follows.
    pub fn send(&self, bytes: &[u8]) {
        let _ = self.socket.send_with_u8_array(bytes);
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        let _ = self.socket.close();
    }
}

fn why_blocked(error: &JsValue) -> Blocked {
    match error.dyn_ref::<DomException>().map(DomException::name).as_deref() {
        Some("SecurityError") => Blocked::Security,
        _ => Blocked::Url,
    }
}
