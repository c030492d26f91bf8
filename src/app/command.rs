//! Every command of the studio, defined once: text, hint, icon, shortcut, menu, and when it can be used.
//!
//! Buttons, menus, the palette and the keyboard all read this list; what a command does is in `perform`.

use egui::{Context, Key, KeyboardShortcut, Modifiers};
use egui_material_icons::{MaterialIcon, icons as i};

/// Something that a person can tell the studio to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Command {
    Open,
    OpenPath,
    ExportGcode,
    NewDocument,
    Quit,
    Undo,
    Redo,
    SelectAll,
    Duplicate,
    Delete,
    Escape,
    Palette,
    MoveTool,
    RotateTool,
    ScaleTool,
    PlaceOnFaceTool,
    Arrange,
    DropToPlate,
    CenterOnPlate,
    MirrorX,
    MirrorY,
    MirrorZ,
    Prepare,
    Preview,
    Machine,
    ViewSelected,
    ViewAll,
    ViewTop,
    ViewFront,
    ViewRight,
    ViewIsometric,
    ShowOverhangs,
    SearchSettings,
    ChooseMachine,
    DescribeMachine,
    ChooseMaterial,
    ChooseRecipe,
    PlanAgain,
    LayerUp,
    LayerDown,
    FirstLayer,
    LastLayer,
    PlayLayer,
    ShowTravels,
    ShowRetractions,
    ShowSeams,
    DarkTheme,
    LightTheme,
    SystemTheme,
    HighContrast,
    LargerText,
    SmallerText,
    FindPorts,
    Connect,
    Disconnect,
    HomeAll,
    CoolDown,
    MotorsOff,
    PrintHere,
    PausePrint,
    ResumePrint,
    CancelPrint,
    EmergencyStop,
}

/// Where a command stands in the menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Menu {
    File,
    Edit,
    Plate,
    View,
    Layers,
    Machine,
}

impl Menu {
    pub const ALL: [Menu; 6] = [Menu::File, Menu::Edit, Menu::Plate, Menu::View, Menu::Layers, Menu::Machine];

    pub fn title(self) -> &'static str {
        match self {
            Menu::File => "File",
            Menu::Edit => "Edit",
            Menu::Plate => "Plate",
            Menu::View => "View",
            Menu::Layers => "Layers",
            Menu::Machine => "Machine",
        }
    }
}

/// What a command is called and how it is reached.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    /// What a person would say.
    pub text: &'static str,
    /// One sentence more.
    pub hint: &'static str,
    pub icon: Option<MaterialIcon>,
    pub shortcut: Option<KeyboardShortcut>,
    /// `None` for what has a better place than a menu.
    pub menu: Option<Menu>,
    /// Other words by which it is searched for.
    pub aliases: &'static str,
}

const CTRL: Modifiers = Modifiers::COMMAND;
const CTRL_SHIFT: Modifiers = Modifiers::COMMAND.plus(Modifiers::SHIFT);
const NONE: Modifiers = Modifiers::NONE;

impl Command {
    /// Every command, in the order of menus and palette.
    pub const ALL: [Command; 63] = [
        Command::Open,
        Command::OpenPath,
        Command::ExportGcode,
        Command::NewDocument,
        Command::Quit,
        Command::Undo,
        Command::Redo,
        Command::SelectAll,
        Command::Duplicate,
        Command::Delete,
        Command::Escape,
        Command::Palette,
        Command::MoveTool,
        Command::RotateTool,
        Command::ScaleTool,
        Command::PlaceOnFaceTool,
        Command::Arrange,
        Command::DropToPlate,
        Command::CenterOnPlate,
        Command::MirrorX,
        Command::MirrorY,
        Command::MirrorZ,
        Command::Prepare,
        Command::Preview,
        Command::Machine,
        Command::ViewSelected,
        Command::ViewAll,
        Command::ViewTop,
        Command::ViewFront,
        Command::ViewRight,
        Command::ViewIsometric,
        Command::ShowOverhangs,
        Command::SearchSettings,
        Command::ChooseMachine,
        Command::DescribeMachine,
        Command::ChooseMaterial,
        Command::ChooseRecipe,
        Command::PlanAgain,
        Command::LayerUp,
        Command::LayerDown,
        Command::FirstLayer,
        Command::LastLayer,
        Command::PlayLayer,
        Command::ShowTravels,
        Command::ShowRetractions,
        Command::ShowSeams,
        Command::DarkTheme,
        Command::LightTheme,
        Command::SystemTheme,
        Command::HighContrast,
        Command::LargerText,
        Command::SmallerText,
        Command::FindPorts,
        Command::Connect,
        Command::Disconnect,
        Command::HomeAll,
        Command::CoolDown,
        Command::MotorsOff,
        Command::PrintHere,
        Command::PausePrint,
        Command::ResumePrint,
        Command::CancelPrint,
        Command::EmergencyStop,
    ];

