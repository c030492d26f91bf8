//! What slicers say in comments between the moves.

use crate::gcode::lexer::{parse_number, trim};
use crate::toolpath::Role;

/// What a comment tells about the moves that follow.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Hint<'a> {
    /// A layer begins; its height above the plate where the comment says so.
    Layer {
        z_mm: Option<f64>,
        height_mm: Option<f64>,
    },
    /// The height of the layer above the plate.
    LayerZ(f64),
    Role(Role),
    Width(f64),
    Height(f64),
    ObjectStart(&'a [u8]),
    ObjectEnd,
    /// The part of the file that is the print begins or ends: nothing to keep.
    Nothing,
}

/// Reads a comment; `None` where it says nothing about moves.
pub(super) fn hint(comment: &[u8]) -> Option<Hint<'_>> {
    let text = trim(comment);
    // Settings are what most comments hold; none of them begins like this.
    match text.first()? {
        b'L' => {
            if text == b"LAYER_CHANGE" {
                return Some(Hint::Layer { z_mm: None, height_mm: None });
            }
            if let Some(number) = text.strip_prefix(b"LAYER:") {
                // Cura counts rafts below 0.
                return parse_number(trim(number)).map(|_| Hint::Layer { z_mm: None, height_mm: None });
            }
            number_after(text, b"LAYER_HEIGHT:")
                .map(Hint::Height)
                .or_else(|| number_after(text, b"LINE_WIDTH:").map(Hint::Width))
        }
        b'C' => (text == b"CHANGE_LAYER").then_some(Hint::Layer { z_mm: None, height_mm: None }),
        b'Z' => number_after(text, b"Z:").or_else(|| number_after(text, b"Z_HEIGHT:")).map(Hint::LayerZ),
        b'H' => number_after(text, b"HEIGHT:").map(Hint::Height),
        b'W' if text.starts_with(b"WIPE_") => Some(Hint::Nothing),
        b'W' => number_after(text, b"WIDTH:").map(Hint::Width),
        b'T' => text.strip_prefix(b"TYPE:").map(|name| Hint::Role(role_of(name).unwrap_or(Role::Custom))),
        b'F' => text.strip_prefix(b"FEATURE:").map(|name| Hint::Role(role_of(name).unwrap_or(Role::Custom))),
        b'B' => {
            let rest = text.strip_prefix(b"BEGIN_LAYER_OBJECT ")?;
            let value = |key: &[u8]| {
                let mut words = rest.split(|b| *b == b' ');
                words.find_map(|word| parse_number(word.strip_prefix(key)?))
            };
            Some(Hint::Layer { z_mm: value(b"z="), height_mm: value(b"z_thickness=") })
        }
        b'l' => {
            // Simplify3D: `layer 12, Z = 2.400`.
            let rest = text.strip_prefix(b"layer ")?;
            let (number, z) = rest.split_at(rest.iter().position(|b| *b == b',')?);
            parse_number(number)?;
            let z = trim(z.get(1..)?).strip_prefix(b"Z = ")?;
            Some(Hint::Layer { z_mm: parse_number(trim(z)), height_mm: None })
        }
        b'f' => text.strip_prefix(b"feature ").map(|name| Hint::Role(role_of(name).unwrap_or(Role::Custom))),
        b't' => {
            // Simplify3D: `tool H0.2000 W0.4000`.
            let rest = text.strip_prefix(b"tool H")?;
            let width = rest.split(|b| *b == b' ').find_map(|word| parse_number(word.strip_prefix(b"W")?))?;
            Some(Hint::Width(width))
        }
        b'\'' => {
            // KISSlicer: `'Perimeter Path', 0.3 [feed mm/s], …`.
            let rest = text.get(1..)?;
            let name = rest.get(..rest.iter().position(|b| *b == b'\'')?)?;
            role_of(name).map(Hint::Role)
        }
        b'p' => {
            let rest = text.strip_prefix(b"printing object ")?;
            let end = find(rest, b" id:").unwrap_or(rest.len());
            Some(Hint::ObjectStart(trim(rest.get(..end)?)))
        }
        b's' => text.starts_with(b"stop printing object").then_some(Hint::ObjectEnd),
        _ => None,
    }
}

/// The feature that a name stands for, in any slicer's words; `None` where it is not known.
pub(super) fn role_of(name: &[u8]) -> Option<Role> {
    let name = trim(name);
    if name.len() > 40 {
        return None;
    }
    let lower: Vec<u8> =
        name.iter().map(|b| if *b == b'-' || *b == b'_' { b' ' } else { b.to_ascii_lowercase() }).collect();
    Some(match lower.as_slice() {
        // PrusaSlicer, Slic3r | OrcaSlicer, BambuStudio | Cura, ideaMaker | Simplify3D | KISSlicer
        b"external perimeter" | b"outer wall" | b"wall outer" | b"outer perimeter" | b"perimeter path" => {
            Role::ExternalPerimeter
        }
        b"perimeter" | b"inner wall" | b"wall inner" | b"inner perimeter" | b"loop path" => Role::Perimeter,
        b"overhang perimeter" | b"overhang wall" => Role::OverhangPerimeter,
        b"gap fill" | b"gap infill" | b"single extrusion" | b"thin wall" => Role::GapFill,
        b"internal infill"
        | b"infill"
        | b"sparse infill"
        | b"fill"
        | b"sparse infill path"
        | b"stacked sparse infill path" => Role::InternalInfill,
        b"solid infill"
        | b"internal solid infill"
        | b"bottom surface"
        | b"skin"
        | b"solid layer"
        | b"solid path"
        | b"solid fill"
        | b"bottom skin" => Role::SolidInfill,
        b"top solid infill" | b"top surface" | b"top skin" | b"crown path" => Role::TopSolidInfill,
        b"ironing" => Role::Ironing,
        b"bridge infill" | b"bridge" | b"internal bridge" | b"internal bridge infill" => Role::BridgeInfill,
        b"skirt" | b"skirt/brim" | b"skirt path" => Role::Skirt,
        b"brim" | b"raft" => Role::Brim,
        b"support material" | b"support" | b"support transition" | b"support (may be stacked) path" => {
            Role::SupportMaterial
        }
        b"support material interface" | b"support interface" | b"dense support" | b"support interface path" => {
            Role::SupportMaterialInterface
        }
        b"custom" | b"wipe tower" | b"prime tower" | b"prime pillar" | b"prime pillar path" => Role::Custom,
        _ => return None,
    })
}

fn number_after(text: &[u8], key: &[u8]) -> Option<f64> {
    parse_number(trim(text.strip_prefix(key)?))
}

/// Where `needle` begins in `text`.
pub(super) fn find(text: &[u8], needle: &[u8]) -> Option<usize> {
    text.windows(needle.len().max(1)).position(|window| window == needle)
}
