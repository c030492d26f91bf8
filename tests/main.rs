//! Every integration test, in one binary (linking is what costs), one file a subject.

mod cli;
mod preview;
mod sample_models;
