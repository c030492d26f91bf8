//! Typed quantities and the only unit conversions of the program.
//!
//! Everything inside Fabbro is in millimetres, millimetres per second, seconds, degrees Celsius, grams and cubic
//! millimetres, and a field says so in its name (`feed_mm_per_s`). Other units exist only at the edges: in a file, in
//! a text field, in G-code. Their conversions live here and nowhere else. What people type comes in through
//! [`parse_quantity`], which also does arithmetic: `20*1.5`, `1/2in`, `3000 mm/min`, `15%`.

use std::fmt;

/// Millimetres in one inch (exact by definition, international yard and pound agreement of 1959).
pub const MM_PER_INCH: f64 = 25.4;

/// A feed rate as G-code's `F` word wants it, in mm/min.
pub fn mm_per_min(mm_per_s: f64) -> f64 {
    mm_per_s * 60.0
}

/// A feed rate read from G-code's `F` word (mm/min), in mm/s.
pub fn mm_per_s(mm_per_min: f64) -> f64 {
    mm_per_min / 60.0
}

/// What a number measures, named after the unit that Fabbro keeps it in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
pub enum Unit {
    /// A bare number: a factor or a count.
    One,
    /// A part of a whole, kept as 0 to 1 and shown as a percentage.
    Share,
    Millimetre,
    SquareMillimetre,
    MillimetrePerSecond,
    MillimetrePerSecondSquared,
    CubicMillimetre,
    CubicMillimetrePerSecond,
    CubicMillimetrePerSecondSquared,
    Second,
    DegreeCelsius,
    Degree,
    GramPerCubicCentimetre,
    /// Money, in whatever currency the person counts in, for one kilogram.
    MoneyPerKilogram,
    BitPerSecond,
}

impl Unit {
    /// The unit as it is shown beside a number; empty for a bare number.
    pub fn symbol(self) -> &'static str {
        match self {
            Unit::One => "",
            Unit::Share => "%",
            Unit::Millimetre => "mm",
            Unit::SquareMillimetre => "mm²",
            Unit::MillimetrePerSecond => "mm/s",
            Unit::MillimetrePerSecondSquared => "mm/s²",
            Unit::CubicMillimetre => "mm³",
            Unit::CubicMillimetrePerSecond => "mm³/s",
            Unit::CubicMillimetrePerSecondSquared => "mm³/s²",
            Unit::Second => "s",
            Unit::DegreeCelsius => "°C",
            Unit::Degree => "°",
            Unit::GramPerCubicCentimetre => "g/cm³",
            Unit::MoneyPerKilogram => "money/kg",
            Unit::BitPerSecond => "baud",
        }
    }
}

/// A unit as people write it: what it measures, and how to get to the unit that Fabbro keeps
/// (`kept = (written - zero) * factor / divisor`; 60 and 1000 have no exact inverse, so they divide).
struct Written {
    name: &'static str,
    unit: Unit,
    factor: f64,
    divisor: f64,
    zero: f64,
}

const fn written(name: &'static str, unit: Unit, factor: f64) -> Written {
    Written { name, unit, factor, divisor: 1.0, zero: 0.0 }
}

const fn divided(name: &'static str, unit: Unit, factor: f64, divisor: f64) -> Written {
    Written { name, unit, factor, divisor, zero: 0.0 }
}

