//! What panels are given: everything to read, nothing to write. What they want done they send as requests.

use std::cell::RefCell;
use std::path::PathBuf;

use super::command::Command;
use super::derived::Derived;
use super::described::Described;
use super::preferences::Preferences;
use super::samples::Sample;
use super::tool::Change;
use super::ui_state::UiState;
use crate::machine;
use crate::scene::Document;
use crate::scene::edit::Edit;
use crate::settings::PresetKind;

/// Something that a panel wants done after this frame's drawing.
pub enum Request {
    Do(Command),
    /// A change of the document, undone as one.
    Edit(Edit),
    /// Another machine, material or recipe, by its id.
    Preset(PresetKind, String),
    /// A machine that was described is kept and used.
    AddMachine(Described),
    Open(Vec<PathBuf>),
    OpenSample(&'static Sample),
    ExportTo(PathBuf),
    /// Looks at the plate's own layers again instead of an opened file.
    ShowPlan,
    /// Something for the machine to do.
    Machine(machine::Command),
    Ui(Box<dyn FnOnce(&mut UiState)>),
    Prefer(Box<dyn FnOnce(&mut Preferences)>),
}

/// The four owners, to be read.
pub struct Cx<'a> {
    pub document: &'a Document,
    pub derived: &'a Derived,
    pub preferences: &'a Preferences,
    pub ui: &'a UiState,
    requests: RefCell<Vec<Request>>,
}

impl<'a> Cx<'a> {
    pub fn new(document: &'a Document, derived: &'a Derived, preferences: &'a Preferences, ui: &'a UiState) -> Self {
        Self { document, derived, preferences, ui, requests: RefCell::default() }
    }

    /// What was asked for, in order.
    pub fn into_requests(self) -> Vec<Request> {
        self.requests.into_inner()
    }

    pub fn send(&self, request: Request) {
        self.requests.borrow_mut().push(request);
    }

    /// Runs a command.
    pub fn run(&self, command: Command) {
        self.send(Request::Do(command));
    }

    /// Changes the document.
    pub fn edit(&self, edit: Edit) {
        self.send(Request::Edit(edit));
    }

    /// Moves, turns or scales everything that is selected.
    pub fn change_selection(&self, change: Change) {
        let ids: Vec<_> = self.ui.selection.iter().copied().collect();
        if !ids.is_empty() {
            self.edit(Edit::Transform { objects: ids, by: change.matrix(), how: change.how() });
        }
    }

    /// Changes the state of the window.
    pub fn ui(&self, change: impl FnOnce(&mut UiState) + 'static) {
        self.send(Request::Ui(Box::new(change)));
    }

    /// Changes what is remembered.
    pub fn prefer(&self, change: impl FnOnce(&mut Preferences) + 'static) {
        self.send(Request::Prefer(Box::new(change)));
    }
}
