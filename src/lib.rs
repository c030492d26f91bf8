//! Fabbro turns a model into motion and sends it to any machine, near or far, with no cloud in between.
//!
//! # One way through
//!
//! ```text
//! files ─▶ model ─▶ scene ─▶ process ─▶ toolpath ─▶ gcode ─▶ verify ─▶ machine | network
//!                     ▲         ▲           │
//!                 settings ─────┘           └────▶ render ◀─ model
//! app (window) and cli stand on top of everything, beside each other, and call the same functions.
//! ```
//!
//! # Invariants
//!
//! 1. Planning is pure and bit-reproducible: the same scene and settings give the same bytes on any number of threads,
//!    in the window, on the command line and on a node.
//! 2. Only `scene::edit` changes a scene, a settings change included; so everything can be undone.
//! 3. Only `gcode` knows G-code; only `settings` knows setting keys as text; only `units` converts; only `geometry`
//!    names the polygon kernel.
//! 4. Nothing reaches a machine or a node that `verify` has not passed for that machine.
//! 5. The window never waits and never draws without a reason: long work runs in `jobs`, a port has its own thread.

pub mod app;
pub mod cli;
pub mod gcode;
pub mod geometry;
pub mod jobs;
pub mod machine;
pub mod model;
pub mod network;
pub mod pipeline;
pub mod process;
pub mod progress;
pub mod render;
pub mod report;
pub mod scene;
pub mod settings;
pub mod toolpath;
pub mod units;
pub mod verify;