/// Every unit that is understood. Names are compared without regard to case, except where one is listed twice.
const WRITTEN: &[Written] = &[
    divided("%", Unit::Share, 1.0, 100.0),
    written("mm", Unit::Millimetre, 1.0),
    written("cm", Unit::Millimetre, 10.0),
    written("m", Unit::Millimetre, 1000.0),
    divided("um", Unit::Millimetre, 1.0, 1000.0),
    divided("µm", Unit::Millimetre, 1.0, 1000.0),
    written("in", Unit::Millimetre, MM_PER_INCH),
    written("\"", Unit::Millimetre, MM_PER_INCH),
    written("mm2", Unit::SquareMillimetre, 1.0),
    written("mm²", Unit::SquareMillimetre, 1.0),
    written("mm/s", Unit::MillimetrePerSecond, 1.0),
    divided("mm/min", Unit::MillimetrePerSecond, 1.0, 60.0),
    divided("m/min", Unit::MillimetrePerSecond, 1000.0, 60.0),
    written("m/s", Unit::MillimetrePerSecond, 1000.0),
    written("in/s", Unit::MillimetrePerSecond, MM_PER_INCH),
    divided("in/min", Unit::MillimetrePerSecond, MM_PER_INCH, 60.0),
    written("mm/s2", Unit::MillimetrePerSecondSquared, 1.0),
    written("mm/s²", Unit::MillimetrePerSecondSquared, 1.0),
    written("mm/s^2", Unit::MillimetrePerSecondSquared, 1.0),
    written("m/s2", Unit::MillimetrePerSecondSquared, 1000.0),
    written("m/s²", Unit::MillimetrePerSecondSquared, 1000.0),
    // Standard acceleration of free fall (3rd CGPM, 1901).
    written("gn", Unit::MillimetrePerSecondSquared, 9806.65),
    written("mm3", Unit::CubicMillimetre, 1.0),
    written("mm³", Unit::CubicMillimetre, 1.0),
    written("mm3/s2", Unit::CubicMillimetrePerSecondSquared, 1.0),
    written("mm³/s²", Unit::CubicMillimetrePerSecondSquared, 1.0),
    written("mm3/s", Unit::CubicMillimetrePerSecond, 1.0),
    written("mm³/s", Unit::CubicMillimetrePerSecond, 1.0),
    written("mm^3/s", Unit::CubicMillimetrePerSecond, 1.0),
    written("s", Unit::Second, 1.0),
    divided("ms", Unit::Second, 1.0, 1000.0),
    written("min", Unit::Second, 60.0),
    written("h", Unit::Second, 3600.0),
    written("°C", Unit::DegreeCelsius, 1.0),
    written("C", Unit::DegreeCelsius, 1.0),
    Written { name: "°F", unit: Unit::DegreeCelsius, factor: 5.0, divisor: 9.0, zero: 32.0 },
    Written { name: "F", unit: Unit::DegreeCelsius, factor: 5.0, divisor: 9.0, zero: 32.0 },
    written("°", Unit::Degree, 1.0),
    written("deg", Unit::Degree, 1.0),
    divided("rad", Unit::Degree, 180.0, std::f64::consts::PI),
    written("g/cm3", Unit::GramPerCubicCentimetre, 1.0),
    written("g/cm³", Unit::GramPerCubicCentimetre, 1.0),
    divided("kg/m3", Unit::GramPerCubicCentimetre, 1.0, 1000.0),
    divided("kg/m³", Unit::GramPerCubicCentimetre, 1.0, 1000.0),
    written("/kg", Unit::MoneyPerKilogram, 1.0),
    written("money/kg", Unit::MoneyPerKilogram, 1.0),
    written("baud", Unit::BitPerSecond, 1.0),
    written("kbaud", Unit::BitPerSecond, 1000.0),
];

/// A number as it was typed: in the unit that Fabbro keeps, and what it measures where the person said so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantity {
    pub value: f64,
    /// `None` where no unit was written.
    pub unit: Option<Unit>,
}

/// Why a text is not a quantity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    #[error("a number is missing")]
    Empty,
    #[error("`{0}` is not understood as a number")]
    NotANumber(String),
    #[error("`{0}` is not a known unit")]
    UnknownUnit(String),
    #[error("two units in one product cannot be multiplied or divided")]
    UnitTimesUnit,
    #[error("{0} and {1} cannot be added")]
    Mixed(Symbol, Symbol),
    #[error("a closing parenthesis is missing")]
    OpenParenthesis,
    #[error("the result is not a finite number")]
    NotFinite,
}

/// A unit named in an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Symbol(pub Unit);

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0 == Unit::One { "a bare number" } else { self.0.symbol() })
    }
}

/// Reads a number with an optional unit, or arithmetic of such: `+ - * /`, parentheses, decimal point.
///
/// A unit belongs to the whole product in which it stands, so `1/2in` is half an inch. In a sum, a bare number is taken
/// in the unit that Fabbro keeps: `1in + 2` is 27.4 mm. Fails when the text is anything else, or not finite.
pub fn parse_quantity(text: &str) -> Result<Quantity, QuantityError> {
    let mut parser = Parser { rest: text.trim(), depth: 0 };
    if parser.rest.is_empty() {
        return Err(QuantityError::Empty);
    }
    let quantity = parser.sum()?;
    if !parser.rest.is_empty() {
        return Err(parser.confused());
    }
    if !quantity.value.is_finite() {
        return Err(QuantityError::NotFinite);
    }
    Ok(quantity)
}

