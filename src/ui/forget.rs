//! Forgetting devices: what the broker keeps of them, whether that is to be deleted, what became of it, and undo.
//!
//! A dialog over `fleet::Forgetting`, which decides everything; here it is laid out and worded. Nothing is deleted
//! before it was listed and confirmed. The dialog can be left at any time: what runs goes on, and the tools lead back.

use fleet::forget::{Item, MOST_TOPICS, Task};
use fleet::{Fleet, Forgetting, Handle, Outcome, Status};
use js_sys::Reflect;
use leptos::prelude::*;
use mqtt::QoS;
use web_sys::Event;

use super::Page;
use super::device::Line;
use super::diagnosis::term;
use super::dialog::dialog;
use super::element::{El, Phrase, button, effect, el, focus};
use super::later::{self, later};
use super::tile::word;
use crate::words::Locale;
use crate::{phrase, say, say_count};

/// How many devices of one kind are listed.
const LISTED: usize = 100;

impl Page {
    /// Asks the broker what it keeps of these devices, and shows it. What runs already is shown instead.
    pub fn forget(self, devices: &[Handle]) {
        self.opened.set(None);
        self.link(|link| link.choose(devices));
        self.forget_is_open.set(true);
    }
}

/// The dialog, closed until devices are to be forgotten.
pub fn forget_dialog(page: Page) -> El {
    dialog(page, "forget", "forget-title", close, |page, into| {
        let fill = move |into| load_sheet(page, into);
        page.forget_is_open.get().then(|| later::open(page, into, fill))
    })
}

later! {
    forget: fn load_sheet(page: Page, into: El) {
        // Nothing that only a look-up begins is named anywhere else, and so it is all loaded with this.
        let is_at_work = |forgetting: &Forgetting| forgetting.is_running() && forgetting.task() != Task::LookUp;
        page.link(|link| {
            if link.with(|call| call.engine.forgetting().is_some_and(is_at_work)) != Some(true) {
                link.look_up();
            }
        });
        let mut sheet = Sheet::new(page, &into);
        effect(move || sheet.draw())
    }
}

/// What was only looked up is dropped. What was done stays, so that it can be undone later.
fn close(page: Page) {
    page.forget_is_open.set(false);
    let is_done = |forgetting: &Forgetting| forgetting.task() != Task::LookUp;
    page.link(|link| {
        link.choose(&[]);
        if link.with(|call| call.engine.forgetting().is_some_and(is_done)) != Some(true) {
            link.close_forgetting();
        }
    });
}

/// Where the dialog stands.
#[derive(Copy, Clone, PartialEq)]
struct Stage {
    task: Task,
    is_running: bool,
    is_sure: bool,
    locale: Locale,
}

/// The filled dialog. One effect draws it: the progress whenever it moves, the rest when the stage is another.
struct Sheet {
    page: Page,
    /// Whether the visitor is asked once more.
    is_sure: RwSignal<bool>,
    /// What there is to say, also to those who listen.
    status: Line,
    progress: El,
    count: Line,
    truth: Line,
    list: El,
    actions: El,
    shown: Option<Stage>,
}

impl Sheet {
    fn new(page: Page, into: &El) -> Sheet {
        let title = el("h2", "").attr("id", "forget-title").attr("tabindex", "-1");
        let status = el("p", "").attr("role", "status");
        let progress = el("progress", "").attr_says(page, "aria-label", phrase!(forget.progress));
        let (count, truth, list, actions) =
            (el("p", "hint"), el("p", "hint"), el("div", "outcomes"), el("div", "actions"));
        into.append(&title.says(page, phrase!(forget.title)));
        [&status, &progress, &count, &truth, &list, &actions].into_iter().for_each(|part| into.append(part));
        let [status, count, truth] = [status, count, truth].map(Line::of);
        let is_sure = RwSignal::new(false);
        Sheet { page, is_sure, status, progress, count, truth, list, actions, shown: None }
    }

