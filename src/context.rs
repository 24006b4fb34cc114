//! What the features share: the connection, what is looked at, and which dialog is open.
//!
//! [`App`](crate::app::App) provides it once; components call [`use_app`]. Features meet here and never import each
//! other.

use std::collections::BTreeSet;
use std::time::Duration;

use fleet::fleet::Refused;
use fleet::retained::Task;
use fleet::{Convention, Counts, Handle, Registry, SnapshotState};
use leptos::prelude::*;
use mqtt::{Link, Time, Version};

use crate::client::{self, Active, Connection, Origin, Pace};
use crate::route::{DeviceKey, Request, Route};
use crate::storage;
use crate::view::View;

/// What the components of the page share. Copy: a handle to signals that live as long as the page does.
#[derive(Copy, Clone)]
pub struct AppContext {
    connection: StoredValue<Connection, LocalStorage>,
    /// The conventions by which devices are recognized.
    pub conventions: StoredValue<Registry>,
    /// Where the page was loaded from.
    pub origin: StoredValue<Origin>,
    /// What the query of the page's address asked for.
    pub request: StoredValue<Request>,
    /// A coarse clock for relative times, every ten seconds.
    pub now: RwSignal<Time>,
    /// The facts of the connection that more than one feature shows.
    pub status: Memo<ConnectionStatus>,
    /// Which devices are shown, and how.
    pub view: RwSignal<View>,
    /// The names of the groups that are folded.
    pub folded: RwSignal<BTreeSet<String>>,
    /// Which dialog is open.
    pub dialog: RwSignal<Option<Dialog>>,
    /// The device that the keyboard is at.
    pub cursor: RwSignal<Option<Handle>>,
    /// Notified when the saved connections of this browser change, here or in another tab. They are read where they are
    /// shown.
    pub saved_changed: Trigger,
    /// The visitor's choice of colours.
    pub theme: RwSignal<Theme>,
}

/// A dialog. One is open at most.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Dialog {
    /// Where to connect.
    Connection,
    /// A device in detail.
    Device(DeviceKey),
    /// Deleting what the broker retains.
    Forget,
    /// Help, and the keys.
    Help,
}

/// The visitor's choice of colours.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub enum Theme {
    /// As the system has them.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// The theme of a stored word.
    pub fn parse(word: &str) -> Theme {
        match word {
            "light" => Theme::Light,
            "dark" => Theme::Dark,
            _ => Theme::System,
        }
    }

    /// The word of `data-theme` on the root; none for the system's colours.
    pub fn word(self) -> Option<&'static str> {
        match self {
            Theme::System => None,
            Theme::Light => Some("light"),
            Theme::Dark => Some("dark"),
        }
    }

    /// The one that the switch chooses next.
    pub fn next(self) -> Theme {
        match self {
            Theme::System => Theme::Light,
            Theme::Light => Theme::Dark,
            Theme::Dark => Theme::System,
        }
    }
}

/// The facts of a connection, read at most once per frame.
#[derive(Clone, PartialEq)]
pub struct ConnectionStatus {
    /// Where the connection stands.
    pub link: Link,
    /// The address of the broker, once one was asked for.
    pub address: Option<String>,
    /// The version that is spoken, while connected.
    pub version: Option<Version>,
    /// Whether everything that is retained was seen.
    pub snapshot: SnapshotState,
    /// How many devices there are of each status and evidence.
    pub counts: Counts,
    /// Since when the board has observed.
    pub observed_since: Option<Time>,
    /// What the fleet's bounds kept out.
    pub refused: Refused,
    /// Whether there is no connection and should be one.
    pub has_failed: bool,
}

impl ConnectionStatus {
    fn of(connection: &Connection) -> ConnectionStatus {
        let link = connection.link();
        let has_failed = connection.read_failure(|_, _| ()).is_some();
        let status = connection.read(|Active { profile, engine, .. }| {
            let fleet = engine.fleet();
            ConnectionStatus {
                link,
                address: Some(profile.address.as_str().to_owned()),
                version: engine.session().version().filter(|_| link == Link::Connected),
                snapshot: engine.snapshot().state(),
                counts: *fleet.counts(),
                observed_since: fleet.observed_since(),
                refused: *fleet.refused(),
                has_failed,
            }
        });
        status.unwrap_or(ConnectionStatus {
            link: Link::Idle,
            address: None,
            version: None,
            snapshot: SnapshotState::Unknown,
            counts: Counts::default(),
            observed_since: None,
            refused: Refused::default(),
            has_failed: false,
        })
    }
}

/// How often relative times are recomputed.
pub const TICK: Duration = Duration::from_secs(10);