/// Parentheses deeper than this are nobody's arithmetic, and must not exhaust the stack.
const DEEPEST: usize = 32;

struct Parser<'a> {
    rest: &'a str,
    depth: usize,
}

impl Parser<'_> {
    fn eat(&mut self, symbol: char) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(symbol) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn confused(&self) -> QuantityError {
        let word: String = self.rest.trim_start().chars().take(24).collect();
        if word.is_empty() {
            QuantityError::Empty
        } else if word.starts_with(|c: char| c.is_alphabetic() || c == '°') {
            QuantityError::UnknownUnit(word)
        } else {
            QuantityError::NotANumber(word)
        }
    }

    fn sum(&mut self) -> Result<Quantity, QuantityError> {
        let mut total = self.product()?;
        loop {
            let sign = if self.eat('+') {
                1.0
            } else if self.eat('-') {
                -1.0
            } else {
                return Ok(total);
            };
            let next = self.product()?;
            total.unit = match (total.unit, next.unit) {
                (Some(a), Some(b)) if a != b => return Err(QuantityError::Mixed(Symbol(a), Symbol(b))),
                (a, b) => a.or(b),
            };
            total.value += sign * next.value;
        }
    }

    fn product(&mut self) -> Result<Quantity, QuantityError> {
        let (mut value, mut measure) = self.factor()?;
        loop {
            let divide = if self.eat('*') || self.eat('×') {
                false
            } else if self.eat('/') {
                true
            } else {
                break;
            };
            let (next, unit) = self.factor()?;
            measure = match (measure, unit) {
                (Some(_), Some(_)) => return Err(QuantityError::UnitTimesUnit),
                (a, b) => a.or(b),
            };
            value = if divide { value / next } else { value * next };
        }
        Ok(match measure {
            Some(written) => {
                let kept = (value - written.zero) * written.factor / written.divisor;
                let share = written.unit == Unit::Share;
                Quantity { value: if share { without_binary_noise(kept) } else { kept }, unit: Some(written.unit) }
            }
            None => Quantity { value, unit: None },
        })
    }

    /// A signed number or parenthesis with the unit behind it. A parenthesis that holds a unit is already in the unit
    /// that Fabbro keeps.
    fn factor(&mut self) -> Result<(f64, Option<Written>), QuantityError> {
        let mut sign = 1.0;
        loop {
            if self.eat('-') {
                sign = -sign;
            } else if !self.eat('+') {
                break;
            }
        }
        if self.eat('(') {
            self.depth += 1;
            if self.depth > DEEPEST {
                return Err(self.confused());
            }
            let inner = self.sum()?;
            if !self.eat(')') {
                return Err(QuantityError::OpenParenthesis);
            }
            self.depth -= 1;
            let outer = self.unit();
            return match (inner.unit, outer) {
                (Some(_), Some(_)) => Err(QuantityError::UnitTimesUnit),
                (Some(unit), None) => Ok((sign * inner.value, Some(written("", unit, 1.0)))),
                (None, outer) => Ok((sign * inner.value, outer)),
            };
        }
        let value = self.number()?;
        Ok((sign * value, self.unit()))
    }

    fn number(&mut self) -> Result<f64, QuantityError> {
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let text = self.rest;
        let mut end = digits(text);
        if text[end..].starts_with('.') {
            end += 1 + digits(&text[end + 1..]);
        }
        // An exponent, unless the `e` begins something else.
        if text[end..].starts_with(['e', 'E']) {
            let sign = usize::from(text[end + 1..].starts_with(['+', '-']));
            let exponent = digits(&text[end + 1 + sign..]);
            if exponent > 0 {
                end += 1 + sign + exponent;
            }
        }
        match text[..end].parse() {
            Ok(value) => {
                self.rest = &text[end..];
                Ok(value)
            }
            Err(_) => Err(self.confused()),
        }
    }

    /// The longest unit that the rest begins with.
    fn unit(&mut self) -> Option<Written> {
        let text = self.rest.trim_start();
        let unit = WRITTEN
            .iter()
            .filter(|w| {
                text.get(..w.name.len()).is_some_and(|start| start.eq_ignore_ascii_case(w.name))
                    // `5 mmm` is not 5 mm and something else.
                    && !(w.name.ends_with(char::is_alphanumeric)
                        && text[w.name.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '²' || c == '³'))
            })
            .max_by_key(|w| w.name.len())?;
        self.rest = &text[unit.name.len()..];
        Some(Written { ..*unit })
    }
}

