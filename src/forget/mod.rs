//! Deleting what the broker retains of devices: what that is, whether it is to be deleted, the outcome, and undo.
//!
//! A dialog over `fleet::Deletion`, which decides everything. Nothing is deleted before it was listed and confirmed. The
//! dialog can be left at any time: what runs goes on, and the board's tools lead back.

mod outcome;
mod overview;
#[cfg(test)]
mod tests;

use fleet::retained::{MAX_TOPICS, Task};
use fleet::{Deletion, Fleet};
use leptos::prelude::*;
use web_sys::MouseEvent;

use crate::client::Pace;
use crate::components::{ModalDialog, announce_title, is_focus_lost};
use crate::context::{AppContext, Dialog, use_app};
use crate::format::{Format, use_format};
use crate::i18n::{I18n, t_count, t_string, text, use_i18n};
use overview::{Action, OutcomeGroup, OutcomeRow, Overview};

const TITLE: &str = "forget-title";

/// The dialog, open while what the broker retains is deleted.
#[component]
pub fn ForgetDialog(
    /// It was closed and the focus has nowhere to return to. Without this, the headline gets it.
    #[prop(optional, into)]
    on_focus_lost: Option<Callback<()>>,
) -> impl IntoView {
    let app = use_app();
    view! {
        <ModalDialog
            class="forget"
            labelledby=TITLE
            open=Signal::derive(move || app.dialog.with(|dialog| *dialog == Some(Dialog::Forget)))
            on_close=move || app.dialog.set(None)
            nostrip:on_focus_lost=on_focus_lost
        >
            <Deletion />
        </ModalDialog>
    }
}

/// What the dialog shows.
#[component]
fn Deletion() -> impl IntoView {
    let i18n = use_i18n();
    let format = use_format();
    let app = use_app();
    let state = Memo::new(move |_| read_state(app));
    let overview = Memo::new(move |_| read_deletion(app, state, Overview::of));
    // Whether the visitor is asked to confirm the deletion.
    let is_asked = RwSignal::new(false);
    on_cleanup(move || drop_look_up(app));
    view! {
        <h2 id=TITLE tabindex="-1">{text!(i18n, forget.title)}</h2>
        <p role="status">{move || status_text(overview.get(), is_asked.get(), i18n, format)}</p>
        <Progress />
        <Consequences overview />
        <Outcomes state />
        <Actions overview is_asked />
    }
}

/// What was only looked up is dropped when the dialog closes. What was done stays, so that it can be undone later.
fn drop_look_up(app: AppContext) {
    let is_look_up = app.read_untracked(|active| {
        active.engine.deletion().is_some_and(|deletion| deletion.task() == Task::LookUp)
    });
    if is_look_up == Some(true) {
        app.connection().close_deletion();
    }
}

/// The task, and whether it runs.
type State = (Task, bool);

/// The state, read with every frame.
fn read_state(app: AppContext) -> Option<State> {
    app.read(Pace::Frame, |active| {
        active.engine.deletion().map(|deletion| (deletion.task(), deletion.is_running()))
    })?
}

/// Reads the deletion when its state changes, and at a slower pace while nothing runs, for there may be many topics.
fn read_deletion<T>(
    app: AppContext,
    state: Memo<Option<State>>,
    read: impl FnOnce(&Fleet, &Deletion) -> T,
) -> Option<T> {
    let (_, is_running) = state.get()?;
    if !is_running {
        app.connection().track(Pace::Text);
    }
    app.read_untracked(|active| Some(read(active.engine.fleet(), active.engine.deletion()?)))?
}

/// What happens, or has happened; also read to a screen reader.
fn status_text(overview: Option<Overview>, is_asked: bool, i18n: I18n, format: Format) -> String {
    let Some(Overview { task, is_running, kept, gone, restored, .. }) = overview else {
        // Another connection was made.
        return t_string!(i18n, forget.dropped).to_owned();
    };
    let devices = |count: usize| t_count!(i18n, count, forget.devices, n = format.count(count));
    match (task, is_running) {
        (Task::LookUp, true) => t_string!(i18n, forget.looking).to_owned(),
        (Task::LookUp, false) if kept == 0 => t_string!(i18n, forget.nothing).to_owned(),
        (Task::LookUp, false) if is_asked => t_string!(i18n, forget.sure, devices = devices(kept)),
        (Task::LookUp, false) => t_string!(i18n, forget.found, devices = devices(kept)),
        (Task::Delete, true) => t_string!(i18n, forget.deleting).to_owned(),
        (Task::Delete, false) => t_string!(i18n, forget.deleted, devices = devices(gone)),
        (Task::Undo, true) => t_string!(i18n, forget.restoring).to_owned(),
        (Task::Undo, false) => t_string!(i18n, forget.restored, devices = devices(restored)),
    }
}

/// How far the running task is.
#[component]
fn Progress() -> impl IntoView {
    let i18n = use_i18n();
    let format = use_format();
    let app = use_app();
    let progress = Memo::new(move |_| {
        let progress = app.read(Pace::Frame, |active| {
            let deletion = active.engine.deletion().filter(|deletion| deletion.is_running())?;
            Some(deletion.progress())
        });
        progress.flatten()
    });
    let text = move || {
        let (done, total) = progress.get()?;
        Some(t_string!(i18n, group.some, n = format.count(done), total = format.count(total)))
    };
    let is_hidden = move || progress.with(Option::is_none);
    view! {
        <progress
            aria-label=text!(i18n, forget.progress)
            hidden=is_hidden
            value=move || progress.get().map(|(done, _)| done.to_string())
            max=move || progress.get().map(|(_, total)| total.max(1).to_string())
        ></progress>
        <p class="hint" hidden=is_hidden>{text}</p>
    }
}

