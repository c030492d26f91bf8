//! What follows from the document and may be thrown away at any time: resolved settings, what is drawn, the plan and
//! its preview, files that are being read. One of the four owners of state.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::panels::viewport::plate_of;
use super::work::loading::Loading;
use super::work::machine::MachineLink;
use super::work::planning::Planning;
use super::work::saving::Saving;
use crate::render::{Box3, DrawnObject, Picker, Plate};
use crate::report::Notice;
use crate::scene::check::Misplaced;
use crate::scene::{Document, ObjectId};
use crate::settings::Library;

pub use super::work::planning::{Cost, Sliced};

/// An object as it is drawn and picked.
pub struct Shown {
    pub id: ObjectId,
    pub drawn: DrawnObject,
    /// The box around it on the plate.
    pub bounds: Box3,
}

/// What runs in the background, for the status line.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity {
    pub words: String,
    /// The done part, 0 to 1, where it is known.
    pub fraction: Option<f32>,
    pub can_be_canceled: bool,
}

/// Everything that is derived.
pub struct Derived {
    pub has_graphics: bool,
    pub library: Library,
    pub plate: Arc<Plate>,
    pub objects: Vec<Shown>,
    /// What stands where it cannot be made.
    pub misplaced: Vec<Notice>,
    /// Picking sorts the triangles of a mesh when it first meets it, which is no change that anybody sees.
    pub picker: RefCell<Picker>,
    pub planning: Planning,
    pub loading: Loading,
    pub saving: Saving,
    pub machine: MachineLink,
}

impl Derived {
    pub fn new(has_graphics: bool, library: Library) -> Self {
        Self {
            has_graphics,
            library,
            plate: Arc::default(),
            objects: Vec::new(),
            misplaced: Vec::new(),
            picker: RefCell::default(),
            planning: Planning::default(),
            loading: Loading::default(),
            saving: Saving::default(),
            machine: MachineLink::default(),
        }
    }

    /// Follows a change of the document. Whatever did not change is kept.
    pub fn follow(&mut self, document: &Document) {
        let plate = plate_of(document.resolved());
        if *self.plate != plate {
            self.plate = Arc::new(plate);
        }
        self.misplaced = document.misplaced().iter().map(Misplaced::notice).collect();
        let mut before: BTreeMap<ObjectId, Shown> = self.objects.drain(..).map(|shown| (shown.id, shown)).collect();
        for object in document.objects() {
            let drawn =
                DrawnObject::new(Arc::clone(&object.model), object.plate_from_model, crate::render::Theme::DARK.model);
            let kept = before.remove(&object.id).filter(|shown| shown.drawn == drawn);
            let shown = kept.or_else(|| drawn.bounds().map(|bounds| Shown { id: object.id, drawn, bounds }));
            self.objects.extend(shown);
        }
        self.picker.borrow_mut().forget_unused();
    }

    /// The box around some objects.
    pub fn bounds_of(&self, ids: &BTreeSet<ObjectId>) -> Option<Box3> {
        let boxes = self.objects.iter().filter(|o| ids.contains(&o.id)).map(|o| o.bounds);
        boxes.reduce(|a, b| a.union(&b))
    }

    /// Whether an object stands where it cannot be made.
    pub fn is_misplaced(&self, name: &str) -> bool {
        self.misplaced.iter().any(|notice| notice.object.as_deref() == Some(name))
    }

    /// What the preview shows: a file that was opened, else the plan.
    pub fn shown(&self) -> Option<&Sliced> {
        self.planning.shown()
    }

    /// Why there is no plan although there is something to plan.
    pub fn failure(&self) -> Option<&str> {
        self.planning.failure()
    }

    /// Why nothing can be exported now.
    pub fn why_no_export(&self) -> Option<&'static str> {
        if self.objects.is_empty() {
            return Some("The plate is empty");
        }
        if self.failure().is_some() {
            return Some("It could not be sliced; see the message");
        }
        if self.planning.is_refused() {
            return Some("The check of its G-code found errors; see the warnings");
        }
        if self.planning.is_stopped() {
            return Some("Slicing was cancelled; slice again first (F5)");
        }
        self.planning.exportable().is_none().then_some("Still slicing")
    }

    /// Whether anything runs in the background or is about to.
    pub fn is_busy(&self) -> bool {
        self.machine.is_opening()
            || self.machine.is_checking()
            || self.loading.is_running()
            || self.saving.is_running()
            || self.planning.is_running()
            || self.planning.is_due()
    }

    /// What runs in the background, the slowest for a person first.
    pub fn activity(&self) -> Option<Activity> {
        if let Some(name) = self.saving.name() {
            return Some(Activity { words: format!("Exporting {name}"), fraction: None, can_be_canceled: false });
        }
        let standing = self.loading.standing().or_else(|| self.planning.standing())?;
        let words = match standing.total {
            _ if standing.stage.is_empty() => "Starting".to_owned(),
            total if total > 1 => format!("{} · {} of {total}", standing.stage, standing.done.min(total)),
            _ => standing.stage.clone(),
        };
        Some(Activity { words, fraction: standing.fraction(), can_be_canceled: true })
    }
}
