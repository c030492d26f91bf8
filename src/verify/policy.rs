//! Which commands a job may hold.
//!
//! A job from somebody else must not hold anything but what a print needs: no settings that outlive it, no files, no
//! firmware, no words to the host, no bytes that firmware takes for something else. What is not on the list is refused,
//! because filters that look for what is bad are always behind (Marlin alone erases a character on a backspace).

use super::limits::Limits;
use crate::gcode::dialect::CHAMBER;
use crate::gcode::lexer::{self, Code, Line, Value};

/// How a file is to be judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// The owner's own file: what it does to the machine's settings is the owner's.
    #[default]
    Own,
    /// A job from elsewhere: only commands on the list.
    Remote,
}

/// Longest dwell, s.
const MAX_DWELL_S: f64 = 60.0;
/// Longest message for a display, bytes.
const MAX_MESSAGE_BYTES: usize = 60;
/// What is set while printing may be this many times what the machine is known to do: slicers ask for more than machines
/// have, and firmware and mechanics bear it.
const FAR_ABOVE: f64 = 5.0;
/// Most tools.
const MAX_TOOL: u32 = 15;

/// Klipper's own commands that change nothing beyond a print.
const KLIPPER_ALLOWED: &[&str] = &[
    "EXCLUDE_OBJECT_DEFINE",
    "EXCLUDE_OBJECT_START",
    "EXCLUDE_OBJECT_END",
    "SET_PRESSURE_ADVANCE",
    "SET_VELOCITY_LIMIT",
    "TURN_OFF_HEATERS",
    "SET_FAN_SPEED",
    "TEMPERATURE_WAIT",
    "SET_HEATER_TEMPERATURE",
    "SET_PRINT_STATS_INFO",
    "BED_MESH_CALIBRATE",
    "BED_MESH_CLEAR",
    "QUAD_GANTRY_LEVEL",
    "Z_TILT_ADJUST",
];