/// What was left out, what a deletion leads to, and how long it can be undone.
#[component]
fn Consequences(
    /// Where the deletion stands.
    overview: Memo<Option<Overview>>,
) -> impl IntoView {
    let i18n = use_i18n();
    let format = use_format();
    let left_out = move || match overview.get()? {
        Overview { is_running: true, .. } | Overview { left_out: 0, .. } => None,
        Overview { left_out, .. } => {
            let (most, n) = (format.count(MAX_TOPICS), format.count(left_out));
            Some(t_string!(i18n, forget.left_out, most = most, n = n))
        }
    };
    let consequence = move || match overview.get()? {
        Overview { is_running: true, .. } => None,
        Overview { task: Task::LookUp, kept: 1.., online, .. } => {
            let truth = t_string!(i18n, forget.truth);
            Some(match online {
                0 => truth.to_owned(),
                n => format!("{} {truth}", t_count!(i18n, n, forget.online, n = format.count(n))),
            })
        }
        Overview { task: Task::Delete, undoable: 1.., .. } => {
            Some(t_string!(i18n, forget.undo_until).to_owned())
        }
        _ => None,
    };
    view! {
        <Hint text=Signal::derive(left_out) />
        <Hint text=Signal::derive(consequence) />
    }
}

/// A remark below the status.
#[component]
fn Hint(
    /// Its text. Without one it is hidden.
    text: Signal<Option<String>>,
) -> impl IntoView {
    view! {
        <p class="hint" hidden=move || text.with(Option::is_none)>
            {text}
        </p>
    }
}

/// The outcomes by kind, each with its devices.
#[component]
fn Outcomes(
    /// The task, and whether it runs.
    state: Memo<Option<State>>,
) -> impl IntoView {
    let i18n = use_i18n();
    let format = use_format();
    let app = use_app();
    let groups = Memo::new(move |_| {
        let formats = format.get();
        read_deletion(app, state, |fleet, deletion| OutcomeGroup::all(fleet, deletion, i18n, &formats))
            .unwrap_or_default()
    });
    // Without keys: nothing in a list can have the focus.
    let lists = move || groups.get().into_iter().map(|group| view! { <OutcomeList group /> }).collect_view();
    view! { <div class="outcomes">{lists}</div> }
}

/// The devices of a kind: some, and how many more there are.
#[component]
fn OutcomeList(
    /// The kind and its devices.
    group: OutcomeGroup,
) -> impl IntoView {
    let i18n = use_i18n();
    let format = use_format();
    let (count, more) = (group.count, group.more());
    let OutcomeGroup { kind, rows, .. } = group;
    let item = |OutcomeRow { name, topic, detail, .. }| {
        view! {
            <li>
                <b dir="auto">{name}</b>
                " "
                <code dir="auto">{topic}</code>
                {(!detail.is_empty()).then(|| view! { " " <span>{detail}</span> })}
            </li>
        }
    };
    let more = (more > 0).then(|| {
        view! { <li>{move || t_string!(i18n, note.more, n = format.count(more))}</li> }
    });
    view! {
        <h3>{move || kind.title(i18n.get_locale())} " " <span>{move || format.count(count)}</span></h3>
        <ul role="list">{rows.into_iter().map(item).collect_view()} {more}</ul>
    }
}

/// What can be done next.
#[component]
fn Actions(
    /// Where the deletion stands.
    overview: Memo<Option<Overview>>,
    /// Whether the visitor is asked to confirm the deletion.
    is_asked: RwSignal<bool>,
) -> impl IntoView {
    let app = use_app();
    let actions = Memo::new(move |_| {
        overview.get().map(|overview| overview.actions(is_asked.get())).unwrap_or_default()
    });
    let run = move |action| match action {
        Action::Stop => app.connection().stop_deletion(),
        Action::Ask(_) => is_asked.set(true),
        Action::Delete(_) => {
            is_asked.set(false);
            app.connection().delete_retained();
        }
        Action::Back => is_asked.set(false),
        Action::Undo(_) => app.connection().undo_deletion(),
        Action::Cancel | Action::Done => app.dialog.set(None),
    };
    // The button that was pressed is gone, and the focus with it.
    Effect::new(move || {
        actions.track();
        request_animation_frame(|| {
            if is_focus_lost() {
                announce_title(TITLE);
            }
        });
    });
    view! {
        <div class="actions">
            <For each=move || actions.get() key=|action| *action let:action>
                <ActionButton action run />
            </For>
        </div>
    }
}

/// A button.
#[component]
fn ActionButton(
    /// What it does.
    action: Action,
    /// Does it.
    #[prop(into)]
    run: Callback<Action>,
) -> impl IntoView {
    let i18n = use_i18n();
    let format = use_format();
    let text = move || match action {
        Action::Stop => t_string!(i18n, forget.stop).to_owned(),
        Action::Ask(count) => t_string!(i18n, forget.go_on, n = format.count(count)),
        Action::Delete(count) => t_string!(i18n, forget.delete, n = format.count(count)),
        Action::Back => t_string!(i18n, forget.back).to_owned(),
        Action::Undo(count) => t_string!(i18n, forget.undo, n = format.count(count)),
        Action::Cancel => t_string!(i18n, forget.cancel).to_owned(),
        Action::Done => t_string!(i18n, forget.done).to_owned(),
    };
    let is_danger = matches!(action, Action::Ask(_) | Action::Delete(_));
    let on_click = move |event: MouseEvent| {
        // The second click of a double one was meant for the button that stood here before.
        if action == Action::Stop || event.detail() < 2 {
            run.run(action);
        }
    };
    view! {
        <button type="button" class="button" class:danger=is_danger on:click=on_click>
            {text}
        </button>
    }
}
