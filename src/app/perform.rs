//! What commands and requests do.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use egui::{Context, ViewportCommand};

use super::command::Command;
use super::context::{Cx, Request};
use super::described::Described;
use super::enabled::why_not;
use super::format;
use super::preferences::ThemeChoice;
use super::studio::Studio;
use super::tool::Tool;
use super::ui_state::{Framing, ImportNotice, Workspace};
use super::work::dialogs::{Answer, Asked};
use super::work::loading::Loaded;
use super::work::machine::Source;
use crate::machine::{self, port};
use crate::render::StandardView;
use crate::scene::Document;
use crate::scene::ObjectId;
use crate::scene::edit::{Edit, Outcome};
use crate::settings::{LayeredSettings, PresetKind};

/// How much larger or smaller everything gets at once.
const SCALE_STEP: f32 = 1.1;

impl Studio {
    /// The first thing that happens: presets are put on, files opened.
    pub(super) fn begin(&mut self, ctx: &Context) {
        let wanted = [
            (PresetKind::Machine, self.preferences.machine.clone()),
            (PresetKind::Material, self.preferences.material.clone()),
            (PresetKind::Recipe, self.preferences.recipe.clone()),
        ];
        let mut settings = LayeredSettings::new();
        for (kind, id) in wanted {
            let library = &self.derived.library;
            let id = id.unwrap_or_else(|| kind.default_id().to_owned());
            // A preset that is gone since the last time gives way to the one that is always there.
            if library.apply(&mut settings, kind, &id).is_err() {
                let _ = library.apply(&mut settings, kind, kind.default_id());
            }
        }
        match Document::new(settings) {
            Ok(document) => self.document = document,
            Err(error) => self.ui.problem(error.to_string()),
        }
        self.derived.follow(&self.document);
        let files = std::mem::take(&mut self.options.files);
        if !files.is_empty() {
            self.perform(ctx, Request::Open(files));
        }
    }

    /// Does what a panel asked for.
    pub(super) fn perform(&mut self, ctx: &Context, request: Request) {
        match request {
            Request::Do(command) => self.command(ctx, command),
            Request::Edit(edit) => _ = self.edit(ctx, edit),
            Request::Preset(kind, id) => self.choose_preset(ctx, kind, &id),
            Request::AddMachine(described) => self.add_machine(ctx, &described),
            Request::Open(paths) => self.open(ctx, paths, Vec::new()),
            Request::OpenSample(sample) => match sample.unpack() {
                Ok((folder, path)) => self.open(ctx, vec![path], vec![folder]),
                Err(error) => self.ui.problem(format!("The sample could not be unpacked ({error}).")),
            },
            Request::ExportTo(path) => self.export_to(ctx, path),
            Request::ShowPlan => {
                self.derived.planning.show_plan();
                self.ui.preview = Default::default();
            }
            Request::Machine(command) => self.derived.machine.send(command),
            Request::Ui(change) => change(&mut self.ui),
            Request::Prefer(change) => change(&mut self.preferences),
        }
        // Whatever it was, the window shows it.
        ctx.request_repaint();
    }

