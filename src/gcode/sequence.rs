//! Custom sequences: what a filled-in template may look like on the wire, and what it does to heaters.

use super::dialect::{CHAMBER, Dialect};
use super::lexer::{self, Code};

/// A line of a sequence is too long for the firmware.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TooLong {
    pub line: String,
    pub bytes: usize,
}

/// The lines of a filled-in sequence as they are written: ASCII, no control characters, no blanks at the end, comments
/// cut where the whole line would be too long. Blank lines are left out.
pub(super) fn clean_lines(text: &str, dialect: Dialect) -> Result<Vec<String>, TooLong> {
    let limit = dialect.max_line_bytes();
    let mut lines = Vec::new();
    for line in text.lines() {
        let printable = |c: char| match c {
            '\t' => Some(' '),
            ' '..='~' => Some(c),
            c if c.is_control() => None,
            _ => Some('?'),
        };
        let mut line: String = line.chars().filter_map(printable).collect();
        line.truncate(line.trim_end().len());
        let code_bytes = lexer::lex(line.as_bytes()).comment.map_or(line.len(), |c| line.len() - c.len() - 1);
        if line[..code_bytes].trim().len() > dialect.max_command_bytes() {
            return Err(TooLong { bytes: line[..code_bytes].trim().len(), line });
        }
        line.truncate(limit);
        line.truncate(line.trim_end().len());
        if !line.is_empty() {
            lines.push(line);
        }
    }
    Ok(lines)
}

/// What a sequence does to the heaters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Heating {
    /// The nozzle gets a target above 0.
    pub nozzle_on: bool,
    pub bed_on: bool,
    pub chamber_on: bool,
    /// The nozzle gets the target 0, or all heaters are turned off.
    pub nozzle_off: bool,
    pub bed_off: bool,
    pub chamber_off: bool,
    /// A command that only the machine's own configuration knows: it may heat, and it may turn off.
    pub macro_called: bool,
    /// Motors are released.
    pub motors_off: bool,
}

/// Klipper's own commands that are words; any other word is a macro of the machine's owner.
const KLIPPER_COMMANDS: &[&str] = &[
    "BED_MESH_",
    "BED_TILT_",
    "CLEAR_PAUSE",
    "DELTA_",
    "EXCLUDE_OBJECT",
    "FIRMWARE_",
    "GET_POSITION",
    "INPUT_SHAPER",
    "MANUAL_STEPPER",
    "PAUSE",
    "PROBE",
    "QUAD_GANTRY_LEVEL",
    "RESPOND",
    "RESTORE_GCODE_STATE",
    "RESUME",
    "SAVE_GCODE_STATE",
    "SAVE_VARIABLE",
    "SCREWS_TILT_",
    "SET_",
    "STATUS",
    "TEMPERATURE_WAIT",
    "TURN_OFF_HEATERS",
    "Z_TILT_ADJUST",
];

/// Reads what the lines of a filled-in sequence do to the heaters.
pub(super) fn heating(lines: &[String]) -> Heating {
    let mut found = Heating::default();
    for line in lines {
        match lexer::lex(line.as_bytes()).code {
            Code::Letter {
                letter: b'M', number: number @ (104 | 109 | 140 | 141 | 190 | 191 | 568), params, ..
            } => {
                let target = lexer::words(params).find_map(|w| match (w.letter, w.value) {
                    (b'S' | b'R', lexer::Value::Number(n)) => Some(n),
                    _ => None,
                });
                let Some(target) = target else { continue };
                match number {
                    141 | 191 if target > 0.0 => found.chamber_on = true,
                    141 | 191 => found.chamber_off = true,
                    140 | 190 if target > 0.0 => found.bed_on = true,
                    140 | 190 => found.bed_off = true,
                    _ if target > 0.0 => found.nozzle_on = true,
                    _ => found.nozzle_off = true,
                }
            }
            // RepRapFirmware's tool temperatures.
            Code::Letter { letter: b'G', number: 10, params, .. } => {
                for word in lexer::words(params) {
                    match (word.letter, word.value) {
                        (b'S', lexer::Value::Number(n)) if n > 0.0 => found.nozzle_on = true,
                        (b'S', lexer::Value::Number(_)) => found.nozzle_off = true,
                        _ => {}
                    }
                }
            }
            Code::Letter { letter: b'M', number: 18 | 84, .. } => found.motors_off = true,
            Code::Letter { letter: b'M', number: 81 | 98, .. } => found.macro_called = true,
            Code::Extended { name, params } => extended(&mut found, name, params),
            _ => {}
        }
    }
    found
}