    pub fn definition(self) -> Definition {
        use Command as C;
        let d = |text, hint, icon, shortcut: Option<(Modifiers, Key)>, menu, aliases| Definition {
            text,
            hint,
            icon,
            shortcut: shortcut.map(|(modifiers, key)| KeyboardShortcut::new(modifiers, key)),
            menu,
            aliases,
        };
        let (file, edit, plate) = (Some(Menu::File), Some(Menu::Edit), Some(Menu::Plate));
        let (view, layers, machine) = (Some(Menu::View), Some(Menu::Layers), Some(Menu::Machine));
        match self {
            C::Open => d(
                "Open…",
                "Adds models to the plate, or shows a G-code file.",
                Some(i::ICON_FOLDER_OPEN),
                Some((CTRL, Key::O)),
                file,
                "load import add model stl obj 3mf gcode",
            ),
            C::OpenPath => d(
                "Open a path…",
                "Opens a file by its path, where the desktop has no file dialog.",
                None,
                Some((CTRL_SHIFT, Key::O)),
                file,
                "load import type",
            ),
            C::ExportGcode => d(
                "Export G-code…",
                "Saves the checked G-code of this plate.",
                Some(i::ICON_FILE_SAVE),
                Some((CTRL, Key::E)),
                file,
                "save slice write",
            ),
            C::NewDocument => d(
                "Clear the plate",
                "Takes everything off the plate; undo brings it back.",
                None,
                Some((CTRL, Key::N)),
                file,
                "new remove all empty",
            ),
            C::Quit => d("Quit", "Closes the studio.", None, Some((CTRL, Key::Q)), file, "exit close"),
            C::Undo => d("Undo", "Takes back the last change.", Some(i::ICON_UNDO), Some((CTRL, Key::Z)), edit, "back"),
            C::Redo => d(
                "Redo",
                "Makes the change again that was taken back.",
                Some(i::ICON_REDO),
                Some((CTRL_SHIFT, Key::Z)),
                edit,
                "again",
            ),
            C::SelectAll => d("Select all", "Selects every object.", None, Some((CTRL, Key::A)), edit, "objects"),
            C::Duplicate => d(
                "Duplicate",
                "Puts a copy of the selected objects on the plate.",
                Some(i::ICON_CONTENT_COPY),
                Some((CTRL, Key::D)),
                edit,
                "copy clone",
            ),
            C::Delete => d(
                "Delete",
                "Takes the selected objects off the plate.",
                Some(i::ICON_DELETE),
                Some((NONE, Key::Delete)),
                edit,
                "remove",
            ),
            C::Escape => d(
                "Cancel",
                "Cancels what is running, else puts the tool away, else selects nothing.",
                None,
                Some((NONE, Key::Escape)),
                edit,
                "stop abort deselect",
            ),
            C::Palette => d(
                "Find a command…",
                "Everything the studio can do, and every setting, by name.",
                Some(i::ICON_SEARCH),
                Some((CTRL, Key::K)),
                edit,
                "palette search",
            ),
            C::MoveTool => d(
                "Move",
                "Drag an arrow, or type where to.",
                Some(i::ICON_OPEN_WITH),
                Some((NONE, Key::M)),
                plate,
                "position",
            ),
            C::RotateTool => d(
                "Rotate",
                "Drag a ring, or type an angle.",
                Some(i::ICON_ROTATE_RIGHT),
                Some((NONE, Key::R)),
                plate,
                "turn angle",
            ),
            C::ScaleTool => d(
                "Scale",
                "Drag a handle, or type a size or a percentage.",
                Some(i::ICON_OPEN_IN_FULL),
                Some((NONE, Key::S)),
                plate,
                "size resize",
            ),
            C::PlaceOnFaceTool => d(
                "Place on face",
                "Click the face that shall lie on the plate.",
                Some(i::ICON_VERTICAL_ALIGN_BOTTOM),
                Some((NONE, Key::F)),
                plate,
                "lay flat orient",
            ),
            C::Arrange => d(
                "Arrange",
                "Spreads all objects over the plate.",
                Some(i::ICON_GRID_VIEW),
                Some((NONE, Key::A)),
                plate,
                "pack auto",
            ),
            C::DropToPlate => d(
                "Drop to plate",
                "Lowers or lifts the selected objects onto the plate.",
                Some(i::ICON_ALIGN_VERTICAL_BOTTOM),
                Some((NONE, Key::End)),
                plate,
                "floor bed",
            ),
            C::CenterOnPlate => d(
                "Centre on plate",
                "Moves the selected objects to the middle of the plate.",
                None,
                Some((NONE, Key::C)),
                plate,
                "center middle",
            ),
            C::MirrorX => {
                d("Mirror left and right", "Mirrors the selection in X.", Some(i::ICON_FLIP), None, plate, "flip x")
            }
            C::MirrorY => d("Mirror front and back", "Mirrors the selection in Y.", None, None, plate, "flip y"),
            C::MirrorZ => d("Mirror top and bottom", "Mirrors the selection in Z.", None, None, plate, "flip z"),
            C::Prepare => {
                d("Prepare", "Place models and set them up.", None, Some((CTRL, Key::Num1)), view, "workspace")
            }
            C::Preview => {
                d("Preview", "Look through the layers.", None, Some((CTRL, Key::Num2)), view, "workspace slice")
            }
            C::Machine => d(
                "Machine",
                "Connect a machine, move it by hand and print.",
                None,
                Some((CTRL, Key::Num3)),
                view,
                "workspace printer serial",
            ),
            C::FindPorts => d(
                "Look for ports",
                "Lists the serial ports of this computer.",
                Some(i::ICON_SYNC),
                None,
                machine,
                "usb",
            ),
            C::Connect => d(
                "Connect",
                "Opens the chosen port; many machines are reset by that.",
                Some(i::ICON_CABLE),
                None,
                machine,
                "serial port usb",
            ),
            C::Disconnect => d("Disconnect", "Closes the port.", None, None, machine, "serial port close"),
            C::HomeAll => d(
                "Home all axes",
                "Drives to the end stops, so that the machine knows where it is.",
                Some(i::ICON_HOME),
                None,
                machine,
                "g28 reference",
            ),
            C::CoolDown => d(
                "Heaters off",
                "Switches off the heaters of nozzle and bed.",
                Some(i::ICON_MODE_COOL),
                None,
                machine,
                "cool down temperature",
            ),
            C::MotorsOff => d(
                "Motors off",
                "Lets go of all axes, so that they move by hand.",
                None,
                None,
                machine,
                "m84 steppers release",
            ),
            C::PrintHere => d(
                "Print",
                "Checks the job for this machine once more and starts it.",
                Some(i::ICON_PRINT),
                Some((CTRL, Key::P)),
                machine,
                "start job",
            ),
            C::PausePrint => d("Pause", "Lifts the head and waits.", Some(i::ICON_PAUSE), None, machine, "hold print"),
            C::ResumePrint => {
                d("Resume", "Goes on with the print.", Some(i::ICON_PLAY_ARROW), None, machine, "continue print")
            }
            C::CancelPrint => d(
                "Cancel print",
                "Ends the print; heaters, fan and motors go off.",
                Some(i::ICON_STOP),
                None,
                machine,
                "abort stop job",
            ),
            C::EmergencyStop => d(
                "Emergency stop",
                "Stops the machine at once; it has to be reset afterwards.",
                Some(i::ICON_DANGEROUS),
                Some((NONE, Key::F12)),
                machine,
                "kill halt m112",
            ),
            C::ViewSelected => d(
                "Frame selection",
                "Shows the selected objects as large as they fit.",
                Some(i::ICON_CENTER_FOCUS_STRONG),
                Some((NONE, Key::Period)),
                view,
                "zoom focus",
            ),
            C::ViewAll => d(
                "Frame plate",
                "Shows the whole plate.",
                Some(i::ICON_FIT_SCREEN),
                Some((NONE, Key::Home)),
                view,
                "zoom fit reset camera",
            ),
            C::ViewTop => d("View from top", "Looks down on the plate.", None, Some((NONE, Key::Num7)), view, "camera"),
            C::ViewFront => {
                d("View from front", "Looks from the front.", None, Some((NONE, Key::Num1)), view, "camera")
            }
            C::ViewRight => {
                d("View from right", "Looks from the right.", None, Some((NONE, Key::Num3)), view, "camera side")
            }
            C::ViewIsometric => d(
                "View from corner",
                "Looks from the front corner.",
                None,
                Some((NONE, Key::Num0)),
                view,
                "camera isometric",
            ),
            C::ShowOverhangs => d(
                "Show overhangs",
                "Shades what leans out by more than 45° and may need support.",
                Some(i::ICON_SHADOW),
                Some((NONE, Key::O)),
                view,
                "undersides steep support",
            ),
            C::SearchSettings => d(
                "Search settings",
                "Goes to the search field of the settings.",
                None,
                Some((CTRL, Key::F)),
                edit,
                "find",
            ),
            C::ChooseMachine => d("Choose machine…", "Opens the list of machines.", None, None, file, "printer"),
            C::DescribeMachine => d(
                "Describe a machine…",
                "Adds a machine that is in no list.",
                None,
                None,
                file,
                "printer own custom new",
            ),
            C::ChooseMaterial => d("Choose material…", "Opens the list of materials.", None, None, file, "filament"),
            C::ChooseRecipe => {
                d("Choose recipe…", "Opens the list of recipes.", None, None, file, "print profile quality")
            }
            C::PlanAgain => d(
                "Slice again",
                "Plans the whole plate afresh.",
                Some(i::ICON_LAYERS),
                Some((NONE, Key::F5)),
                layers,
                "slice",
            ),
            C::LayerUp => d(
                "One layer up",
                "Shows one layer more.",
                Some(i::ICON_KEYBOARD_ARROW_UP),
                Some((NONE, Key::PageUp)),
                layers,
                "next",
            ),
            C::LayerDown => d(
                "One layer down",
                "Shows one layer less.",
                Some(i::ICON_KEYBOARD_ARROW_DOWN),
                Some((NONE, Key::PageDown)),
                layers,
                "previous",
            ),
            C::FirstLayer => {
                d("First layer", "Shows the first layer only.", None, Some((CTRL, Key::Home)), layers, "bottom")
            }
            C::LastLayer => d("All layers", "Shows up to the last layer.", None, Some((CTRL, Key::End)), layers, "top"),
            C::PlayLayer => d(
                "Play the layer",
                "Draws the top layer move by move.",
                Some(i::ICON_PLAY_ARROW),
                Some((NONE, Key::P)),
                layers,
                "pause animate",
            ),
            C::ShowTravels => d("Show travels", "Moves without material.", None, Some((NONE, Key::T)), layers, "hide"),
            C::ShowRetractions => {
                d("Show retractions", "Where filament is drawn back.", None, None, layers, "hide unretract")
            }
            C::ShowSeams => d("Show seams", "Where loops begin.", None, None, layers, "hide"),
            C::DarkTheme => d("Dark theme", "Light on dark.", Some(i::ICON_DARK_MODE), None, view, "colour night"),
            C::LightTheme => d("Light theme", "Dark on light.", Some(i::ICON_LIGHT_MODE), None, view, "colour day"),
            C::SystemTheme => d("Theme of the system", "As the desktop has it.", None, None, view, "colour"),
            C::HighContrast => d(
                "High contrast",
                "Clearer edges and stronger colours in either theme, or back.",
                Some(i::ICON_CONTRAST),
                None,
                view,
                "accessibility colour theme",
            ),
            C::LargerText => {
                d("Larger text", "Makes everything larger.", None, Some((CTRL, Key::Plus)), view, "zoom scale")
            }
            C::SmallerText => {
                d("Smaller text", "Makes everything smaller.", None, Some((CTRL, Key::Minus)), view, "zoom scale")
            }
        }
    }

