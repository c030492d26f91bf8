//! Every integration test, in one binary (linking is what costs), one file a subject.

mod architecture;
mod cli;
mod machine;
mod machines;
mod nasty;
mod node;
mod octoprint;
mod preview;
mod sample_models;
mod studio;
mod studio_window;