fn extended(found: &mut Heating, name: &[u8], params: &[u8]) {
    let name = name.to_ascii_uppercase();
    let name = String::from_utf8_lossy(&name);
    if name == "TURN_OFF_HEATERS" {
        (found.nozzle_off, found.bed_off, found.chamber_off) = (true, true, true);
    } else if name == "SET_HEATER_TEMPERATURE" {
        let value = |key: &[u8]| lexer::pairs(params).find(|(k, _)| k.eq_ignore_ascii_case(key)).map(|(_, v)| v);
        let on = value(b"TARGET").and_then(lexer::parse_number).is_some_and(|t| t > 0.0);
        let heater = value(b"HEATER").unwrap_or_default().to_ascii_lowercase();
        match (heater.as_slice(), on) {
            (b"heater_bed", true) => found.bed_on = true,
            (b"heater_bed", false) => found.bed_off = true,
            (heater, true) if heater == CHAMBER.as_bytes() => found.chamber_on = true,
            (heater, false) if heater == CHAMBER.as_bytes() => found.chamber_off = true,
            (_, true) => found.nozzle_on = true,
            (_, false) => found.nozzle_off = true,
        }
    } else if !KLIPPER_COMMANDS.iter().any(|known| name.starts_with(known)) {
        found.macro_called = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_short_printable_ascii() {
        let long_comment = format!("G28 ; {}", "x".repeat(200));
        let lines =
            clean_lines(&format!("\u{1b}M117 Käse\r\n\n  \n{long_comment}\nG1\tX1  "), Dialect::Marlin).unwrap();
        assert_eq!(lines[0], "M117 K?se");
        assert_eq!((lines[1].len(), lines[2].as_str()), (95, "G1 X1"));
        let too_long = clean_lines(&format!("M117 {}", "x".repeat(75)), Dialect::Marlin);
        assert_eq!(too_long.map_err(|e| e.bytes), Err(80));
        assert!(clean_lines(&format!("M117 {}", "x".repeat(74)), Dialect::Marlin).is_ok());
        assert!(clean_lines(&format!("M117 {}", "x".repeat(91)), Dialect::Klipper).is_ok());
    }

    #[test]
    fn heaters_are_seen_through_every_spelling() {
        let heats = |text: &str| heating(&clean_lines(text, Dialect::Klipper).unwrap());
        assert_eq!(heats("G28\nM140 S60\nM104 S0"), Heating { bed_on: true, nozzle_off: true, ..Heating::default() });
        assert_eq!(heats("M109 R215"), Heating { nozzle_on: true, ..Heating::default() });
        assert_eq!(heats("; M109 S215\nM109"), Heating::default());
        assert_eq!(heats("PRINT_START BED=60"), Heating { macro_called: true, ..Heating::default() });
        assert_eq!(heats("BED_MESH_CALIBRATE\nset_velocity_limit accel=1"), Heating::default());
        assert_eq!(
            heats("turn_off_heaters\nM84"),
            Heating { nozzle_off: true, bed_off: true, chamber_off: true, motors_off: true, ..Heating::default() }
        );
        assert_eq!(heats("M141 S50\nM191 S40"), Heating { chamber_on: true, ..Heating::default() });
        assert_eq!(
            heats("SET_HEATER_TEMPERATURE HEATER=chamber TARGET=0"),
            Heating { chamber_off: true, ..Heating::default() }
        );
        assert_eq!(
            heats("SET_HEATER_TEMPERATURE HEATER=heater_bed TARGET=60"),
            Heating { bed_on: true, ..Heating::default() }
        );
    }
}