    fn draw(&mut self) {
        let page = self.page;
        let (locale, is_sure) = (page.locale.get(), self.is_sure.get());
        let read = page.watch(|link| {
            link.with(|call| {
                let forgetting = call.engine.forgetting()?;
                self.read(call.engine.fleet(), forgetting, locale, is_sure);
                Some(())
            })
        });
        if read.flatten().is_none() && self.shown.take().is_some() {
            // Another connection was made.
            self.status.tell(say!(locale, forget.dropped));
            [&mut self.count, &mut self.truth].into_iter().for_each(|line| line.tell(""));
            self.progress.set("hidden", Some(""));
            [&self.list, &self.actions].into_iter().for_each(|part| part.set_text(""));
        }
    }

    fn read(&mut self, fleet: &Fleet, forgetting: &Forgetting, locale: Locale, is_sure: bool) {
        let page = self.page;
        let (task, is_running) = (forgetting.task(), forgetting.is_running());
        let number = |count| page.format(|formats| formats.count(count));
        if is_running {
            let (done, total) = forgetting.progress();
            self.progress.set("value", Some(&done.to_string()));
            self.progress.set("max", Some(&total.max(1).to_string()));
            self.count.tell(&say!(locale, group.some, n = number(done), total = number(total)));
        }
        let stage = Stage { task, is_running, is_sure, locale };
        if self.shown.replace(stage) == Some(stage) {
            return;
        }
        self.progress.set("hidden", (!is_running).then_some(""));
        if !is_running {
            self.count.tell(&match forgetting.left_out() {
                0 => String::new(),
                n => say!(locale, forget.left_out, most = number(MOST_TOPICS), n = number(n)),
            });
        }
        let kept = forgetting.count(|outcome| matches!(outcome, Outcome::Kept { .. }));
        let undoable = forgetting.count(|outcome| {
            matches!(outcome, Outcome::Gone | Outcome::Unverified | Outcome::NotRestored(_))
        });
        let devices = |count: usize| say_count!(locale, count, forget.devices, n = number(count));
        self.status.tell(&match (task, is_running) {
            (Task::LookUp, true) => say!(locale, forget.looking).to_owned(),
            (Task::LookUp, false) if kept == 0 => say!(locale, forget.nothing).to_owned(),
            (Task::LookUp, false) if is_sure => say!(locale, forget.sure, devices = devices(kept)),
            (Task::LookUp, false) => say!(locale, forget.found, devices = devices(kept)),
            (Task::Forget, true) => say!(locale, forget.deleting).to_owned(),
            (Task::Forget, false) => {
                let gone = forgetting.count(|outcome| outcome == Outcome::Gone);
                say!(locale, forget.deleted, devices = devices(gone))
            }
            (Task::Undo, true) => say!(locale, forget.restoring).to_owned(),
            (Task::Undo, false) => {
                let restored = forgetting.count(|outcome| outcome == Outcome::Restored);
                say!(locale, forget.restored, devices = devices(restored))
            }
        });
        let is_online = |item: &&Item| {
            let device = fleet.device(item.handle);
            matches!(item.outcome, Outcome::Kept { .. })
                && device.is_some_and(|device| device.status == Status::Online)
        };
        self.truth.tell(&match (task, is_running) {
            (_, true) => String::new(),
            (Task::LookUp, _) if kept > 0 => {
                let truth = say!(locale, forget.truth);
                match forgetting.items().iter().filter(is_online).count() {
                    0 => truth.to_owned(),
                    n => format!("{} {truth}", say_count!(locale, n, forget.online, n = number(n))),
                }
            }
            (Task::Forget, _) if undoable > 0 => say!(locale, forget.undo_until).to_owned(),
            _ => String::new(),
        });
        self.list.set_text("");
        self.actions.set_text("");
        if is_running {
            let stop = button("button", move |_| page.link(|link| link.stop_forgetting()));
            self.actions.append(&stop.says(page, phrase!(forget.stop)));
            self.keep_focus();
            return;
        }
        self.list_outcomes(fleet, forgetting, locale);
        let act = |class: &str, words: &str, act: fn(Page, RwSignal<bool>)| {
            let is_sure = self.is_sure;
            // The second click of a double one was meant for the button that stood here before.
            let on_click = move |event: Event| {
                if clicks(&event) < 2.0 {
                    act(page, is_sure);
                }
            };
            self.actions.append(&button(class, on_click).text(words));
        };
        match task {
            Task::LookUp if kept > 0 && !is_sure => {
                let words = say!(locale, forget.go_on, n = number(kept));
                act("button danger", &words, |_, is_sure| is_sure.set(true));
            }
            Task::LookUp if kept > 0 => {
                let words = say!(locale, forget.delete, n = number(kept));
                act("button danger", &words, |page, is_sure| {
                    is_sure.set(false);
                    page.link(|link| link.forget());
                });
                act("button", say!(locale, forget.back), |_, is_sure| is_sure.set(false));
            }
            Task::Forget | Task::Undo if undoable > 0 => {
                let words = say!(locale, forget.undo, n = number(undoable));
                act("button", &words, |page, _| page.link(|link| link.undo()));
            }
            _ => {}
        }
        let words = match task {
            Task::LookUp if kept > 0 => say!(locale, forget.cancel),
            _ => say!(locale, forget.done),
        };
        act("button", words, |page, _| close(page));
        self.keep_focus();
    }