/// Rounds to 15 significant digits, which is what a double holds of a decimal number for certain: 12.3 % is then the
/// same as 0.123, and back.
pub fn without_binary_noise(value: f64) -> f64 {
    format!("{value:.14e}").parse().unwrap_or(value)
}

/// A number with as many decimals as it needs and no more than `decimals`: `0.2`, not `0.20`; never `-0`.
pub fn short_number(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, value: f64, unit: Option<Unit>) {
        let quantity = parse_quantity(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert!((quantity.value - value).abs() < 1e-9 * value.abs().max(1.0), "{text}: {quantity:?}");
        assert_eq!(quantity.unit, unit, "{text}");
    }

    #[test]
    fn arithmetic_and_units_are_understood() {
        for (text, value, unit) in [
            ("0.2", 0.2, None),
            (" -3 ", -3.0, None),
            (".5", 0.5, None),
            ("1e3", 1000.0, None),
            ("20*1.5", 30.0, None),
            ("2+3*4", 14.0, None),
            ("(2+3)*4", 20.0, None),
            ("10 - 4 - 3", 3.0, None),
            ("2*-3", -6.0, None),
            ("15%", 0.15, Some(Unit::Share)),
            ("0.45mm", 0.45, Some(Unit::Millimetre)),
            ("1in", 25.4, Some(Unit::Millimetre)),
            ("1/2in", 12.7, Some(Unit::Millimetre)),
            ("(1+1) in", 50.8, Some(Unit::Millimetre)),
            ("(1in+0.6)*2", 52.0, Some(Unit::Millimetre)),
            ("1in + 2", 27.4, Some(Unit::Millimetre)),
            ("3000 mm/min", 50.0, Some(Unit::MillimetrePerSecond)),
            ("60mm/s", 60.0, Some(Unit::MillimetrePerSecond)),
            ("1.5 m/s²", 1500.0, Some(Unit::MillimetrePerSecondSquared)),
            ("11 mm3/s", 11.0, Some(Unit::CubicMillimetrePerSecond)),
            ("2min", 120.0, Some(Unit::Second)),
            ("210°C", 210.0, Some(Unit::DegreeCelsius)),
            ("410 F", 210.0, Some(Unit::DegreeCelsius)),
            ("45°", 45.0, Some(Unit::Degree)),
            ("1240 kg/m³", 1.24, Some(Unit::GramPerCubicCentimetre)),
        ] {
            check(text, value, unit);
        }
    }

    #[test]
    fn what_is_no_quantity_is_refused_with_its_cause() {
        let deep = "(".repeat(10_000);
        for (text, error) in [
            ("", QuantityError::Empty),
            ("2+", QuantityError::Empty),
            ("five", QuantityError::UnknownUnit("five".into())),
            ("5 furlongs", QuantityError::UnknownUnit("furlongs".into())),
            ("5 mmm", QuantityError::UnknownUnit("mmm".into())),
            ("1.2.3", QuantityError::NotANumber(".3".into())),
            ("1in*2in", QuantityError::UnitTimesUnit),
            ("1mm + 1s", QuantityError::Mixed(Symbol(Unit::Millimetre), Symbol(Unit::Second))),
            ("(1", QuantityError::OpenParenthesis),
            ("1/0", QuantityError::NotFinite),
            ("1e999", QuantityError::NotFinite),
        ] {
            assert_eq!(parse_quantity(text), Err(error), "{text}");
        }
        assert!(parse_quantity(&deep).is_err());
    }

    #[test]
    fn numbers_are_written_no_longer_than_needed() {
        for (value, text) in [(0.2, "0.2"), (100.0, "100"), (-0.00001, "0"), (1.23456, "1.235")] {
            assert_eq!(short_number(value, 3), text);
        }
    }
}
