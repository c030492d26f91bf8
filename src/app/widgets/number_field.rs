//! A field for one number: arithmetic, units, steps by key and wheel.

use egui::{Align, FontSelection, Id, Response, Ui};

use super::commit_field::CommitField;
use crate::app::theme::size;
use crate::units::{Unit, parse_quantity, short_number};

/// What a number field shows and accepts.
#[derive(Clone, Debug)]
pub struct NumberField<'a> {
    /// Accessible name.
    pub name: &'a str,
    /// Shown behind the number. A share is kept as 0 to 1 and shown as a percentage.
    pub unit: Unit,
    /// As shown.
    pub decimals: usize,
    /// Of one press of an arrow key, as shown.
    pub step: f64,
    /// Smallest and largest value, as kept.
    pub min: f64,
    pub max: f64,
    pub width: f32,
    /// Whether the unit stands behind the number, or is said elsewhere.
    pub with_unit: bool,
}

impl<'a> NumberField<'a> {
    pub fn new(name: &'a str, unit: Unit, decimals: usize, step: f64) -> Self {
        Self { name, unit, decimals, step, min: f64::MIN, max: f64::MAX, width: size::FIELD, with_unit: true }
    }

    pub fn range(mut self, min: f64, max: f64) -> Self {
        (self.min, self.max) = (min, max);
        self
    }

    /// Leaves the unit out: the row says it.
    pub fn bare(mut self) -> Self {
        self.with_unit = false;
        self
    }

    pub fn width(mut self, width: f32) -> Self {
        self.width = width;
        self
    }

    /// Shows the field; returns the new value when one was applied.
    pub fn show(&self, ui: &mut Ui, id: Id, value: f64) -> (Response, Option<f64>) {
        let step = |text: &str, steps: f64| {
            let next = self.parse(text)? * self.scale() + steps * self.step;
            let places = 10f64.powi(self.decimals as i32 + 1);
            // Without the dust of binary fractions.
            Some(short_number((next * places).round() / places, self.decimals + 1))
        };
        let refuse =
            |text: &str| self.parse(text).is_none().then(|| format!("{}: this is not a number for it", self.name));
        let field = CommitField {
            name: self.name,
            shown: short_number(value * self.scale(), self.decimals),
            unit: if self.with_unit { self.unit.symbol() } else { "" },
            width: self.width,
            align: Align::RIGHT,
            font: FontSelection::Default,
            hint: "",
            refuse: &refuse,
            step: Some(&step),
        };
        let committed = field.show(ui, id);
        let applied = committed.applied.and_then(|text| self.parse(&text)).filter(|&next| next != value);
        let response = match committed.refused {
            Some(reason) => committed.response.on_hover_text(reason),
            None => committed.response,
        };
        (response, applied)
    }

    /// How much larger the number is that is shown.
    fn scale(&self) -> f64 {
        if self.unit == Unit::Share { 100.0 } else { 1.0 }
    }

    /// The value that was typed, within the limits; `None` where it is no number of this kind.
    fn parse(&self, text: &str) -> Option<f64> {
        let quantity = parse_quantity(text).ok()?;
        let value = match quantity.unit {
            None => quantity.value / self.scale(),
            Some(unit) if unit == self.unit => quantity.value,
            Some(_) => return None,
        };
        Some(value.clamp(self.min, self.max))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_read_in_the_unit_of_the_field() {
        let length = NumberField::new("Height", Unit::Millimetre, 2, 1.0).range(0.0, 100.0);
        assert_eq!(length.parse("20*1.5"), Some(30.0));
        assert_eq!(length.parse("1in"), Some(25.4));
        assert_eq!(length.parse("1000"), Some(100.0));
        assert_eq!(length.parse("5 s"), None);
        assert_eq!(length.parse(""), None);
        let share = NumberField::new("Infill", Unit::Share, 0, 5.0).range(0.0, 1.0);
        assert_eq!(share.parse("15"), Some(0.15));
        assert_eq!(share.parse("15%"), Some(0.15));
    }
}
