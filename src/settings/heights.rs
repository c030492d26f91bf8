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
        ranges.push(range(entry).ok_or_else(|| {
            format!("`{entry}` is no range: write the two heights and the layer height in mm, such as 0-5: 0.1")
        })?);
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

fn range(entry: &str) -> Option<HeightRange> {
    let (ends, height) = entry.split_once([':', '='])?;
    let (from, to) = ends.split_once("..").or_else(|| ends.split_once('-'))?;
    let mm = |text: &str| {
        let text = text.trim();
        text.strip_suffix("mm").unwrap_or(text).trim().parse::<f64>().ok().filter(|mm| mm.is_finite() && *mm >= 0.0)
    };
    let range = HeightRange { from_mm: mm(from)?, to_mm: mm(to)?, layer_height_mm: mm(height)? };
    (range.from_mm < range.to_mm && LAYER_HEIGHTS_MM.contains(&range.layer_height_mm)).then_some(range)
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
        for text in ["5", "0-5", "5-0:0.1", "0-5:0", "0-5:9", "a-b:c", "0-inf:0.1", "0-5:0.1,4-6:0.2", "-3-5:0.1"] {
            assert!(parse_height_ranges(text).is_err(), "{text}");
        }
    }
}
