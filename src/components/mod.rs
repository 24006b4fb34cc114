//! Building blocks that know no feature: what they show and what a press does comes in by their props.

mod dialog;
mod focus;
mod icon;

pub use dialog::{ModalDialog, announce_title};
pub use focus::{
    focus, focus_devices, focus_headline, focus_headline_if_lost, is_focus_lost, restore_focus_on_cleanup,
};
pub use icon::{Icon, StatusIcon};
