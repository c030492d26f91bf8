//! What the window shows at the moment: workspace, selection, camera, tool, open windows. One of the four owners of
//! state; never saved, never undone.

use std::collections::BTreeSet;

use crate::machine::port::PortInfo;
use crate::render::{Camera, StandardView};
use crate::report::Notice;
use crate::scene::{Document, ObjectId};
use crate::settings::{Key, PresetKind};

use super::described::Described;
use super::preview_state::PreviewState;
use super::tool::{Dragging, Tool};
use super::work::dialogs::Asked;

/// A task with its own layout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Workspace {
    #[default]
    Prepare,
    Preview,
    Machine,
}

/// What shall be seen whole in the next frame, where the size of the picture is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Framing {
    /// The whole plate with everything on it.
    Plate,
    /// Everything on the plate.
    Objects,
    Selection,
    From(StandardView),
}

/// The window shall be closed, but something still runs that would be lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaving {
    /// As soon as nothing would be lost any more.
    WhenDone,
    /// A print runs, and the person has not yet said what becomes of it.
    Asked,
    /// The print was given up: as soon as the machine has switched its heaters off.
    WhenCanceled,
    /// Whatever the machine does.
    AtOnce,
}

/// What an import had to say.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportNotice {
    pub notice: Notice,
    /// The objects that came of the file; none for what concerns no object.
    pub objects: Vec<ObjectId>,
}

impl ImportNotice {
    /// Whether it still concerns anything that is there.
    pub fn holds(&self, document: &Document) -> bool {
        self.objects.is_empty() || self.objects.iter().any(|id| document.object(*id).is_some())
    }
}

/// Something that could not be done; stays until it is dealt with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What failed, where, and what to do.
    pub message: String,
}

/// Everything that is shown and not remembered.
pub struct UiState {
    pub workspace: Workspace,
    pub selection: BTreeSet<ObjectId>,
    pub camera: Camera,
    pub framing: Option<Framing>,
    pub tool: Option<Tool>,
    pub drag: Option<Dragging>,
    pub preview: PreviewState,
    /// Whether undersides that lean out far are shaded.
    pub overhangs: bool,
    pub palette: bool,
    /// The open list of machines, materials or recipes.
    pub picker: Option<PresetKind>,
    /// The machine that is being described.
    pub describe: Option<Described>,
    /// The form that asks for a path, and what is typed into it.
    pub path_form: Option<(Asked, String)>,
    pub problems: Vec<Problem>,
    pub leaving: Option<Leaving>,
    /// The serial ports that were found.
    pub ports: Vec<PortInfo>,
    pub notices_open: bool,
    /// What is in the search field of the settings.
    pub search: String,
    pub focus_search: bool,
    /// The text of several lines that is being edited, and which setting it belongs to.
    pub template: Option<(Key, String)>,
    /// The object whose own settings are shown, instead of the plate's.
    pub settings_of: Option<ObjectId>,
    /// What imports had to say, as long as something of them is on the plate.
    pub import_notices: Vec<ImportNotice>,
    /// What the last change had to say.
    pub edit_notices: Vec<Notice>,
}

impl Default for UiState {
    fn default() -> Self {
        Self {
            workspace: Workspace::default(),
            selection: BTreeSet::new(),
            camera: Camera::default(),
            framing: Some(Framing::Plate),
            tool: None,
            drag: None,
            preview: PreviewState::default(),
            overhangs: false,
            palette: false,
            picker: None,
            describe: None,
            path_form: None,
            problems: Vec::new(),
            leaving: None,
            ports: Vec::new(),
            notices_open: false,
            search: String::new(),
            focus_search: false,
            template: None,
            settings_of: None,
            import_notices: Vec::new(),
            edit_notices: Vec::new(),
        }
    }
}

impl UiState {
    /// Goes to the settings and looks for a word.
    pub fn search_settings(&mut self, word: String) {
        self.workspace = Workspace::Prepare;
        self.search = word;
        self.focus_search = true;
    }

    /// Shows something that could not be done.
    pub fn problem(&mut self, message: impl Into<String>) {
        let problem = Problem { message: message.into() };
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// What the document is called: its first object, and how many more there are.
    pub fn title(&self, document: &Document) -> String {
        let names: Vec<&str> = document.objects().iter().map(|object| object.name.as_str()).collect();
        match names.as_slice() {
            [] => String::new(),
            [one] => (*one).to_owned(),
            [first, rest @ ..] => format!("{first} and {} more", rest.len()),
        }
    }
}
