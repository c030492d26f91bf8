//! When a command can be used; where it cannot, why not, in words for its tooltip.

use super::command::Command;
use super::context::Cx;
use super::ui_state::Workspace;
use crate::machine::State;

/// Why a command cannot be used now; `None` where it can.
pub fn why_not(command: Command, cx: &Cx<'_>) -> Option<&'static str> {
    use Command as C;
    let empty = cx.document.objects().is_empty();
    let preview = cx.ui.workspace == Workspace::Preview;
    let sliced = cx.derived.shown();
    let machine = &cx.derived.machine;
    match command {
        C::Undo if cx.document.undo_label().is_none() => Some("Nothing to undo"),
        C::Redo if cx.document.redo_label().is_none() => Some("Nothing to redo"),
        C::NewDocument | C::SelectAll | C::Arrange | C::PlanAgain if empty => Some("The plate is empty"),
        C::Duplicate | C::Delete | C::DropToPlate | C::CenterOnPlate | C::MirrorX | C::MirrorY | C::MirrorZ
            if cx.ui.selection.is_empty() =>
        {
            Some("Select an object first")
        }
        C::MoveTool | C::RotateTool | C::ScaleTool if cx.ui.selection.is_empty() => Some("Select an object first"),
        C::ShowOverhangs if empty => Some("The plate is empty"),
        C::PlaceOnFaceTool if empty => Some("The plate is empty"),
        C::ViewSelected if cx.ui.selection.is_empty() => Some("Select an object first"),
        C::ExportGcode if cx.derived.saving.is_running() => Some("A file is being saved"),
        C::ExportGcode => cx.derived.why_no_export(),
        C::LayerUp | C::LayerDown | C::FirstLayer | C::LastLayer | C::PlayLayer if sliced.is_none() => {
            Some("Nothing is sliced yet")
        }
        C::LayerUp | C::LayerDown | C::FirstLayer | C::LastLayer | C::PlayLayer if !preview => {
            Some("Open the preview first")
        }
        C::ShowTravels | C::ShowRetractions | C::ShowSeams if sliced.is_none() => Some("Nothing is sliced yet"),
        C::FindPorts | C::Connect if machine.is_open() => Some("A machine is connected already"),
        C::Connect if cx.preferences.port.trim().is_empty() => Some("Choose a port first"),
        C::Disconnect | C::EmergencyStop if !machine.is_open() => Some("No machine is connected"),
        C::Disconnect if machine.prints() => Some("Cancel the print first"),
        C::HomeAll | C::MotorsOff if machine.prints() => Some("A print is running"),
        C::HomeAll | C::MotorsOff | C::CoolDown if !machine.listens() => Some("Connect a machine first"),
        C::PrintHere if machine.state() != Some(State::Idle) => Some("Connect a machine first"),
        C::PrintHere if machine.is_checking() => Some("The job is being checked"),
        C::PrintHere if cx.derived.planning.file().is_none() => cx.derived.why_no_export(),
        C::PausePrint if machine.state() != Some(State::Printing) => Some("Nothing is printing"),
        C::ResumePrint if machine.state() != Some(State::Paused) => Some("Nothing is paused"),
        C::CancelPrint if !matches!(machine.state(), Some(State::Printing | State::Pausing | State::Paused)) => {
            Some("Nothing is printing")
        }
        _ => None,
    }
}
