//! The devices that depend on this one: links to the panels of some, those in trouble first, and how many more there are.

use fleet::{Device, Fleet, Status};
use leptos::html;
use leptos::prelude::*;

use super::DeviceLink;
use super::subject::{Subject, key_of};
use crate::components::{StatusIcon, item_memo, keep_focus_within};
use crate::format::use_format;
use crate::i18n::{t_string, use_i18n};
use crate::route::DeviceKey;
use crate::wording::status_word;

/// How many are listed.
const MAX_LISTED: usize = 24;

#[derive(Clone, PartialEq)]
struct Child {
    key: DeviceKey,
    name: String,
    status: Status,
}

/// The children that are listed.
fn listed(fleet: &Fleet, device: &Device<'_>) -> Vec<Child> {
    let is_in_trouble = |status| matches!(status, Status::Offline | Status::Degraded);
    let of = |in_trouble: bool| {
        device.children().filter(move |child| {
            fleet.glance(*child).is_some_and(|(status, _)| is_in_trouble(status) == in_trouble)
        })
    };
    let listed = of(true).chain(of(false)).take(MAX_LISTED).filter_map(|child| fleet.device(child));
    listed
        .map(|child| Child {
            key: key_of(&child),
            name: child.display_name().to_owned(),
            status: child.status,
        })
        .collect()
}

/// The devices that depend on this one, if there are any.
#[component]
pub fn ChildDevices(
    /// The device.
    subject: Subject,
) -> impl IntoView {
    let i18n = use_i18n();
    let format = use_format();
    let count = subject.fact(|_, device| device.children().len());
    let children = subject.fact(listed);
    let more = move || {
        let more = count.get().saturating_sub(MAX_LISTED);
        (more > 0).then(|| view! { <p>{t_string!(i18n, note.more, n = format.count(more))}</p> })
    };
    let list = NodeRef::<html::Ul>::new();
    let in_order = move || {
        keep_focus_within(list);
        children.get()
    };
    view! {
        <Show when=move || { count.get() > 0 }>
            <div>
                <h3>{move || t_string!(i18n, device.children, n = format.count(count.get()))}</h3>
                <ul class="changes children" node_ref=list>
                    <For each=in_order key=|child| child.key.clone() let:child>
                        <ChildDevice child=item_memo(children, child, |one, other| one.key == other.key) />
                    </For>
                </ul>
                {more}
            </div>
        </Show>
    }
}

#[component]
fn ChildDevice(
    /// The child; its status and its name may change.
    child: Memo<Child>,
) -> impl IntoView {
    let i18n = use_i18n();
    let status = Memo::new(move |_| child.with(|child| child.status));
    let key = child.with_untracked(|child| child.key.clone());
    let name = Signal::derive(move || child.with(|child| child.name.clone()));
    view! {
        <li class=move || status.get().word()>
            <StatusIcon status />
            <p>
                <DeviceLink key name />
                " "
                <span>{move || status_word(i18n.get_locale(), status.get())}</span>
            </p>
        </li>
    }
}
