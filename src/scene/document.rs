//! The document with its history.
//!
//! Every state shares what did not change with the one before, so keeping states is cheap, and undoing is putting an
//! old one back: exact to the last bit.

use std::sync::Arc;

use super::check::{Misplaced, misplaced};
use super::edit::{Edit, EditError, Outcome};
use super::object::{Object, ObjectId};
use super::plate::BuildPlate;
use super::{Snapshot, SnapshotObject};
use crate::progress::Progress;
use crate::report::Notice;
use crate::settings::{Layer, LayeredSettings, Resolved, Settings};

/// Steps that can be undone, at most.
const LONGEST_HISTORY: usize = 1000;

/// Everything that belongs to a print, at one moment.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct State {
    pub objects: Vec<Arc<Object>>,
    pub settings: LayeredSettings,
    /// `settings` with all rules computed.
    pub resolved: Arc<Resolved>,
    pub plate: Arc<BuildPlate>,
    pub next_id: u64,
    /// Different for every state that ever was.
    pub revision: u64,
}

/// A state that can be gone back to.
#[derive(Debug)]
struct Step {
    /// What led away from it, such as `Move Bracket`.
    label: String,
    /// Edits of one gesture are undone together.
    gesture: Option<u64>,
    state: State,
}

/// The build plate, the objects on it and all settings, with undo and redo.
#[derive(Debug)]
pub struct Document {
    state: State,
    undo: Vec<Step>,
    /// The last one is redone first; each holds the state to come, and what leads to it.
    redo: Vec<Step>,
    saved_revision: u64,
    last_revision: u64,
}

impl Default for Document {
    /// An empty plate with the defaults of every setting.
    fn default() -> Self {
        let settings = Arc::new(Settings::default());
        let plate = Arc::new(BuildPlate::of(&settings));
        let resolved = Arc::new(Resolved { settings, notices: Vec::new() });
        let settings = LayeredSettings::new();
        let state = State { objects: Vec::new(), settings, resolved, plate, next_id: 1, revision: 0 };
        Self { state, undo: Vec::new(), redo: Vec::new(), saved_revision: 0, last_revision: 0 }
    }
}

impl Document {
    /// An empty plate with these settings. Fails when they contradict each other.
    pub fn new(settings: LayeredSettings) -> Result<Self, EditError> {
        let mut document = Self::default();
        document.apply(Edit::UseSettings { settings, label: String::new() })?;
        document.forget();
        Ok(document)
    }

    /// The placed objects, in the order in which they were added.
    pub fn objects(&self) -> &[Arc<Object>] {
        &self.state.objects
    }

    pub fn object(&self, id: ObjectId) -> Option<&Arc<Object>> {
        self.state.objects.iter().find(|o| o.id == id)
    }

    /// The layers of the plate's settings.
    pub fn settings(&self) -> &LayeredSettings {
        &self.state.settings
    }

    /// The plate's layers with an object's own values on top.
    pub fn settings_of(&self, object: &Object) -> LayeredSettings {
        // Values of an object were checked when they were set; if one had become wrong, the plate's count.
        let layered = self.state.settings.with(Layer::Object, &object.name, &object.settings);
        layered.unwrap_or_else(|_| self.state.settings.clone())
    }

    /// The plate's settings with all rules computed.
    pub fn resolved(&self) -> &Arc<Settings> {
        &self.state.resolved.settings
    }

    /// What is unusual about the plate's settings.
    pub fn settings_notices(&self) -> &[Notice] {
        &self.state.resolved.notices
    }

    pub fn plate(&self) -> &Arc<BuildPlate> {
        &self.state.plate
    }

    /// A number that is different for every state: when it is the same, nothing has changed. Undoing brings the old
    /// number back.
    pub fn revision(&self) -> u64 {
        self.state.revision
    }

    /// What planning needs of the present state.
    pub fn snapshot(&self) -> Snapshot {
        let object = |o: &Arc<Object>| SnapshotObject {
            name: o.name.clone(),
            model: Arc::clone(&o.model),
            plate_from_model: o.plate_from_model,
            settings: Arc::clone(&o.resolved),
        };
        Snapshot {
            objects: self.state.objects.iter().map(object).collect(),
            settings: Arc::clone(&self.state.resolved.settings),
        }
    }

    /// What stands where it cannot be made.
    pub fn misplaced(&self) -> Vec<Misplaced> {
        misplaced(self.state.objects.iter().map(AsRef::as_ref), &self.state.plate)
    }

    /// Changes the document. A failed edit changes nothing.
    pub fn apply(&mut self, edit: Edit) -> Result<Outcome, EditError> {
        self.apply_in(edit, None, &Progress::new())
    }

    /// The same for an edit that may take long (arranging many objects) or is one of a gesture: edits that follow each
    /// other with the same number, such as those of one drag, are undone together.
    pub fn apply_in(&mut self, edit: Edit, gesture: Option<u64>, progress: &Progress) -> Result<Outcome, EditError> {
        let label = edit.label(&self.state);
        let (mut state, outcome) = edit.apply(&self.state, progress)?;
        if state == self.state {
            return Ok(outcome);
        }
        self.last_revision += 1;
        state.revision = self.last_revision;
        let before = std::mem::replace(&mut self.state, state);
        let goes_on =
            gesture.is_some() && self.redo.is_empty() && self.undo.last().is_some_and(|s| s.gesture == gesture);
        self.redo.clear();
        if !goes_on {
            self.undo.push(Step { label, gesture, state: before });
            if self.undo.len() > LONGEST_HISTORY {
                self.undo.remove(0);
            }
        }
        Ok(outcome)
    }

    /// Takes the last edit back; says which one it was. `None` where there is none.
    pub fn undo(&mut self) -> Option<String> {
        let Step { label, state, .. } = self.undo.pop()?;
        let after = std::mem::replace(&mut self.state, state);
        self.redo.push(Step { label: label.clone(), gesture: None, state: after });
        Some(label)
    }

    /// Does again what was undone last; says what it was. `None` where nothing was undone since the last edit.
    pub fn redo(&mut self) -> Option<String> {
        let Step { label, state, .. } = self.redo.pop()?;
        let before = std::mem::replace(&mut self.state, state);
        self.undo.push(Step { label: label.clone(), gesture: None, state: before });
        Some(label)
    }

    /// What undo would take back, such as `Move Bracket`.
    pub fn undo_label(&self) -> Option<&str> {
        self.undo.last().map(|s| s.label.as_str())
    }

    /// What redo would do again.
    pub fn redo_label(&self) -> Option<&str> {
        self.redo.last().map(|s| s.label.as_str())
    }

    /// Whether something was changed since [`Document::mark_saved`] (or since it was made).
    pub fn is_dirty(&self) -> bool {
        self.state.revision != self.saved_revision
    }

    /// The present state is the saved one.
    pub fn mark_saved(&mut self) {
        self.saved_revision = self.state.revision;
    }

    /// The present state is the first one: nothing can be undone, nothing is unsaved.
    fn forget(&mut self) {
        self.undo.clear();
        self.redo.clear();
        self.mark_saved();
    }

    #[cfg(test)]
    pub(super) fn state(&self) -> &State {
        &self.state
    }
}
