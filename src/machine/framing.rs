//! Line numbers and checksums, as RepRap firmware has used them since 2009 (RepRap wiki, "G-code", special fields).

/// The exclusive or of all bytes before the `*`.
pub(super) fn checksum(text: &str) -> u8 {
    text.bytes().fold(0, |sum, byte| sum ^ byte)
}

/// A numbered line with its checksum, without the line ending.
pub(super) fn framed(number: u32, command: &str) -> String {
    let text = format!("N{number} {command}");
    let sum = checksum(&text);
    format!("{text}*{sum}")
}

/// What is wrong with a line that should be numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameError {
    ChecksumMismatch,
    NoChecksum,
}

/// A received line, taken apart: its number where it has one, and the command. The firmware's side of [`framed`].
pub(super) fn unframed(line: &str) -> Result<(Option<u32>, &str), FrameError> {
    let line = line.trim();
    let Some(rest) = line.strip_prefix('N') else { return Ok((None, line)) };
    let Some((text, sum)) = line.rsplit_once('*') else { return Err(FrameError::NoChecksum) };
    if sum.trim().parse() != Ok(checksum(text)) {
        return Err(FrameError::ChecksumMismatch);
    }
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let number = rest[..digits].parse().map_err(|_| FrameError::ChecksumMismatch)?;
    Ok((Some(number), text[1 + digits..].trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_opening_line_has_the_checksum_that_every_host_sends() {
        assert_eq!(framed(0, "M110 N0"), "N0 M110 N0*125");
    }

    #[test]
    fn framing_round_trips_and_refuses_damage() {
        let line = framed(17, "G1 X1.5 E0.2");
        assert_eq!(unframed(&line), Ok((Some(17), "G1 X1.5 E0.2")));
        assert_eq!(unframed("M105"), Ok((None, "M105")));
        assert_eq!(unframed(&line.replace("X1", "X2")), Err(FrameError::ChecksumMismatch));
        assert_eq!(unframed("N17 G1 X1.5"), Err(FrameError::NoChecksum));
    }
}
