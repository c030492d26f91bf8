//! What firmware says, line by line. Lines are understood by their content, never by their place.

/// Temperatures of one report, °C; `None` where the report does not name the part.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Temperatures {
    pub nozzle: Option<Heater>,
    pub bed: Option<Heater>,
}

/// One heater of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Heater {
    pub actual_c: f32,
    pub target_c: f32,
}

/// A line from the machine.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// A command was accepted. `line` is its number where the firmware says it (advanced ok); temperatures come with
    /// the answer to M105.
    Ok {
        line: Option<u32>,
        temperatures: Option<Temperatures>,
    },
    /// The firmware wants the lines from this number on again.
    Resend(u32),
    /// Still working on the last command.
    Busy,
    /// A report that nobody asked for.
    Temperatures(Temperatures),
    /// Still waiting for a temperature: the reports of `M109` and its like tell for how long it has to stay.
    Heating(Temperatures),
    /// The firmware has just started: after a reset, or because the port was opened.
    Start,
    /// Idle with an empty buffer, while the host may think otherwise.
    Wait,
    /// The machine stopped for good and needs a reset.
    Fatal(String),
    /// Something went wrong with one command.
    Error(String),
    /// `//action:NAME`: the machine asks the host to do something.
    Action(String),
    /// The answer to M115.
    Firmware {
        name: String,
    },
    /// A `Cap:NAME:0|1` line of the answer to M115.
    Capability {
        name: String,
        enabled: bool,
    },
    Other,
}

/// Beginnings of error lines after which the firmware does nothing any more.
const FATAL: [&str; 6] =
    ["printer halted", "thermal runaway", "heating failed", "maxtemp triggered", "mintemp triggered", "stopped due to"];

/// Reads one line.
pub fn parse(line: &str) -> Reply {
    let line = line.trim();
    if let Some(rest) = line.strip_prefix("ok")
        && (rest.is_empty() || !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
    {
        return Reply::Ok { line: word_number(rest, 'N'), temperatures: temperatures(rest) };
    }
    let lower = line.to_ascii_lowercase();
    if let Some(rest) = lower.strip_prefix("resend").or_else(|| lower.strip_prefix("rs ")) {
        return resend_number(rest).map_or(Reply::Other, Reply::Resend);
    }
    if lower.starts_with("echo:busy") || lower.starts_with("busy:") {
        return Reply::Busy;
    }
    if lower == "start" || (lower.starts_with("grbl ") && lower.contains('[')) {
        return Reply::Start;
    }
    if lower == "wait" {
        return Reply::Wait;
    }
    if let Some(action) = line.strip_prefix("//") {
        return match action.trim_start().strip_prefix("action:") {
            Some(name) => Reply::Action(name.trim().to_owned()),
            None if action.contains("Klipper state: Shutdown") => Reply::Fatal(action.trim().to_owned()),
            None => Reply::Other,
        };
    }
    if let Some(text) = line.strip_prefix("!!") {
        return Reply::Error(text.trim().to_owned());
    }
    if let Some(text) = lower.strip_prefix("error:") {
        let original = line["error:".len()..].trim().to_owned();
        if FATAL.iter().any(|fatal| text.contains(fatal)) {
            return Reply::Fatal(original);
        }
        return Reply::Error(original);
    }
    if let Some(rest) = line.strip_prefix("Cap:") {
        if let Some((name, value)) = rest.rsplit_once(':') {
            return Reply::Capability { name: name.to_owned(), enabled: value.trim() == "1" };
        }
        return Reply::Other;
    }
    if let Some(name) = line.strip_prefix("FIRMWARE_NAME:") {
        return Reply::Firmware { name: first_value(name) };
    }
    let waits = line.split(' ').any(|word| word.starts_with("W:"));
    temperatures(line).map_or(Reply::Other, if waits { Reply::Heating } else { Reply::Temperatures })
}

/// The value of an M115 field: it ends where the next `UPPER_CASE:` begins, since it may itself hold spaces and colons.
fn first_value(text: &str) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    let is_key = |w: &str| {
        w.split_once(':').is_some_and(|(key, _)| {
            key.len() > 1
                && key.as_bytes()[0].is_ascii_uppercase()
                && key.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
        })
    };
    let end = words.iter().skip(1).position(|w| is_key(w)).map_or(words.len(), |i| i + 1);
    words[..end].join(" ").trim().to_owned()
}

