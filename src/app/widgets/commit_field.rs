//! A field of one line in which nothing is applied half-typed.
//!
//! What is being typed lives in egui's memory until Enter, Tab or a click elsewhere applies it; Esc throws it away.
//! A text that is refused stays, with the reason, until it is mended or thrown away.

use egui::{
    Align, EventFilter, FontSelection, Id, Key, Response, TextEdit, Ui, text::CCursor, text_edit::TextEditState, vec2,
};

use crate::app::theme::{size, tokens};

/// Moves what is typed by so many steps.
type Step<'a> = &'a dyn Fn(&str, f64) -> Option<String>;

/// What the field shows and accepts.
pub struct CommitField<'a> {
    /// Accessible name.
    pub name: &'a str,
    /// What stands in the field when nobody types.
    pub shown: String,
    /// Behind the text in a weaker tone, or empty.
    pub unit: &'a str,
    pub width: f32,
    /// Numbers stand at the right, words at the left.
    pub align: Align,
    pub font: FontSelection,
    pub hint: &'a str,
    /// Says in one sentence why a text cannot be applied.
    pub refuse: &'a dyn Fn(&str) -> Option<String>,
    /// For arrow keys and the wheel.
    pub step: Option<Step<'a>>,
}

/// What became of the field in this frame.
pub struct Committed {
    pub response: Response,
    /// The text to apply.
    pub applied: Option<String>,
    /// Why the text that stands in the field was not applied.
    pub refused: Option<String>,
}

impl CommitField<'_> {
    pub fn show(self, ui: &mut Ui, id: Id) -> Committed {
        let mut typed = ui.data(|d| d.get_temp::<String>(id));
        let mut text = typed.clone().unwrap_or_else(|| self.shown.clone());
        let refused = |typed: &Option<String>| typed.as_deref().and_then(|t| (self.refuse)(t));
        let t = tokens(ui);
        let color = if refused(&typed).is_some() { t.danger } else { t.text };
        let mut edit = TextEdit::singleline(&mut text)
            .id(id)
            .font(self.font)
            .desired_width(self.width)
            .min_size(vec2(self.width, size::ROW))
            .align(egui::Align2([self.align, Align::Center]))
            .hint_text(self.hint.to_owned())
            .text_color(color)
            // Up and down step the number, Esc gives it back; Tab goes on.
            .event_filter(EventFilter { vertical_arrows: true, horizontal_arrows: true, escape: true, tab: false });
        if !self.unit.is_empty() {
            edit = edit.suffix(egui::RichText::new(self.unit).color(t.weak));
        }
        let response = ui.add_sized([self.width, size::ROW], edit).accessible_name(self.name);
        if response.gained_focus() {
            select_all(ui, id, &text);
        }
        if response.changed() {
            typed = Some(text);
        }
        let mut applied = None;
        if response.has_focus() {
            if ui.input(|i| i.key_pressed(Key::Escape)) {
                typed = None;
                response.surrender_focus();
            } else if let Some(step) = self.step {
                let steps = steps(ui, &response);
                if steps != 0.0 {
                    let from = typed.as_deref().filter(|t| (self.refuse)(t).is_none()).unwrap_or(&self.shown);
                    applied = step(from, steps);
                    typed = None;
                }
            }
        } else if response.lost_focus()
            && let Some(text) = &typed
            && (self.refuse)(text).is_none()
        {
            applied = typed.take().filter(|text| *text != self.shown);
        }
        let refused = refused(&typed);
        ui.data_mut(|d| {
            if let Some(typed) = typed {
                d.insert_temp(id, typed);
            } else {
                d.remove_temp::<String>(id);
            }
        });
        Committed { response, applied, refused }
    }
}

/// Steps asked for by arrow keys and, over the focused field, by the wheel. Shift makes them ten times as large, Ctrl a
/// tenth.
fn steps(ui: &Ui, response: &Response) -> f64 {
    ui.input(|i| {
        let keys = i.num_presses(Key::ArrowUp) as f64 - i.num_presses(Key::ArrowDown) as f64;
        let wheel = if response.hovered() { wheel_notches(i) } else { 0.0 };
        let factor = match (i.modifiers.shift, i.modifiers.command) {
            (true, _) => 10.0,
            (_, true) => 0.1,
            _ => 1.0,
        };
        (keys + wheel) * factor
    })
}

fn wheel_notches(input: &egui::InputState) -> f64 {
    let notch = |event: &egui::Event| match event {
        // With Shift, some systems turn the wheel sideways.
        egui::Event::MouseWheel { delta, .. } if delta.y != 0.0 => f64::from(delta.y.signum()),
        egui::Event::MouseWheel { delta, .. } if delta.x != 0.0 => f64::from(delta.x.signum()),
        _ => 0.0,
    };
    input.events.iter().map(notch).sum()
}

fn select_all(ui: &Ui, id: Id, text: &str) {
    let mut state = TextEditState::load(ui.ctx(), id).unwrap_or_default();
    let all = egui::text::CCursorRange::two(CCursor::default(), CCursor::new(text.chars().count()));
    state.cursor.set_char_range(Some(all));
    state.store(ui.ctx(), id);
}
