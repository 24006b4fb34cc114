//! Elements, written as in Leptos' builder syntax but all of one type.
//!
//! `view!` gives every element a type of its own, and with it a renderer, a state and a destructor of several KB: they
//! were two thirds of what a visitor waited for. Here an element is made at once and kept up to date by effects, which
//! end with the reactive owner they were made under, as everything of Leptos does. Texts and attribute values are only
//! ever text: there is no way to write markup.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::JsValue;
use web_sys::{Element, Event, EventTarget, HtmlElement, Node};

use super::Page;
pub use crate::words::Phrase;

/// An element that is being made, or is in the document. A clone is the same element.
#[derive(Clone)]
pub struct El(Element);

/// An element with a class; an empty one is left out.
pub fn el(tag: &str, class: &str) -> El {
    made("http://www.w3.org/1999/xhtml", tag, class)
}

/// An element of a drawing.
pub fn svg(tag: &str, class: &str) -> El {
    made("http://www.w3.org/2000/svg", tag, class)
}

/// A button, which is none of a form's unless [`El::attr`] says so.
pub fn button(class: &str, on_click: impl FnMut(Event) + 'static) -> El {
    el("button", class).attr("type", "button").on("click", on_click)
}

fn made(space: &str, tag: &str, class: &str) -> El {
    let element = document().create_element_ns(Some(space), tag).expect("a tag of the page's own is a name");
    let made = El(element);
    if class.is_empty() { made } else { made.attr("class", class) }
}

/// # Content
impl El {
    /// Ends with an element.
    #[inline(never)]
    pub fn child(self, child: El) -> El {
        self.append(&child);
        self
    }

    /// Ends with elements.
    pub fn children(self, children: impl IntoIterator<Item = El>) -> El {
        children.into_iter().for_each(|child| self.append(&child));
        self
    }

    /// Ends with a text that does not change.
    #[inline(never)]
    pub fn text(self, text: &str) -> El {
        self.text_node(text);
        self
    }

    /// Ends with a sentence in the visitor's language.
    #[inline(never)]
    pub fn says(self, page: Page, phrase: Phrase) -> El {
        let node = self.text_node("");
        effect(move || node.set_text_content(Some(phrase.to(page.locale.get()))));
        self
    }

    /// Ends with a text that changes.
    pub fn tells(self, text: impl Fn() -> String + 'static) -> El {
        self.tell(Box::new(text));
        self
    }

    /// Ends with an element that comes, goes, or is made anew whenever what this reads has changed.
    pub fn part(self, part: impl FnMut() -> Option<El> + 'static) -> El {
        self.put_one(Box::new(part));
        self
    }

    /// Ends with an element that is there while this is so, and stays the same for as long.
    pub fn part_while(self, is_so: impl Fn() -> bool + 'static, part: impl Fn() -> El + 'static) -> El {
        self.put_while(Box::new(is_so), Box::new(part));
        self
    }

    /// Ends with elements that are made anew whenever what this reads has changed.
    pub fn parts(self, parts: impl FnMut() -> Vec<El> + 'static) -> El {
        self.put(Box::new(parts));
        self
    }

    #[inline(never)]
    fn tell(&self, text: Box<dyn Fn() -> String>) {
        let node = self.text_node("");
        let mut told = String::new();
        effect(move || {
            let text = text();
            if text != told {
                node.set_text_content(Some(&text));
                told = text;
            }
        });
    }

    fn put_one(&self, mut part: Box<dyn FnMut() -> Option<El>>) {
        self.put(Box::new(move || part().into_iter().collect()));
    }

    fn put_while(&self, is_so: Box<dyn Fn() -> bool>, part: Box<dyn Fn() -> El>) {
        let place = self.text_node("");
        // What is shown outlives the run of the effect that made it.
        let owner = Owner::current().unwrap_or_default();
        let mut shown: Option<(El, Owner)> = None;
        effect(move || {
            if is_so() == shown.is_some() {
                return;
            }
            if let Some((El(old), owner)) = shown.take() {
                // Before it goes: what is done at its end may ask whether it has the focus.
                owner.cleanup();
                old.remove();
            } else if let Some(parent) = place.parent_node() {
                let owner = owner.child();
                let El(element) = owner.with(|| untrack(&part));
                // The place is a child of its parent, whatever became of that.
                let _ = parent.insert_before(&element, Some(&place));
                shown = Some((El(element), owner));
            }
        });
    }

    fn put(&self, mut parts: Box<dyn FnMut() -> Vec<El>>) {
        // The place is kept by an empty text, before which the elements stand.
        let place = self.text_node("");
        let mut shown: Vec<El> = Vec::new();
        effect(move || {
            let next = parts();
            shown.drain(..).for_each(|old| old.0.remove());
            let Some(parent) = place.parent_node() else { return };
            for El(element) in &next {
                // The place is a child of its parent, whatever became of that.
                let _ = parent.insert_before(element, Some(&place));
            }
            shown = next;
        });
    }

    fn text_node(&self, text: &str) -> Node {
        let node: Node = document().create_text_node(text).unchecked_into();
        self.append_node(&node);
        node
    }

    /// Puts an element at its end.
    #[inline(never)]
    pub fn append(&self, child: &El) {
        self.append_node(&child.0);
    }

    fn append_node(&self, node: &Node) {
        // Only a node's own ancestor is refused, and what is being made is nobody's ancestor.
        let _ = self.0.append_child(node);
    }
}

/// # Attributes
impl El {
    /// Sets an attribute.
    #[inline(never)]
    pub fn attr(self, name: &str, value: &str) -> El {
        self.set(name, Some(value));
        self
    }