/// Whether a word is a command of Klipper itself: it neither heats (but for the heater commands, which are followed) nor
/// is it a macro of the machine's owner.
pub(super) fn is_klipper_command(name: &str) -> bool {
    const PREFIXES: &[&str] = &[
        "BED_MESH_",
        "BED_TILT_",
        "DELTA_",
        "EXCLUDE_OBJECT",
        "INPUT_SHAPER",
        "MANUAL_STEPPER",
        "PROBE",
        "SAVE_",
        "SCREWS_TILT_",
        "SET_",
        "Z_TILT_",
    ];
    const NAMES: &[&str] = &[
        "GET_POSITION",
        "QUAD_GANTRY_LEVEL",
        "RESPOND",
        "RESTORE_GCODE_STATE",
        "STATUS",
        "TEMPERATURE_WAIT",
        "UPDATE_DELAYED_GCODE",
    ];
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether the parameters of an `M` command are letters with numbers and nothing else (names, messages, files).
pub(super) fn has_only_numbers(number: u32) -> bool {
    matches!(number, 17 | 18 | 73 | 82..=84 | 104..=107 | 109 | 116 | 140 | 141 | 190 | 191 | 200..=205)
        || matches!(number, 220 | 221 | 302 | 400 | 566 | 568 | 572 | 900)
}

/// A line without its comment.
fn code_of<'a>(bytes: &'a [u8], line: &Line<'_>) -> &'a [u8] {
    lexer::trim(match line.comment {
        Some(comment) => bytes.get(..bytes.len().saturating_sub(comment.len() + 1)).unwrap_or(bytes),
        None => bytes,
    })
}

/// Whether a line is one of some lines of the machine's own sequences.
pub(super) fn is_own_line(bytes: &[u8], line: &Line<'_>, own: &[String]) -> bool {
    let code = code_of(bytes, line);
    own.iter().any(|own| own.as_bytes() == code)
}

/// Why a line's bytes are not allowed: anything but printable ASCII and tabs, comments included. Firmware and hosts act
/// on single bytes wherever they stand (GRBL's real-time commands, Marlin's backspace).
pub(super) fn bad_byte(line: &[u8]) -> Option<String> {
    let bad = line.iter().find(|b| !matches!(b, b'\t' | b' '..=b'~'))?;
    Some(format!("the line holds the byte 0x{bad:02x}; only printable ASCII is allowed"))
}

/// Why a line is not allowed in a job from elsewhere; `None` where it is. `printing` once the first road is laid.
pub(super) fn forbidden(bytes: &[u8], line: &Line<'_>, limits: &Limits, printing: bool) -> Option<String> {
    if let Some(comment) = line.comment
        && lexer::trim(comment).first() == Some(&b'@')
    {
        return Some("a comment that begins with @ is a command to the host".into());
    }
    if line.number.is_some() || line.checksum.is_some() {
        return Some("line numbers belong to the host that sends the job".into());
    }
    let code = code_of(bytes, line);
    let is_message = code.starts_with(b"M117 ");
    if code.contains(&b'*') || (code.contains(&b'(') && !is_message) {
        return Some("`*` and parentheses can hide a second command".into());
    }
    let own = if printing { &limits.later_lines } else { &limits.start_lines };
    if is_own_line(bytes, line, own) {
        return None;
    }
    match line.code {
        Code::Empty => None,
        // Smoothieware hands lines in lower case to its shell.
        _ if code.first().is_some_and(u8::is_ascii_lowercase) => Some("commands are written in capitals".into()),
        Code::Letter { letter: b'G', number, sub, params } => g(number, sub, params, printing),
        // What Prusa's files ask of the firmware: model, nozzle, version.
        Code::Letter { letter: b'M', number: 862, .. } => None,
        Code::Letter { letter: b'M', number, sub: None, params } => m(number, params, limits),
        Code::Letter { letter: b'T', number, .. } if number <= MAX_TOOL => None,
        Code::Extended { name, params } => extended(name, params, limits),
        _ => Some("the command is not one that a print needs".into()),
    }
}

fn value(params: &[u8], letter: u8) -> Option<f64> {
    lexer::words(params).find_map(|w| match w.value {
        Value::Number(n) if w.letter == letter => Some(n),
        _ => None,
    })
}

fn g(number: u32, sub: Option<u32>, params: &[u8], printing: bool) -> Option<String> {
    let refuse = |why: &str| Some(format!("G{number} {why}"));
    if sub.is_some() {
        return refuse("with a decimal is not one that a print needs");
    }
    let has = |letters: &[u8]| lexer::words(params).any(|w| letters.contains(&w.letter));
    match number {
        0..=3 | 11 | 17 | 21 | 90 | 91 => None,
        4 => {
            let seconds = value(params, b'S').unwrap_or(0.0) + value(params, b'P').unwrap_or(0.0) / 1000.0;
            (!(0.0..=MAX_DWELL_S).contains(&seconds))
                .then(|| format!("G4 waits for {seconds} s; at most {MAX_DWELL_S} s are allowed"))
        }
        10 if has(b"LXYZ") => refuse("must not set offsets"),
        10 => None,
        28 if printing && lexer::words(params).next().is_none_or(|_| has(b"Z")) => {
            refuse("would home Z with a part on the plate")
        }
        28 => None,
        29 | 80 if printing => refuse("would probe with a part on the plate"),
        29 | 80 => None,
        92 if has(b"XYZ") => refuse("must not move the coordinates, which would move the build volume"),
        // Without any word some firmware sets all coordinates to 0.
        92 if !has(b"E") => refuse("must name E"),
        92 => None,
        _ => refuse("is not one that a print needs"),
    }
}

fn m(number: u32, params: &[u8], limits: &Limits) -> Option<String> {
    let refuse = |why: &str| Some(format!("M{number} {why}"));
    let above =
        |letters: &[u8], limit: f64| letters.iter().any(|l| value(params, *l).is_some_and(|v| v > limit * 1.001));
    let within = |range: std::ops::RangeInclusive<f64>| value(params, b'S').is_none_or(|v| range.contains(&v));
    match number {
        // Modes, progress, temperatures (their values are judged for every file), fans, waiting, tools, objects.
        17 | 18 | 73 | 82 | 83 | 84 | 104..=107 | 109 | 115 | 116 | 140 | 190 | 400 | 486 | 568 | 572 | 900 => None,
        141 | 191 if limits.max_chamber_temperature > 0.0 => None,
        117 => {
            let text = lexer::trim(params);
            (text.len() > MAX_MESSAGE_BYTES)
                .then(|| format!("M117 shows {} bytes; at most {MAX_MESSAGE_BYTES}", text.len()))
        }
        201 if above(b"XY", limits.max_acceleration_mm_per_s2) => {
            refuse("asks for more acceleration than the machine has")
        }
        // Firmware keeps to M201 whatever M204 says, so only nonsense is refused.
        204 if above(b"PRTS", limits.max_acceleration_mm_per_s2 * FAR_ABOVE) => {
            refuse("asks for far more acceleration than the machine has")
        }
        205 | 566 => {
            let scale = if number == 566 { 60.0 } else { 1.0 };
            let far = above(b"XY", limits.max_jerk_mm_per_s * scale * FAR_ABOVE);
            if far { refuse("asks for far larger sudden changes of speed than the machine does") } else { None }
        }
        201 | 204 => None,
        203 => {
            let axes = [(b'X', 0), (b'Y', 1), (b'Z', 2), (b'E', 3)];
            let fast = axes.iter().any(|(letter, axis)| above(&[*letter], limits.max_feed_mm_per_s[*axis]));
            if fast { refuse("asks for more speed than the machine has") } else { None }
        }
        220 if !within(10.0..=200.0) => refuse("scales the feed beyond 10 to 200 %"),
        221 if !within(50.0..=150.0) => refuse("scales the flow beyond 50 to 150 %"),
        220 | 221 => None,
        _ => refuse("is not one that a print needs"),
    }
}

fn extended(name: &[u8], params: &[u8], limits: &Limits) -> Option<String> {
    let name = String::from_utf8_lossy(name).into_owned();
    if params.iter().any(|b| matches!(b, b'{' | b'}' | b'$' | b'`' | b'|' | b'<' | b'>')) {
        return Some(format!("{name} holds characters that a print does not need"));
    }
    if name == "SET_HEATER_TEMPERATURE" {
        let heater = lexer::pairs(params).find(|(k, _)| k.eq_ignore_ascii_case(b"HEATER")).map(|(_, v)| v);
        let judged = heater.is_some_and(|h| {
            let is_chamber = h == CHAMBER.as_bytes() && limits.max_chamber_temperature > 0.0;
            is_chamber
                || h == b"heater_bed"
                || h.strip_prefix(b"extruder").is_some_and(|i| i.iter().all(u8::is_ascii_digit))
        });
        return (!judged).then(|| format!("{name} is only allowed for the machine's nozzle, bed and chamber"));
    }
    if name == "SET_VELOCITY_LIMIT" {
        // Klipper takes these in place of its configuration's.
        let fastest = limits.max_feed_mm_per_s[0].max(limits.max_feed_mm_per_s[1]);
        let corner = limits.max_jerk_mm_per_s * FAR_ABOVE;
        let judged = [
            (&b"ACCEL"[..], limits.max_acceleration_mm_per_s2),
            (b"VELOCITY", fastest),
            (b"SQUARE_CORNER_VELOCITY", corner),
        ];
        for (key, limit) in judged {
            for (_, value) in lexer::pairs(params).filter(|(k, _)| k.eq_ignore_ascii_case(key)) {
                let key = String::from_utf8_lossy(key);
                match lexer::parse_number(value) {
                    None => return Some(format!("{name} {key} has no number")),
                    Some(asked) if asked > limit * 1.001 => {
                        return Some(format!("{name} {key} asks for {asked}; the machine has {limit}"));
                    }
                    Some(_) => {}
                }
            }
        }
        return None;
    }
    let own = limits.macros.contains(&name);
    (!own && !KLIPPER_ALLOWED.contains(&name.as_str())).then(|| format!("{name} is not one that a print needs"))
}
