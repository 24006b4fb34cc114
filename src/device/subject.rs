//! Reading the device of the panel: each fact is a memo, so that an update touches only what changed.

use fleet::{Device, Fleet, Handle};
use leptos::prelude::*;

use crate::client::Pace;
use crate::context::{AppContext, use_app};
use crate::route::DeviceKey;

/// The device that the panel is about. It is found by its key at each update: one that was removed and came back has
/// another handle.
#[derive(Copy, Clone)]
pub struct Subject {
    app: AppContext,
    key: StoredValue<DeviceKey>,
}

impl Subject {
    /// The device of a key, on the page's connection.
    pub fn new(key: DeviceKey) -> Subject {
        Subject { app: use_app(), key: StoredValue::new(key) }
    }

    /// Its handle, while it exists.
    pub fn handle(self) -> Memo<Option<Handle>> {
        Memo::new(move |_| self.read(|_, device| device.handle))
    }

    /// A fact of the device; the last one while the device does not exist.
    pub fn fact<T>(self, read: fn(&Fleet, &Device<'_>) -> T) -> Memo<T>
    where
        T: Clone + Default + PartialEq + Send + Sync + 'static,
    {
        Memo::new(move |last: Option<&T>| self.read(read).or_else(|| last.cloned()).unwrap_or_default())
    }

    /// Reads the device, if it exists. The running memo follows it.
    pub fn read<T>(self, read: impl FnOnce(&Fleet, &Device<'_>) -> T) -> Option<T> {
        self.app.read(Pace::Frame, |active| {
            let fleet = active.engine.fleet();
            let handle = self.key.with_value(|key| fleet.find(&key.convention, &key.id))?;
            Some(read(fleet, &fleet.device(handle)?))
        })?
    }
}

/// The key of a device.
pub fn key_of(device: &Device<'_>) -> DeviceKey {
    DeviceKey { convention: device.convention.slug.to_string(), id: device.id.to_owned() }
}