    /// The outcomes by kind, each with the devices that it is the outcome of.
    fn list_outcomes(&self, fleet: &Fleet, forgetting: &Forgetting, locale: Locale) {
        let page = self.page;
        let number = |count| page.format(|formats| formats.count(count));
        let task = forgetting.task();
        for kind in 0..KINDS.len() as u8 {
            let such = || forgetting.items().iter().filter(move |item| kind_of(item.outcome, task) == kind);
            let count = such().count();
            if count == 0 {
                continue;
            }
            let title = el("h3", "").text(KINDS[kind as usize].to(locale)).text(" ");
            let list = el("ul", "").attr("role", "list");
            for item in such().take(LISTED) {
                list.append(&self.row(fleet, item, locale));
            }
            if count > LISTED {
                list.append(&el("li", "").text(&say!(locale, note.more, n = number(count - LISTED))));
            }
            self.list.append(&title.child(el("span", "").text(&number(count))));
            self.list.append(&list);
        }
    }

    fn row(&self, fleet: &Fleet, item: &Item, locale: Locale) -> El {
        let device = fleet.device(item.handle);
        let size = |bytes: u32| self.page.format(|formats| formats.bytes(bytes as usize));
        let detail = match item.outcome {
            Outcome::Kept { bytes, qos } => {
                let qos = match qos {
                    QoS::AtMostOnce => "0",
                    QoS::AtLeastOnce => "1",
                    QoS::ExactlyOnce => "2",
                };
                let status = device.as_ref().map_or(Status::Unknown, |device| device.status);
                format!("{} · {} · QoS {qos}", word(locale, status), size(bytes))
            }
            Outcome::TooLarge { bytes } => size(bytes),
            Outcome::Shared { devices } => say_count!(
                locale,
                devices,
                forget.devices,
                n = self.page.format(|formats| formats.count(devices as usize))
            ),
            Outcome::Untold(code) | Outcome::Refused(code) | Outcome::NotRestored(Some(code)) => {
                format!("0x{:02X} ({})", code.byte(), term(code))
            }
            _ => String::new(),
        };
        let name = device.as_ref().map_or(&*item.id, |device| device.display_name());
        let topic = el("code", "").attr("dir", "auto").text(&item.topic);
        let row = el("li", "").child(el("b", "").attr("dir", "auto").text(name)).text(" ").child(topic);
        if detail.is_empty() { row } else { row.text(" ").child(el("span", "").text(&detail)) }
    }

    /// The button that was pressed is gone, and the focus with it.
    fn keep_focus(&self) {
        let list = self.list.clone();
        request_animation_frame(move || {
            let is_lost = document().active_element().is_none_or(|active| active.tag_name() == "BODY");
            let title = document().get_element_by_id("forget-title");
            if let Some(title) = title.filter(|_| is_lost && list.element().is_connected()) {
                focus(&title);
            }
        });
    }
}

