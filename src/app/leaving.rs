//! Closing the window: what still runs is finished first, and a print is never left to itself without a word.

use egui::{Context, ViewportCommand};

use super::studio::Studio;
use super::ui_state::Leaving;

impl Studio {
    /// Answers the wish to close the window, from wherever it came, and closes it once nothing is lost by that.
    pub(super) fn leave(&mut self, ctx: &Context) {
        let asked = ctx.input(|i| i.viewport().close_requested());
        let prints = self.derived.machine.prints();
        if self.ui.leaving == Some(Leaving::Asked) && !prints {
            // The print ended before the question was answered, and with it the question: the window is not closed behind
            // the back of whoever comes to look at the print.
            self.ui.leaving = None;
        }
        if asked && !self.may_leave() {
            ctx.send_viewport_cmd(ViewportCommand::CancelClose);
            self.ui.leaving.get_or_insert(if prints { Leaving::Asked } else { Leaving::WhenDone });
        } else if !asked && self.ui.leaving.is_some() && self.may_leave() {
            ctx.send_viewport_cmd(ViewportCommand::Close);
        }
    }

    fn may_leave(&self) -> bool {
        let prints = self.derived.machine.prints() && self.ui.leaving != Some(Leaving::AtOnce);
        !self.derived.saving.is_running() && !prints
    }
}
