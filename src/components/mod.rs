//! Building blocks that know no feature: what they show and what a press does comes in by their props.

mod bytes;
mod dialog;
mod focus;
mod hex_view;
mod icon;
mod list;

pub use dialog::{ModalDialog, announce_title};
pub use focus::{
    focus, focus_devices, focus_headline, focus_headline_if_lost, is_focus_lost, keep_focus_within,
    restore_focus_on_cleanup,
};
pub use hex_view::{ByteText, HexDump, has_stand_ins};
pub use icon::{Icon, StatusIcon};
pub use list::item_memo;