    fn command(&mut self, ctx: &Context, command: Command) {
        use Command as C;
        if why_not(command, &Cx::new(&self.document, &self.derived, &self.preferences, &self.ui)).is_some() {
            return;
        }
        match command {
            C::Open => self.ask(ctx, Asked::Open),
            C::OpenPath => self.ui.path_form = Some((Asked::Open, String::new())),
            C::ExportGcode => self.ask(ctx, Asked::Export { suggested: self.suggested_name() }),
            C::NewDocument => {
                self.edit(ctx, Edit::Delete { objects: self.document.objects().iter().map(|o| o.id).collect() });
            }
            C::Quit => ctx.send_viewport_cmd(ViewportCommand::Close),
            C::Undo => self.undo(ctx),
            C::Redo => self.redo(ctx),
            C::SelectAll => self.ui.selection = self.document.objects().iter().map(|o| o.id).collect(),
            C::Duplicate => self.edit_selection(ctx, |objects| Edit::Duplicate { objects, copies: 1 }),
            C::Delete => self.edit_selection(ctx, |objects| Edit::Delete { objects }),
            C::Escape => self.escape(ctx),
            C::Palette => self.ui.palette = true,
            C::MoveTool => self.toggle_tool(Tool::Move),
            C::RotateTool => self.toggle_tool(Tool::Rotate),
            C::ScaleTool => self.toggle_tool(Tool::Scale),
            C::PlaceOnFaceTool => self.toggle_tool(Tool::PlaceOnFace),
            C::Arrange => _ = self.edit(ctx, Edit::Arrange),
            C::DropToPlate => self.edit_selection(ctx, |objects| Edit::DropToPlate { objects }),
            C::CenterOnPlate => self.edit_selection(ctx, |objects| Edit::CenterOnPlate { objects }),
            C::MirrorX => self.mirror(ctx, 0),
            C::MirrorY => self.mirror(ctx, 1),
            C::MirrorZ => self.mirror(ctx, 2),
            C::Prepare => self.ui.workspace = Workspace::Prepare,
            C::Preview => {
                self.ui.workspace = Workspace::Preview;
                self.ui.tool = None;
            }
            C::Machine => {
                self.ui.workspace = Workspace::Machine;
                self.ui.tool = None;
                if !self.derived.machine.is_open() {
                    self.ui.ports = port::available();
                }
            }
            C::FindPorts => self.ui.ports = port::available(),
            C::Connect => self.connect(ctx),
            C::Disconnect => self.derived.machine.close(),
            C::PrintHere => self.print(ctx),
            C::PausePrint => self.derived.machine.send(machine::Command::Pause),
            C::ResumePrint => self.derived.machine.send(machine::Command::Resume),
            C::CancelPrint => self.derived.machine.send(machine::Command::Cancel),
            C::HomeAll => self.tell_machine(&["G28"]),
            C::CoolDown => self.tell_machine(&["M104 S0", "M140 S0"]),
            C::MotorsOff => self.tell_machine(&["M84"]),
            C::EmergencyStop => self.derived.machine.send(machine::Command::EmergencyStop),
            C::ViewSelected => self.ui.framing = Some(Framing::Selection),
            C::ViewAll => self.ui.framing = Some(Framing::Plate),
            C::ViewTop => self.ui.framing = Some(Framing::From(StandardView::Top)),
            C::ViewFront => self.ui.framing = Some(Framing::From(StandardView::Front)),
            C::ViewRight => self.ui.framing = Some(Framing::From(StandardView::Right)),
            C::ViewIsometric => self.ui.framing = Some(Framing::From(StandardView::Isometric)),
            C::ShowOverhangs => {
                self.ui.overhangs ^= true;
                self.ui.workspace = Workspace::Prepare;
            }
            C::SearchSettings => self.ui.search_settings(String::new()),
            C::ChooseMachine => self.ui.picker = Some(PresetKind::Machine),
            C::DescribeMachine => self.ui.describe = Some(Default::default()),
            C::ChooseMaterial => self.ui.picker = Some(PresetKind::Material),
            C::ChooseRecipe => self.ui.picker = Some(PresetKind::Recipe),
            C::PlanAgain => self.derived.planning.again(ctx),
            C::LayerUp => self.move_layers(1),
            C::LayerDown => self.move_layers(-1),
            C::FirstLayer => self.ui.preview.show_layers(0, 0),
            C::LastLayer => self.ui.preview.layers = None,
            C::PlayLayer => self.play(ctx),
            C::ShowTravels => self.ui.preview.travels ^= true,
            C::ShowRetractions => self.ui.preview.retractions ^= true,
            C::ShowSeams => self.ui.preview.seams ^= true,
            C::DarkTheme => self.preferences.theme = ThemeChoice::Dark,
            C::LightTheme => self.preferences.theme = ThemeChoice::Light,
            C::SystemTheme => self.preferences.theme = ThemeChoice::System,
            C::HighContrast => self.preferences.high_contrast ^= true,
            C::LargerText => self.preferences.scale = (self.preferences.scale * SCALE_STEP).min(3.0),
            C::SmallerText => self.preferences.scale = (self.preferences.scale / SCALE_STEP).max(0.7),
        }
    }

