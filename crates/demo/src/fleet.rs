//! All the simulated devices: starts them, finds them by id, passes orders on. It never touches a socket
//! itself. Used by `command`, `control`, `churn`, the binary and tests.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::device::{Action, Device, Refusal, State, Surroundings};
use crate::listen::dialable;
use crate::profile::{Convention, profiles};

/// What fleet to start.
#[derive(Clone, Debug)]
pub struct FleetOptions {
    /// The TCP address of the broker, any broker; an unspecified one means this machine.
    pub broker: SocketAddr,
    /// How many devices.
    pub devices: usize,
    /// Which ones: the same seed gives the same names.
    pub seed: u64,
    /// The keep-alive interval of every device, one second at least.
    pub keep_alive: Duration,
}

impl FleetOptions {
    /// A small fleet with everything else as the binary has it by default.
    pub fn new(broker: SocketAddr, devices: usize) -> FleetOptions {
        FleetOptions { broker, devices, seed: 1, keep_alive: Duration::from_secs(15) }
    }
}

/// The running fleet. Dropping it drops every socket, so all wills are published.
pub struct Fleet {
    devices: Vec<Arc<Device>>,
    by_id: HashMap<String, usize>,
    keep_alive: Duration,
}

/// Some devices could not connect.
#[derive(Debug)]
pub struct NotAllOnline {
    online: usize,
    devices: usize,
    broker: SocketAddr,
    trouble: String,
}

impl fmt::Display for NotAllOnline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let NotAllOnline { online, devices, broker, trouble } = self;
        write!(f, "Only {online} of {devices} devices could connect to {broker}. Last trouble: {trouble}. ")?;
        f.write_str(
            "With many devices the limit of open files may be too small (ulimit -n); a device needs two.",
        )
    }
}

impl std::error::Error for NotAllOnline {}

/// Nothing has that id; perhaps one of these was meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// What was asked for.
    pub id: String,
    /// The ids that look most like it, best first.
    pub closest: Vec<String>,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "No device has the id “{}”.", self.id)?;
        match self.closest.as_slice() {
            [] => Ok(()),
            ids => write!(f, " Closest: {}.", ids.join(", ")),
        }
    }
}

impl Fleet {
    /// Starts the devices and returns when all of them are online.
    pub async fn start(options: FleetOptions) -> Result<Fleet, NotAllOnline> {
        // So many may be connecting at a time: enough to start thousands within seconds, too few to overflow
        // the broker's queue of connections.
        let gate = Arc::new(Semaphore::new(64));
        let surroundings = Surroundings {
            broker: dialable(options.broker),
            keep_alive: options.keep_alive.max(Duration::from_secs(1)),
            gate,
            trouble: watch::Sender::new("none".to_owned()),
        };
        let devices: Vec<_> = profiles(options.devices, options.seed)
            .into_iter()
            .map(|profile| Arc::new(Device::start(profile, surroundings.clone())))
            .collect();
        let by_id =
            devices.iter().enumerate().map(|(at, device)| (device.profile().id.clone(), at)).collect();
        let fleet = Fleet { devices, by_id, keep_alive: surroundings.keep_alive };

        let all_online = async {
            for device in &fleet.devices {
                let _ = device.reached(State::Online).await;
            }
        };
        let allowed = Duration::from_secs(15) + Duration::from_millis(10) * options.devices as u32;
        match timeout(allowed, all_online).await {
            Ok(()) => Ok(fleet),
            Err(_) => Err(NotAllOnline {
                online: fleet.devices.iter().filter(|device| device.state() == State::Online).count(),
                devices: options.devices,
                broker: options.broker,
                trouble: surroundings.trouble.borrow().clone(),
            }),
        }
    }

    /// All devices, in the order of their seed.
    pub fn devices(&self) -> &[Arc<Device>] {
        &self.devices
    }

    /// After how long a silent device counts as dead: one and a half keep-alive intervals [MQTT-3.1.2-24].
    pub fn silence_limit(&self) -> Duration {
        self.keep_alive * 3 / 2
    }

    /// The device with that id.
    pub fn device(&self, id: &str) -> Result<&Arc<Device>, Unknown> {
        match self.by_id.get(id) {
            Some(&at) => Ok(&self.devices[at]),
            None => Err(Unknown { id: id.to_owned(), closest: self.closest(id) }),
        }
    }

    /// One device by its id, those of a convention by its slug, or `all`.
    pub fn select(&self, target: &str) -> Result<Vec<Arc<Device>>, Unknown> {
        if target == "all" {
            return Ok(self.devices.clone());
        }
        if let Some(convention) = Convention::ALL.into_iter().find(|convention| convention.slug() == target) {
            let of_it = |device: &&Arc<Device>| device.profile().convention == convention;
            return Ok(self.devices.iter().filter(of_it).cloned().collect());
        }
        self.device(target).map(|device| vec![Arc::clone(device)])
    }

    /// Gives an order to everything that `target` selects, to all at once. The answers come in no order.
    pub async fn act(
        &self,
        target: &str,
        action: Action,
    ) -> Result<Vec<(Arc<Device>, Result<State, Refusal>)>, Unknown> {
        let mut under_way = JoinSet::new();
        for device in self.select(target)? {
            under_way.spawn(async move {
                let result = device.act(action).await;
                (device, result)
            });
        }
        Ok(under_way.join_all().await)
    }

    /// Up to three ids that look like the given one: first those that contain it, then by edit distance.
    fn closest(&self, id: &str) -> Vec<String> {
        let wanted = id.to_lowercase();
        let mut ranked: Vec<_> = self
            .devices
            .iter()
            .map(|device| {
                let id = &device.profile().id;
                let lower = id.to_lowercase();
                let apart = distance(&wanted, &lower);
                (wanted.is_empty() || !lower.contains(&wanted), apart, id)
            })
            .filter(|(missing, apart, _)| !missing || *apart <= wanted.chars().count().max(4))
            .collect();
        ranked.sort();
        ranked.into_iter().take(3).map(|(_, _, id)| id.clone()).collect()
    }
}

/// How many letters must be inserted, removed or replaced to make one word of the other (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().take(64).enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = corner + usize::from(from != *to);
            corner = row[j + 1];
            row[j + 1] = replaced.min(corner + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn the_distance_counts_letters() {
        for (a, b, apart) in [("", "", 0), ("abc", "", 3), ("kitten", "sitting", 3), ("pump", "pumps", 1)] {
            assert_eq!(distance(a, b), apart, "{a} {b}");
            assert_eq!(distance(b, a), apart, "{b} {a}");
        }
    }
}
