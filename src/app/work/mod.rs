//! What runs in the background: reading files, planning, saving, and the desktop's file dialogs. Each holds one job of
//! [`crate::jobs`], is polled once a frame, and wakes the window when it ends.

pub mod dialogs;
pub mod loading;
pub mod machine;
pub mod planning;
pub mod saving;