    /// Changes the document, and everything that follows from it. Returns the objects that are new, in order; where
    /// nothing could be changed, there are none and a message says why.
    fn edit(&mut self, ctx: &Context, edit: Edit) -> Vec<ObjectId> {
        match self.document.apply(edit) {
            Ok(Outcome { added, notices }) => {
                if !added.is_empty() {
                    self.ui.selection = added.iter().copied().collect();
                }
                self.document_changed(ctx);
                self.ui.edit_notices = notices;
                added
            }
            Err(error) => {
                self.ui.problem(format::sentence(&error.to_string()));
                Vec::new()
            }
        }
    }

    fn edit_selection(&mut self, ctx: &Context, edit: impl FnOnce(Vec<ObjectId>) -> Edit) {
        let ids: Vec<ObjectId> = self.ui.selection.iter().copied().collect();
        if !ids.is_empty() {
            self.edit(ctx, edit(ids));
        }
    }

    fn mirror(&mut self, ctx: &Context, axis: usize) {
        if let Some(bounds) = self.derived.bounds_of(&self.ui.selection) {
            self.edit_selection(ctx, |objects| Edit::mirror(objects, bounds.center().into(), axis));
        }
    }

    fn undo(&mut self, ctx: &Context) {
        if let Some(label) = self.document.undo() {
            self.document_changed(ctx);
            self.toasts.success(ctx, format!("Undone: {label}"));
        }
    }

    fn redo(&mut self, ctx: &Context) {
        if let Some(label) = self.document.redo() {
            self.document_changed(ctx);
            self.toasts.success(ctx, format!("Redone: {label}"));
        }
    }

    /// After every change: what is selected still exists, what is derived follows, the plan is made afresh soon.
    fn document_changed(&mut self, ctx: &Context) {
        let there: BTreeSet<ObjectId> = self.document.objects().iter().map(|o| o.id).collect();
        self.ui.selection.retain(|id| there.contains(id));
        self.ui.settings_of = self.ui.settings_of.filter(|id| there.contains(id));
        if self.ui.selection.is_empty() {
            self.ui.tool = self.ui.tool.filter(|tool| *tool == Tool::PlaceOnFace);
        }
        self.ui.drag = None;
        self.ui.edit_notices.clear();
        self.derived.follow(&self.document);
        self.derived.planning.document_changed(ctx, there.is_empty());
    }

    fn put_preset(&mut self, kind: PresetKind, id: &str) -> Result<(), String> {
        let mut settings = self.document.settings().clone();
        let preset = self.derived.library.apply(&mut settings, kind, id).map_err(|error| error.to_string())?;
        let label = format!("Choose {}", preset.name());
        self.document.apply(Edit::UseSettings { settings, label }).map_err(|error| error.to_string())?;
        Ok(())
    }

    fn choose_preset(&mut self, ctx: &Context, kind: PresetKind, id: &str) {
        if let Err(message) = self.put_preset(kind, id) {
            return self.ui.problem(message);
        }
        let remembered = match kind {
            PresetKind::Machine => &mut self.preferences.machine,
            PresetKind::Material => &mut self.preferences.material,
            PresetKind::Recipe => &mut self.preferences.recipe,
        };
        *remembered = Some(id.to_owned());
        self.document_changed(ctx);
        if kind == PresetKind::Machine {
            self.ui.framing = Some(Framing::Plate);
        }
    }

    fn add_machine(&mut self, ctx: &Context, described: &Described) {
        let kept = match described.preset() {
            Ok(file) => {
                let saved = match &self.options.presets {
                    Some(folder) => self.derived.library.save_in(folder, PresetKind::Machine, &described.id(), file),
                    None => self.derived.library.save(PresetKind::Machine, &described.id(), file),
                };
                saved.map_err(|error| error.to_string())
            }
            Err(error) => Err(error.to_string()),
        };
        match kept {
            Ok(_) => self.choose_preset(ctx, PresetKind::Machine, &described.id()),
            Err(message) => self.ui.problem(format!("The machine was not added: {message}.")),
        }
    }