/// The number after a letter that stands at the beginning of a word.
fn word_number(text: &str, letter: char) -> Option<u32> {
    text.split_ascii_whitespace().find_map(|word| word.strip_prefix(letter)?.parse().ok())
}

/// `: 12`, `:12`, `:N12`, ` 12`, `N12 Expected checksum 67`.
fn resend_number(rest: &str) -> Option<u32> {
    let rest = rest.trim_start_matches([':', ' ', 'n']);
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    rest[..digits].parse().ok()
}

/// `T:210.0 /210.0 B:60.1 /60.0 @:0`, with or without the space before the slash; `T0:` where there are several tools.
fn temperatures(text: &str) -> Option<Temperatures> {
    let heater = |name: &str| -> Option<Heater> {
        let at = text.match_indices(name).find(|(at, _)| *at == 0 || text.as_bytes()[at - 1] == b' ')?.0;
        let rest = &text[at + name.len()..];
        let (actual, rest) = leading_number(rest)?;
        let target =
            rest.trim_start().strip_prefix('/').and_then(|r| leading_number(r.trim_start())).map_or(0.0, |t| t.0);
        Some(Heater { actual_c: actual, target_c: target })
    };
    let found = Temperatures { nozzle: heater("T:").or_else(|| heater("T0:")), bed: heater("B:") };
    (found != Temperatures::default()).then_some(found)
}

fn leading_number(text: &str) -> Option<(f32, &str)> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-')).unwrap_or(text.len());
    text[..end].parse().ok().filter(|n: &f32| n.is_finite()).map(|n| (n, &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_spelling_is_understood() {
        let ok = |line| Reply::Ok { line, temperatures: None };
        let report = Temperatures {
            nozzle: Some(Heater { actual_c: 19.4, target_c: 0.0 }),
            bed: Some(Heater { actual_c: 20.0, target_c: 60.0 }),
        };
        for (line, reply) in [
            ("ok", ok(None)),
            ("ok N12 P15 B3", ok(Some(12))),
            ("ok T:19.4 /0.0 B:20.0 /60.0 @:0 B@:0", Reply::Ok { line: None, temperatures: Some(report) }),
            (" T:19.4 /0.0 B:20.0 /60.0 @:0", Reply::Temperatures(report)),
            ("T:19.4/0.0 B:20.0/60.0 W:?", Reply::Heating(report)),
            ("okay then", Reply::Other),
            ("Resend: 12", Reply::Resend(12)),
            ("Resend:12", Reply::Resend(12)),
            ("Resend:N12", Reply::Resend(12)),
            ("rs N12 Expected checksum 67", Reply::Resend(12)),
            ("Resend:", Reply::Other),
            ("echo:busy: processing", Reply::Busy),
            ("echo:busy processing", Reply::Busy),
            ("start", Reply::Start),
            ("wait", Reply::Wait),
            ("Error:Printer halted. kill() called!", Reply::Fatal("Printer halted. kill() called!".into())),
            ("Error:checksum mismatch, Last Line: 3", Reply::Error("checksum mismatch, Last Line: 3".into())),
            ("!! Move out of range", Reply::Error("Move out of range".into())),
            ("//action:pause", Reply::Action("pause".into())),
            ("// action:cancel", Reply::Action("cancel".into())),
            ("Cap:EMERGENCY_PARSER:1", Reply::Capability { name: "EMERGENCY_PARSER".into(), enabled: true }),
            (
                "FIRMWARE_NAME:Marlin 2.1.2 (Jan 1 2023 10:00:00) SOURCE_CODE_URL:x PROTOCOL_VERSION:1.0",
                Reply::Firmware { name: "Marlin 2.1.2 (Jan 1 2023 10:00:00)".into() },
            ),
            ("echo:Unknown command: \"M999\"", Reply::Other),
            ("", Reply::Other),
        ] {
            assert_eq!(parse(line), reply, "{line:?}");
        }
    }

    #[test]
    fn garbage_never_panics() {
        let bytes = "okT:Resend:B:!!//action:Cap:::é\u{fffd}/-.0123456789 ".chars().collect::<Vec<_>>();
        let mut seed = 1u64;
        for _ in 0..20_000 {
            let mut line = String::new();
            for _ in 0..12 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                line.push(bytes[(seed >> 33) as usize % bytes.len()]);
            }
            parse(&line);
        }
    }
}
