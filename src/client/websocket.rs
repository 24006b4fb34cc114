//! One WebSocket, from dialling to its end.
//!
//! Dropping it detaches its listeners before they go and closes it: no event of an old socket arrives. Never interprets
//! a byte.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{ArrayBuffer, Uint8Array};
use mqtt::Closed;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{BinaryType, CloseEvent, DomException, MessageEvent};

use super::transport::{Blocked, Dial, Transport, TransportEvent, TransportListener};

/// Dials a URL with the subprotocol `mqtt`.
pub fn websocket(url: String) -> Dial {
    Box::new(move |listener| Ok(Box::new(WebSocket::open(&url, listener)?)))
}

struct WebSocket {
    socket: web_sys::WebSocket,
    _on_open: Closure<dyn FnMut()>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_close: Closure<dyn FnMut(CloseEvent)>,
}

impl WebSocket {
    fn open(url: &str, listener: TransportListener) -> Result<WebSocket, Blocked> {
        // [MQTT-6.0.0-3]: the client MUST include "mqtt" in the list of WebSocket Sub Protocols it offers.
        let socket = web_sys::WebSocket::new_with_str(url, "mqtt").map_err(|error| why_blocked(&error))?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let was_open = Rc::new(Cell::new(false));
        let on_open = {
            let (listener, was_open) = (listener.clone(), was_open.clone());
            Closure::<dyn FnMut()>::new(move || {
                was_open.set(true);
                listener(TransportEvent::Open);
            })
        };
        let on_message = {
            let listener = listener.clone();
            Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
                listener(match event.data().dyn_ref::<ArrayBuffer>() {
                    Some(buffer) => TransportEvent::Bytes(Uint8Array::new(buffer)),
                    // [MQTT-6.0.0-1]: on a text frame the recipient MUST close. 1003 is "unsupported data".
                    None => TransportEvent::Closed(Closed { code: Some(1003), was_open: true }),
                });
            })
        };
        // A failing socket fires `error` and then `close`, which says all that `error` could.
        let on_close = Closure::<dyn FnMut(CloseEvent)>::new(move |event: CloseEvent| {
            let closed = Closed { code: Some(event.code()), was_open: was_open.get() };
            listener(TransportEvent::Closed(closed));
        });
        socket.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        Ok(WebSocket { socket, _on_open: on_open, _on_message: on_message, _on_close: on_close })
    }
}

impl Transport for WebSocket {
    fn send(&self, bytes: &[u8]) {
        // It throws only while the socket is still opening, and the session sends after `Open`.
        let _ = self.socket.send_with_u8_array(bytes);
    }
}

impl Drop for WebSocket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        // Without a code and a reason it cannot throw.
        let _ = self.socket.close();
    }
}

fn why_blocked(error: &JsValue) -> Blocked {
    match error.dyn_ref::<DomException>().map(DomException::name).as_deref() {
        Some("SecurityError") => Blocked::Security,
        _ => Blocked::Url,
    }
}
