//! In the place of the crate of this name, of which Leptos' server functions need one type.
//!
//! Willow calls no server function: its host serves files. The real crate exports classes to JavaScript, and what is
//! exported is kept by every tool behind the compiler, though nobody ever makes one: 3.3 KB of what a first
//! visit transfers. Here a stream ends at once, in both directions.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use wasm_bindgen::JsValue;

/// A stream of nothing.
#[derive(Debug)]
pub struct ReadableStream(web_sys::ReadableStream);

impl ReadableStream {
    /// A stream of the browser's, of which nothing will be read.
    pub fn from_raw(raw: web_sys::ReadableStream) -> ReadableStream {
        ReadableStream(raw)
    }

    /// A stream of the page's, of which nothing will be sent.
    pub fn from_stream<S>(_: S) -> ReadableStream
    where
        S: Stream<Item = Result<JsValue, JsValue>> + 'static,
    {
        let empty = js_sys::Object::new();
        ReadableStream(wasm_bindgen::JsCast::unchecked_into(empty))
    }

    /// For the browser.
    pub fn into_raw(self) -> web_sys::ReadableStream {
        self.0
    }

    /// For the page.
    pub fn into_stream(self) -> Ended {
        Ended
    }
}

/// A stream that has ended.
#[derive(Debug)]
pub struct Ended;

impl Stream for Ended {
    type Item = Result<JsValue, JsValue>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(None)
    }
}
