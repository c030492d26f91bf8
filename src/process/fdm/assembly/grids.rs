//! Objects whose layers end at different heights: which of the print's layers is whose, and which follow each other.

use std::ops::Range;

use super::{PlannedObject, PrintLayer, SAME_HEIGHT_MM};

/// Says for each print layer which objects stand around it in the middle of a layer of theirs: ways keep clear of them.
pub(super) fn look_beside(layers: &mut [PrintLayer], objects: &[PlannedObject]) {
    let mut has_part = vec![false; objects.len()];
    for layer in layers.iter_mut().filter(|layer| layer.parts.len() < objects.len()) {
        layer.parts.iter().for_each(|&(o, _)| has_part[o] = true);
        for (o, object) in objects.iter().enumerate().filter(|(o, _)| !has_part[*o]) {
            let walls = object.perimeters;
            let l = walls.partition_point(|w| w.span.top_mm < layer.z_mm - SAME_HEIGHT_MM);
            if walls.get(l).is_some_and(|w| w.span.bottom_mm < layer.z_mm - SAME_HEIGHT_MM) {
                layer.beside.push((o, l));
            }
        }
        layer.parts.iter().for_each(|&(o, _)| has_part[o] = false);
    }
}

/// How many layers lie below each print layer, of the object on it that has the fewest: the count by which the fan starts.
pub(super) fn numbers(layers: &[PrintLayer], objects: &[PlannedObject]) -> Vec<usize> {
    // Of each object its lowest layer, and how many layers of raft are below it.
    let lowest: Vec<(usize, usize)> = objects
        .iter()
        .map(|object| {
            let first = object.perimeters.iter().position(|l| !l.islands.is_empty()).unwrap_or(0);
            let bottom_mm = object.perimeters.get(first).map_or(0.0, |l| l.span.bottom_mm);
            (first, object.support.partition_point(|s| s.top_mm <= bottom_mm + SAME_HEIGHT_MM))
        })
        .collect();
    let own = |(o, l): (usize, usize)| l.saturating_sub(lowest[o].0) + lowest[o].1;
    let number = |(i, layer): (usize, &PrintLayer)| {
        let parts = layer.parts.iter().map(|&part| own(part));
        let supports = layer.supports.iter().map(|&(_, l)| l);
        // Layers without roads are no layers.
        parts.chain(supports).min().unwrap_or(i).min(i)
    };
    layers.iter().enumerate().map(number).collect()
}

/// For each print layer those that are printed before something is laid on it: layers of other objects. Empty where there is
/// only one grid, and above the last layer of an object.
pub(super) fn meanwhile(layers: &[PrintLayer]) -> Vec<Range<usize>> {
    let of = |layer: &PrintLayer| {
        let mut objects: Vec<usize> = layer.parts.iter().chain(&layer.supports).map(|(o, _)| *o).collect();
        objects.sort_unstable();
        objects
    };
    let objects: Vec<Vec<usize>> = layers.iter().map(of).collect();
    let next = |i: usize| {
        let is_on = |other: &Vec<usize>| other.iter().any(|o| objects[i].binary_search(o).is_ok());
        let above = objects[i + 1..].iter().position(is_on).unwrap_or(0);
        i + 1..i + 1 + above
    };
    (0..layers.len()).map(next).collect()
}