    /// The text for a tooltip: name, hint and shortcut.
    pub fn tooltip(self, ctx: &Context) -> String {
        let d = self.definition();
        match d.shortcut {
            Some(shortcut) => format!("{} ({})\n{}", self.name(), ctx.format_shortcut(&shortcut), d.hint),
            None => format!("{}\n{}", self.name(), d.hint),
        }
    }

    /// The text without the dots that announce a dialog: the accessible name of its buttons.
    pub fn name(self) -> &'static str {
        self.definition().text.trim_end_matches('…')
    }

    /// The command whose shortcut was pressed, taken from the input. While a text is being typed, only shortcuts with
    /// Ctrl that no text field needs are listened to; the picture or a button that has the keyboard needs none of them.
    pub fn pressed(ctx: &Context) -> Vec<Command> {
        let typing = ctx.text_edit_focused();
        let menu_open = egui::Popup::is_any_open(ctx);
        let mut pressed = Vec::new();
        ctx.input_mut(|input| {
            // More modifiers first, or Ctrl+Shift+Z would be taken for Ctrl+Z.
            for modified in [CTRL_SHIFT, CTRL, NONE] {
                for command in Command::ALL {
                    let Some(shortcut) = command.definition().shortcut.filter(|s| s.modifiers == modified) else {
                        continue;
                    };
                    let of_text = matches!(shortcut.logical_key, Key::A | Key::Z | Key::Home | Key::End);
                    // Nothing that is typed is more urgent than the emergency stop.
                    let urgent = command == Command::EmergencyStop;
                    // An open menu or list takes Esc for itself.
                    if command == Command::Escape && menu_open {
                        continue;
                    }
                    if typing && !urgent && (modified == NONE || of_text) {
                        continue;
                    }
                    if input.consume_shortcut(&shortcut) {
                        pressed.push(command);
                    }
                }
            }
            // The other spelling of redo.
            if !typing && input.consume_key(CTRL, Key::Y) {
                pressed.push(Command::Redo);
            }
        });
        pressed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_commands_share_a_name_or_a_shortcut() {
        let mut names = std::collections::BTreeSet::new();
        let mut shortcuts = vec![(CTRL, Key::Y)];
        for command in Command::ALL {
            let d = command.definition();
            assert!(names.insert(d.text), "two commands are called {:?}", d.text);
            assert!(!d.hint.is_empty() && d.hint.ends_with('.'), "{command:?} has no hint");
            if let Some(s) = d.shortcut {
                let taken = shortcuts.iter().any(|&(m, k)| m == s.modifiers && k == s.logical_key);
                assert!(!taken, "{command:?} shares {s:?} with another command");
                shortcuts.push((s.modifiers, s.logical_key));
            }
        }
        let each_once: std::collections::BTreeSet<_> = Command::ALL.into_iter().collect();
        assert_eq!(each_once.len(), Command::ALL.len());
    }
}
