//! Height ranges as PrusaSlicer, OrcaSlicer and Bambu Studio put them beside the model: layer heights between two heights
//! of an object. Other options of a range are not read.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::super::{Cause, LayerRange};
use super::package::{Guarded, has_dtd, not_xml};

/// Where they are found; the first of these counts.
pub(super) const PARTS: [&str; 2] =
    ["Metadata/Prusa_Slicer_layer_config_ranges.xml", "Metadata/layer_config_ranges.xml"];

/// Ranges of one file, at most.
const MOST_RANGES: usize = 10_000;

/// What was read of a file's ranges.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Ranges {
    /// By the number of the object in the file, counted from 1.
    pub of_object: BTreeMap<u32, Vec<LayerRange>>,
    /// Whether ranges have options that are not read.
    pub has_others: bool,
}

/// Reads the part.
pub(super) fn read(reader: &mut Guarded<'_>, part: &str) -> Result<Ranges, Cause> {
    let mut xml = Reader::from_reader(reader);
    let mut buffer = Vec::new();
    let mut ranges = Ranges::default();
    let (mut object, mut span, mut is_height, mut count) = (None, None, false, 0);
    loop {
        match xml.read_event_into(&mut buffer).map_err(not_xml)? {
            Event::Start(e) => match e.local_name().as_ref() {
                b"object" => object = number(&e, "id")?.map(|id| id as u32),
                b"range" => span = number(&e, "min_z")?.zip(number(&e, "max_z")?),
                b"option" => {
                    let key = e.try_get_attribute("opt_key").map_err(|e| Cause::Invalid(e.to_string()))?;
                    let key = key.map(|a| a.value.into_owned()).unwrap_or_default();
                    is_height = key == b"layer_height";
                    // PrusaSlicer always writes the extruder.
                    ranges.has_others |= !is_height && key != b"extruder";
                }
                _ => {}
            },
            Event::Text(text) if is_height => {
                let height = std::str::from_utf8(&text).ok().and_then(|t| t.trim().parse::<f64>().ok());
                if let (Some(object), Some((from_mm, to_mm)), Some(layer_height_mm)) = (object, span, height) {
                    count += 1;
                    if count > MOST_RANGES {
                        return Err(Cause::Invalid(format!("it has more than {MOST_RANGES} height ranges")));
                    }
                    let range = LayerRange { from_mm, to_mm, layer_height_mm };
                    ranges.of_object.entry(object).or_default().push(range);
                }
            }
            Event::End(_) => is_height = false,
            Event::DocType(_) => return Err(has_dtd(part)),
            Event::Eof => return Ok(ranges),
            _ => {}
        }
        buffer.clear();
    }
}

fn number(e: &BytesStart, name: &str) -> Result<Option<f64>, Cause> {
    let found = e.try_get_attribute(name).map_err(|e| Cause::Invalid(e.to_string()))?;
    Ok(found.and_then(|a| std::str::from_utf8(&a.value).ok()?.trim().parse().ok()))
}