    fn toggle_tool(&mut self, tool: Tool) {
        self.ui.workspace = Workspace::Prepare;
        self.ui.tool = if self.ui.tool == Some(tool) { None } else { Some(tool) };
    }

    /// Cancels what can be cancelled, the most pressing first.
    fn escape(&mut self, ctx: &Context) {
        if self.ui.picker.take().is_some() || self.ui.drag.take().is_some() {
        } else if self.derived.loading.is_running() {
            self.derived.loading.cancel();
            self.toasts.success(ctx, "Opening was cancelled");
        } else if self.derived.planning.is_running() {
            self.derived.planning.cancel();
        } else if self.ui.tool.take().is_some() || std::mem::take(&mut self.ui.notices_open) {
        } else {
            self.ui.selection.clear();
        }
    }

    fn move_layers(&mut self, by: isize) {
        let Some(sliced) = self.derived.shown() else { return };
        let count = sliced.drawing.layer_count();
        let (low, high) = self.ui.preview.shown(count);
        let high = high.saturating_add_signed(by).min(count.saturating_sub(1));
        self.ui.preview.show_layers(low.min(high), high);
    }

    fn play(&mut self, ctx: &Context) {
        let Some(sliced) = self.derived.shown() else { return };
        let drawing = &sliced.drawing;
        let (_, top) = self.ui.preview.shown(drawing.layer_count());
        let count = drawing.move_count(top);
        let now = ctx.input(|i| i.time);
        let at = self.ui.preview.moves_at(now, count);
        let preview = &mut self.ui.preview;
        if preview.playing.take().is_some() && at < count {
            preview.moves = Some(at);
        } else {
            preview.playing = Some((now, if at < count { at } else { 0 }));
            preview.moves = None;
        }
    }

    fn open(&mut self, ctx: &Context, paths: Vec<PathBuf>, unpacked: Vec<tempfile::TempDir>) {
        if let Err(error) = self.derived.loading.open(ctx, paths, unpacked, Arc::clone(self.document.resolved())) {
            self.ui.problem(format!("Nothing was opened, because the system cannot start a thread ({error})."));
        }
    }

    fn ask(&mut self, ctx: &Context, asked: Asked) {
        if self.dialogs.is_open() {
            return;
        }
        let folder = match &asked {
            Asked::Open => self.preferences.recent.first().and_then(|p| p.parent()).map(Into::into),
            Asked::Export { .. } => self.preferences.export_folder.clone(),
        };
        if self.options.file_dialogs {
            self.dialogs.ask(ctx, asked, folder);
        } else {
            self.ask_for_path(asked);
        }
    }

    fn ask_for_path(&mut self, asked: Asked) {
        let text = match &asked {
            Asked::Open => String::new(),
            Asked::Export { suggested } => {
                let folder = self.preferences.export_folder.clone().unwrap_or_else(home);
                folder.join(suggested).display().to_string()
            }
        };
        self.ui.path_form = Some((asked, text));
    }

    /// What the file is called if the person has no better idea.
    fn suggested_name(&self) -> String {
        let first = self.document.objects().first().map_or("plate", |object| object.name.as_str());
        let harmless = |c: char| if c.is_alphanumeric() || " -_.+".contains(c) { c } else { '_' };
        let stem: String = first.chars().map(harmless).take(80).collect();
        format!("{}.gcode", stem.trim().trim_start_matches('.'))
    }

    fn export_to(&mut self, ctx: &Context, path: PathBuf) {
        let Some(bytes) = self.derived.planning.exportable() else {
            return self.ui.problem("Nothing was exported: the plate is not sliced.");
        };
        self.preferences.export_folder = path.parent().filter(|p| !p.as_os_str().is_empty()).map(Into::into);
        if let Err(error) = self.derived.saving.start(ctx, path, bytes) {
            self.ui.problem(format!("Nothing was exported, because the system cannot start a thread ({error})."));
        }
    }

