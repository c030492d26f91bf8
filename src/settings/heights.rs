//! Layer heights by height, written as text: `0-5: 0.1, 12-20: 0.3`.

/// A layer height between two heights of an object, mm above its base.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeightRange {
    pub from_mm: f64,
    pub to_mm: f64,
    pub layer_height_mm: f64,
}

/// Layer heights are in these bounds, as that of a recipe.
const LAYER_HEIGHTS_MM: std::ops::RangeInclusive<f64> = 0.01..=2.0;

/// Reads ranges, in any order; gives them ascending. Fails with a sentence on the range that is none, or overlaps another.
pub fn parse_height_ranges(text: &str) -> Result<Vec<HeightRange>, String> {
    let mut ranges = Vec::new();
    for entry in text.split([',', ';']).map(str::trim).filter(|entry| !entry.is_empty()) {
        ranges.push(range(entry)?);
    }
    ranges.sort_by(|a, b| a.from_mm.total_cmp(&b.from_mm));
    match ranges.windows(2).find(|pair| pair[1].from_mm < pair[0].to_mm) {
        Some([a, b]) => Err(format!("the ranges {}-{} and {}-{} overlap", a.from_mm, a.to_mm, b.from_mm, b.to_mm)),
        _ => Ok(ranges),
    }
}

/// Writes ranges so that [`parse_height_ranges`] reads them again.
pub fn format_height_ranges(ranges: &[HeightRange]) -> String {
    let text = |r: &HeightRange| format!("{}-{}: {}", r.from_mm, r.to_mm, r.layer_height_mm);
    ranges.iter().map(text).collect::<Vec<_>>().join(", ")
}

fn range(entry: &str) -> Result<HeightRange, String> {
    let read = || {
        let (ends, height) = entry.split_once([':', '='])?;
        let (from, to) = ends.split_once("..").or_else(|| ends.split_once('-'))?;
        Some(HeightRange { from_mm: mm(from)?, to_mm: mm(to)?, layer_height_mm: mm(height)? })
    };
    let wrong = "is no range: write the two heights and the layer height in mm, such as 0-5: 0.1";
    let range = read().ok_or_else(|| format!("`{entry}` {wrong}"))?;
    if range.from_mm >= range.to_mm {
        return Err(format!("`{entry}` ends where it begins or below: write the lower height first"));
    }
    if !LAYER_HEIGHTS_MM.contains(&range.layer_height_mm) {
        let (least, most) = (LAYER_HEIGHTS_MM.start(), LAYER_HEIGHTS_MM.end());
        return Err(format!("the layers of `{entry}` must be from {least} mm to {most} mm high"));
    }
    Ok(range)
}

/// A height from 0 up, with or without its unit.
fn mm(text: &str) -> Option<f64> {
    let text = text.trim();
    text.strip_suffix("mm").unwrap_or(text).trim().parse().ok().filter(|mm: &f64| mm.is_finite() && *mm >= 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_in_any_spelling_and_order() {
        let r = |from_mm, to_mm, layer_height_mm| HeightRange { from_mm, to_mm, layer_height_mm };
        for (text, expected) in [
            ("", vec![]),
            ("0-5: 0.1", vec![r(0.0, 5.0, 0.1)]),
            ("12..20=0.3; 0 - 5 mm: 0.1 mm", vec![r(0.0, 5.0, 0.1), r(12.0, 20.0, 0.3)]),
            ("5-10:0.2,0-5:0.1,", vec![r(0.0, 5.0, 0.1), r(5.0, 10.0, 0.2)]),
        ] {
            assert_eq!(parse_height_ranges(text).unwrap(), expected, "{text}");
            assert_eq!(parse_height_ranges(&format_height_ranges(&expected)).unwrap(), expected);
        }
        for (text, words) in [
            ("5", "is no range"),
            ("0-5", "0-5: 0.1"),
            ("a-b:c", "is no range"),
            ("0-inf:0.1", "is no range"),
            ("0-NaN:0.1", "is no range"),
            ("NaN-5:0.1", "is no range"),
            ("0-5:nan", "is no range"),
            ("-3-5:0.1", "is no range"),
            ("5-0:0.1", "the lower height first"),
            ("5-5:0.1", "the lower height first"),
            ("0-5:0", "from 0.01 mm to 2 mm"),
            ("0-5:9", "from 0.01 mm to 2 mm"),
            ("0-5:0.1,4-6:0.2", "0-5 and 4-6 overlap"),
        ] {
            let error = parse_height_ranges(text).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