impl AppContext {
    /// A page over a connection, at what an address asks for and shows.
    pub fn new(connection: Connection, origin: Origin, request: Request, route: Route) -> AppContext {
        let connection = StoredValue::new_local(connection);
        let Route { view, folded, device } = route;
        AppContext {
            connection,
            conventions: StoredValue::new(Registry::built_in()),
            origin: StoredValue::new(origin),
            request: StoredValue::new(request),
            now: RwSignal::new(client::now()),
            status: Memo::new(move |_| {
                connection.with_value(|connection| {
                    connection.track(Pace::Frame);
                    ConnectionStatus::of(connection)
                })
            }),
            view: RwSignal::new(view),
            folded: RwSignal::new(folded),
            dialog: RwSignal::new(device.map(Dialog::Device)),
            cursor: RwSignal::new(None),
            saved_changed: Trigger::new(),
            theme: RwSignal::new(Theme::parse(&storage::read(storage::THEME).unwrap_or_default())),
        }
    }

    /// The connection, for commands.
    pub fn connection(self) -> Connection {
        self.connection.get_value()
    }

    /// Reads the connection, once there is one. The running effect or memo follows its changes at a pace.
    pub fn read<T>(self, pace: Pace, read: impl FnOnce(Active<'_>) -> T) -> Option<T> {
        self.connection.with_value(|connection| {
            connection.track(pace);
            connection.read(read)
        })
    }

    /// Reads the connection once.
    pub fn read_untracked<T>(self, read: impl FnOnce(Active<'_>) -> T) -> Option<T> {
        // An event may come when the page is gone.
        self.connection.try_with_value(|connection| connection.read(read))?
    }

    /// Reads the convention with this slug, if there is one.
    pub fn convention<T>(self, slug: &str, read: impl FnOnce(&Convention) -> T) -> Option<T> {
        self.conventions.with_value(|registry| Some(read(&registry[registry.find(slug)?])))
    }

    /// Opens a device's panel.
    pub fn open_device(self, handle: Handle) {
        let key = self.read_untracked(|active| {
            let device = active.engine.fleet().device(handle)?;
            Some(DeviceKey { convention: device.convention.slug.to_string(), id: device.id.to_owned() })
        });
        if let Some(Some(key)) = key {
            self.cursor.set(Some(handle));
            self.dialog.set(Some(Dialog::Device(key)));
        }
    }

    /// Looks up what the broker retains of these devices, and opens the dialog that deletes it. While something is being
    /// deleted or put back, that is shown instead.
    pub fn forget(self, devices: &[Handle]) {
        if devices.is_empty() {
            return;
        }
        let is_publishing = self.read_untracked(|active| {
            let deletion = active.engine.deletion();
            deletion.is_some_and(|deletion| deletion.is_running() && deletion.task() != Task::LookUp)
        });
        if is_publishing != Some(true) {
            self.connection().look_up(devices);
        }
        self.dialog.set(Some(Dialog::Forget));
    }

    /// Whether a broker was ever asked for. Before that the form stands on the page, and no device's panel covers it.
    pub fn has_address_untracked(self) -> bool {
        self.status.with_untracked(|status| status.address.is_some())
    }

    /// Folds a group, or unfolds it.
    pub fn toggle_fold(self, name: &str) {
        self.folded.update(|folded| {
            if !folded.remove(name) {
                folded.insert(name.to_owned());
            }
        });
    }

    /// Another connection has other devices, whose handles may be the same.
    pub fn reset_devices(self) {
        self.cursor.set(None);
        self.folded.set(BTreeSet::new());
        self.dialog.update(|dialog| {
            if matches!(dialog, Some(Dialog::Device(_) | Dialog::Forget)) {
                *dialog = None;
            }
        });
    }

    /// What the address shows of all this.
    pub fn route(self) -> Route {
        let device = match self.dialog.get() {
            Some(Dialog::Device(key)) => Some(key),
            _ => None,
        };
        Route { view: self.view.get(), folded: self.folded.get(), device }
    }

    /// Shows what an address that was entered asks for.
    pub fn show_route(self, Route { view, folded, device }: Route) {
        if self.view.with_untracked(|known| *known != view) {
            self.view.set(view);
        }
        if self.folded.with_untracked(|known| *known != folded) {
            self.folded.set(folded);
        }
        let dialog = device.map(Dialog::Device);
        let is_shown = self.dialog.with_untracked(|known| {
            *known == dialog || dialog.is_none() && !matches!(known, Some(Dialog::Device(_)))
        });
        if !is_shown {
            self.dialog.set(dialog);
        }
    }
}

/// What the components of the page share.
pub fn use_app() -> AppContext {
    expect_context()
}