/// The how manieth click in quick succession an event is; 0 when the keyboard made it.
fn clicks(event: &Event) -> f64 {
    Reflect::get(event, &"detail".into()).ok().and_then(|clicks| clicks.as_f64()).unwrap_or_default()
}

/// The kinds of outcome, in the order in which they are listed.
const KINDS: [Phrase; 19] = [
    phrase!(forget.is.kept),
    phrase!(forget.is.gone),
    phrase!(forget.is.restored),
    phrase!(forget.is.still_silent),
    phrase!(forget.is.still_alive),
    phrase!(forget.is.still_other),
    phrase!(forget.is.refused),
    phrase!(forget.is.changed),
    phrase!(forget.is.unverified),
    phrase!(forget.is.superseded),
    phrase!(forget.is.not_restored),
    phrase!(forget.is.nothing),
    phrase!(forget.is.shared),
    phrase!(forget.is.never_spoke),
    phrase!(forget.is.too_large),
    phrase!(forget.is.untold),
    phrase!(forget.is.unknown),
    phrase!(forget.is.waiting),
    phrase!(forget.is.left),
];

/// Which of [`KINDS`] an outcome is when this was done.
fn kind_of(outcome: Outcome, task: Task) -> u8 {
    match outcome {
        Outcome::Kept { .. } if task == Task::LookUp => 0,
        Outcome::Kept { .. } => 18,
        Outcome::Gone => 1,
        Outcome::Restored => 2,
        Outcome::StillThere { same_bytes: true, came_live: false } => 3,
        Outcome::StillThere { came_live: true, .. } => 4,
        Outcome::StillThere { .. } => 5,
        Outcome::Refused(_) => 6,
        Outcome::Changed => 7,
        Outcome::Unverified => 8,
        Outcome::Superseded => 9,
        Outcome::NotRestored(_) => 10,
        Outcome::Nothing => 11,
        Outcome::Shared { .. } => 12,
        Outcome::NeverSpoke => 13,
        Outcome::TooLarge { .. } => 14,
        Outcome::Untold(_) => 15,
        Outcome::Unknown => 16,
        Outcome::Waiting => 17,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mqtt::ReasonCode;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn every_outcome_is_of_its_own_kind_and_every_kind_has_words() {
        let still = |same_bytes, came_live| Outcome::StillThere { same_bytes, came_live };
        let outcomes = [
            Outcome::Kept { bytes: 1, qos: QoS::AtMostOnce },
            Outcome::Gone,
            Outcome::Restored,
            still(true, false),
            still(false, true),
            still(false, false),
            Outcome::Refused(ReasonCode::NotAuthorized),
            Outcome::Changed,
            Outcome::Unverified,
            Outcome::Superseded,
            Outcome::NotRestored(None),
            Outcome::Nothing,
            Outcome::Shared { devices: 2 },
            Outcome::NeverSpoke,
            Outcome::TooLarge { bytes: 1 },
            Outcome::Untold(ReasonCode::NotAuthorized),
            Outcome::Unknown,
            Outcome::Waiting,
        ];
        let mut kinds: Vec<u8> = outcomes.into_iter().map(|outcome| kind_of(outcome, Task::LookUp)).collect();
        // What is still kept after the deleting is not to be deleted any more.
        kinds.push(kind_of(outcomes[0], Task::Forget));
        assert!(kinds.iter().copied().eq(0..KINDS.len() as u8), "{kinds:?}");
        assert_eq!(kind_of(outcomes[0], Task::Undo), kind_of(outcomes[0], Task::Forget));
        // What came live is news of the device, whatever its bytes are.
        let kind = |outcome| kind_of(outcome, Task::Forget);
        assert_eq!(kind(still(true, true)), kind(still(false, true)));
        for locale in crate::words::LOCALES {
            let words: Vec<&str> = KINDS.iter().map(|kind| kind.to(locale)).collect();
            let is_new = |place: usize| !words[..place].contains(&words[place]);
            assert!((0..words.len()).all(is_new), "two kinds say the same: {words:?}");
        }
    }
}