    fn connect(&mut self, ctx: &Context) {
        let path = self.preferences.port.trim().to_owned();
        let baud = self.preferences.baud.unwrap_or(self.document.resolved().baud_rate);
        if let Err(error) = self.derived.machine.open(ctx, path, baud) {
            self.ui
                .problem(format!("The machine was not connected, because the system cannot start a thread ({error})."));
        }
    }

    fn tell_machine(&self, lines: &[&str]) {
        for line in lines {
            self.derived.machine.send(machine::Command::Send((*line).to_owned()));
        }
    }

    /// Prints the file that is looked at, else the plate.
    fn print(&mut self, ctx: &Context) {
        let source = match self.derived.planning.file() {
            Some(path) => Source::File(path.to_owned()),
            None => match self.derived.planning.exportable() {
                Some(bytes) => Source::Plate { name: self.suggested_name(), bytes },
                None => return,
            },
        };
        if let Err(error) = self.derived.machine.print(ctx, source, Arc::clone(self.document.resolved())) {
            self.ui.problem(format!("Nothing was started, because the system cannot start a thread ({error})."));
        }
        self.ui.workspace = Workspace::Machine;
    }

    /// Takes what came in from the background.
    pub(super) fn poll(&mut self, ctx: &Context) {
        match self.dialogs.poll() {
            Some(Answer::Open(paths)) => self.open(ctx, paths, Vec::new()),
            Some(Answer::Export(path)) => self.export_to(ctx, path),
            Some(Answer::Unavailable(asked)) => self.ask_for_path(asked),
            Some(Answer::Canceled) | None => {}
        }
        if let Some(message) = self.derived.machine.poll() {
            self.ui.problem(message);
        }
        match self.derived.saving.poll() {
            Some(Ok(path)) => {
                self.toasts.success(ctx, format!("Exported {}", format::name_of(&path)));
            }
            Some(Err(message)) => {
                // Whoever wanted to close the window wants to know this first.
                self.ui.leaving = None;
                self.ui.problem(message);
            }
            None => {}
        }
        if let Some(loaded) = self.derived.loading.poll(ctx) {
            self.take_loaded(ctx, loaded);
        }
        let snapshot = || self.document.snapshot();
        self.derived.planning.poll(ctx, snapshot);
    }

    fn take_loaded(&mut self, ctx: &Context, loaded: Loaded) {
        for problem in &loaded.problems {
            self.ui.problem(problem.clone());
        }
        if !loaded.are_samples() {
            for (path, _) in &loaded.imports {
                self.preferences.opened(path);
            }
        }
        let mut models = Vec::new();
        let mut reports = Vec::new();
        for (path, import) in loaded.imports {
            reports.push((path, import.objects.len(), import.notices));
            models.extend(import.objects);
        }
        if !models.is_empty() {
            let first = self.document.objects().is_empty();
            let added = self.edit(ctx, Edit::Add { objects: models });
            if !added.is_empty() {
                self.ui.workspace = Workspace::Prepare;
                self.derived.planning.show_plan();
                if first {
                    self.ui.framing = Some(Framing::Objects);
                }
                self.toasts.success(ctx, format!("Added {}", format::count(added.len(), "object", "objects")));
            }
            let mut added = added.into_iter();
            for (path, count, notices) in reports {
                let objects: Vec<ObjectId> = added.by_ref().take(count).collect();
                let name = format::name_of(&path).into_owned();
                self.ui.import_notices.extend(notices.into_iter().map(|notice| ImportNotice {
                    notice: if notice.object.is_some() { notice } else { notice.on_object(name.clone()) },
                    objects: objects.clone(),
                }));
            }
        }
        if let Some((path, sliced)) = loaded.gcode {
            self.preferences.opened(&path);
            self.derived.planning.show_file(path, sliced);
            self.ui.preview = Default::default();
            self.ui.workspace = Workspace::Preview;
            self.ui.framing = Some(Framing::Plate);
        }
    }
}

fn home() -> PathBuf {
    directories::UserDirs::new().map(|dirs| dirs.home_dir().to_owned()).unwrap_or_default()
}
