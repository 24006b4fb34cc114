//! Chance events, so that the board lives: now and then a device crashes, says goodbye or falls silent, and
//! comes back a little later. It never touches a device that a person took down. Started by the binary.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use crate::device::{Action, Device, State};
use crate::fleet::Fleet;
use crate::profile::Chance;

/// Lets something happen every `pause` on average, for ever; drop the future to end it.
pub async fn churn(fleet: Arc<Fleet>, pause: Duration, seed: u64) {
    let mut chance = Chance::new(!seed);
    let mut down: Vec<Arc<Device>> = Vec::new();
    // At most a tenth of the fleet is down by chance, so that most of the board stays green.
    let most = (fleet.devices().len() / 10).max(1);
    if fleet.devices().is_empty() {
        return;
    }
    loop {
        sleep(pause.mul_f64(0.5 + chance.below(1000) as f64 / 1000.0)).await;
        // What a person has brought back meanwhile is no longer ours to return.
        down.retain(|device| device.state() != State::Online);
        if down.len() >= most || (!down.is_empty() && chance.below(2) == 0) {
            let device = down.swap_remove(chance.below(down.len()));
            let _ = device.act(Action::Return).await;
            continue;
        }
        let device = &fleet.devices()[chance.below(fleet.devices().len())];
        if device.state() != State::Online {
            continue;
        }
        let action = match chance.below(6) {
            0 => Action::Goodbye,
            1 => Action::Silence,
            _ => Action::Kill,
        };
        if device.act(action).await.is_ok() {
            down.push(Arc::clone(device));
        }
    }
}