    /// An attribute in the visitor's language.
    #[inline(never)]
    pub fn attr_says(self, page: Page, name: &'static str, phrase: Phrase) -> El {
        let el = self.clone();
        effect(move || el.set(name, Some(phrase.to(page.locale.get()))));
        self
    }

    /// An attribute whose value changes.
    pub fn attr_tells(self, name: &'static str, value: impl Fn() -> String + 'static) -> El {
        self.tell_attr(name, Box::new(value));
        self
    }

    /// An attribute that is there or not: `hidden`, `disabled`.
    pub fn attr_if(self, name: &'static str, is_there: impl Fn() -> bool + 'static) -> El {
        self.toggle_attr(name, Box::new(is_there));
        self
    }

    /// A class that is there or not.
    pub fn class_if(self, class: &'static str, is_there: impl Fn() -> bool + 'static) -> El {
        self.toggle_class(class, Box::new(is_there));
        self
    }

    /// A property that is kept: `checked`, `value`, `selected`.
    pub fn prop(self, name: &'static str, value: impl Fn() -> JsValue + 'static) -> El {
        self.keep_prop(name, Box::new(value));
        self
    }

    /// A field whose text is the signal's, both ways.
    pub fn bind(self, text: RwSignal<String>) -> El {
        self.prop("value", move || text.get().into()).on("input", move |event| text.set(value_of(&event)))
    }

    /// Sets or removes an attribute now.
    #[inline(never)]
    pub fn set(&self, name: &str, value: Option<&str>) {
        // A name of the page's own is valid, and any value is.
        let _ = match value {
            Some(value) => self.0.set_attribute(name, value),
            None => self.0.remove_attribute(name),
        };
    }

    #[inline(never)]
    fn tell_attr(&self, name: &'static str, value: Box<dyn Fn() -> String>) {
        let el = self.clone();
        let mut told = None;
        effect(move || {
            let value = Some(value());
            if value != told {
                el.set(name, value.as_deref());
                told = value;
            }
        });
    }

    #[inline(never)]
    fn toggle_attr(&self, name: &'static str, is_there: Box<dyn Fn() -> bool>) {
        let el = self.clone();
        toggle(is_there, Box::new(move |is_there| el.set(name, is_there.then_some(""))));
    }

    #[inline(never)]
    fn toggle_class(&self, class: &'static str, is_there: Box<dyn Fn() -> bool>) {
        let classes = self.0.class_list();
        // A class of the page's own is valid.
        toggle(is_there, Box::new(move |is_there| drop(classes.toggle_with_force(class, is_there))));
    }

    #[inline(never)]
    fn keep_prop(&self, name: &'static str, value: Box<dyn Fn() -> JsValue>) {
        let element = self.0.clone();
        effect(move || {
            // An element is an object, whose properties can be set.
            let _ = js_sys::Reflect::set(&element, &name.into(), &value());
        });
    }
}

/// # Events and the element itself
impl El {
    /// What is done when an event comes. The listener lives as long as the element does.
    pub fn on(self, event: &str, act: impl FnMut(Event) + 'static) -> El {
        self.listen(event, Box::new(act));
        self
    }

    /// The element.
    pub fn element(&self) -> &Element {
        &self.0
    }

    /// Replaces what is in it by a text.
    pub fn set_text(&self, text: &str) {
        self.0.set_text_content(Some(text));
    }

    /// Takes the element out of the document.
    pub fn remove(&self) {
        self.0.remove();
    }

    /// Whether the keyboard or the mouse is at it: then it must not become something else under their hands.
    pub fn is_in_use(&self) -> bool {
        self.0.matches(":hover, :focus-within").unwrap_or(true)
    }

    /// Gives it the focus.
    pub fn focus(&self) {
        focus(&self.0);
    }

    #[inline(never)]
    fn listen(&self, event: &str, act: Box<dyn FnMut(Event)>) {
        listen(&self.0, event, act);
    }
}

/// What is done when an event comes to something that is no element of ours. The browser frees the listener together
/// with it: what it does may come when the page is gone.
pub fn listen(target: &EventTarget, event: &str, act: Box<dyn FnMut(Event)>) {
    let listener = Closure::wrap(act).into_js_value();
    let _ = target.add_event_listener_with_callback(event, listener.unchecked_ref());
}

/// Does something now, and again whenever what it reads has changed, until the owner it is made under ends.
pub fn effect(run: impl FnMut() + 'static) {
    keep(Box::new(run));
}

/// Most changes of what an effect reads change nothing of what is there or not.
fn toggle(is_there: Box<dyn Fn() -> bool>, set: Box<dyn Fn(bool)>) {
    let mut was_there = None;
    effect(move || {
        let is_there = is_there();
        if was_there.replace(is_there) != Some(is_there) {
            set(is_there);
        }
    });
}

fn keep(mut run: Box<dyn FnMut()>) {
    // Kept by the owner's arena: an effect ends when it is dropped.
    StoredValue::new_local(RenderEffect::new(move |_| run()));
}

/// Gives an element the focus.
pub fn focus(element: &Element) {
    if let Some(element) = element.dyn_ref::<HtmlElement>() {
        // Only an element that cannot have it refuses.
        let _ = element.focus();
    }
}

/// The text of the field that an event came from.
pub fn value_of(event: &Event) -> String {
    let value = event.target().and_then(|target| js_sys::Reflect::get(&target, &"value".into()).ok());
    value.and_then(|value| value.as_string()).unwrap_or_default()
}

/// The element that an event came from, or its nearest ancestor that matches.
pub fn closest(target: Option<EventTarget>, selector: &str) -> Option<Element> {
    target?.dyn_into::<Element>().ok()?.closest(selector).ok().flatten()
}
