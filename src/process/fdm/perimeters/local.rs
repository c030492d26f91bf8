//! Walls of changing width only around the places that walls of full width leave out: elsewhere those stay.
//!
//! The island is cut down to a window around those places, wide enough that the cut does not show in the middle of it,
//! and planned as any other. What lies in the middle takes the place of the walls of full width there, which pass over
//! into it where both have the same roads. Where an end finds no other end, nothing comes of it, and the whole island is
//! planned.

use super::paths::Spot;
use super::whole::{self, Whole};
use super::{Roads, variable};
use crate::geometry::{EdgeGrid, Join, Point, Region, Ring};
use crate::process::fdm::stages::{PerimeterIsland, VariableRoad, Wall};
use crate::toolpath::Role;

/// Ends up to this far from each other are one place, mm.
const SAME_END_MM: f64 = 0.03;
/// Where the windows have more than this share of the island's outline, cutting saves nothing.
const MOST: f64 = 0.6;

/// The walls of an island whose walls of full width leave out `lost`; `None` where they are better planned all at once.
pub(super) fn plan(island: &PerimeterIsland, lost: &Region, roads: &Roads) -> Option<(Vec<Wall>, Vec<VariableRoad>)> {
    // Roads swing to other places, and the runs of one count settle, this far from where the thickness asks for it.
    let settled_mm = variable::shortest_run_mm(roads) + 0.5 * roads.transition_mm;
    let window_mm = roads.whole_depth_mm() + settled_mm;
    let cut_mm = window_mm + variable::reach_mm(roads) + settled_mm;
    let area = Region::from(&island.outline);
    let around = lost.offset(cut_mm, Join::Square);
    let length_mm = |region: &Region| region.rings.iter().map(Ring::length_mm).sum::<f64>();
    let near = area.intersection(&around);
    if length_mm(&near) > MOST * length_mm(&area) {
        return None;
    }
    let window = EdgeGrid::new(&lost.offset(window_mm, Join::Square));
    let mut out = (Vec::new(), Vec::new());
    let (mut inner, mut outer) = (Vec::new(), Vec::new());
    for wall in &island.walls {
        let run = Run::of_wall(wall);
        match run.within(&window, false) {
            Some(pieces) => outer.extend(pieces),
            None => out.0.push(wall.clone()),
        }
    }
    for piece in near.islands() {
        let (walls, variable) = variable::plan(&piece, roads)?;
        for wall in walls {
            match Run::of_wall(&wall).within(&window, true) {
                Some(pieces) => inner.extend(pieces),
                None => out.0.push(wall),
            }
        }
        for road in variable {
            match Run::of_road(&road).within(&window, true) {
                Some(pieces) => inner.extend(pieces),
                None => out.1.push(road),
            }
        }
    }
    join(inner, outer, &mut out)?;
    Some(out)
}

/// A part of a road.
struct Run {
    role: Role,
    /// Not known of roads of changing width.
    depth: Option<usize>,
    points: Vec<(Point, f64)>,
    /// Whether it was cut where it begins and where it ends.
    cut: [bool; 2],
}

impl Run {
    /// A closed wall, from a point of it to the same.
    fn of_wall(wall: &Wall) -> Self {
        let width = |i: usize| wall.widths_mm.get(i).copied().unwrap_or(wall.width_mm);
        let mut points: Vec<(Point, f64)> = wall.path.0.iter().enumerate().map(|(i, &p)| (p, width(i))).collect();
        points.extend(points.first().copied());
        Self { role: wall.role, depth: Some(wall.depth), points, cut: [false; 2] }
    }

    fn of_road(road: &VariableRoad) -> Self {
        let points = road.points.iter().copied().zip(road.widths_mm.iter().copied()).collect();
        Self { role: road.role, depth: None, points, cut: [false; 2] }
    }

    /// What of it lies inside or outside of the window; `None` where all of it does.
    fn within(self, window: &EdgeGrid, inside: bool) -> Option<Vec<Run>> {
        let mut pieces: Vec<Run> = Vec::new();
        let is_kept = |a: Point, b: Point| window.contains(a.towards(b, 0.5)) == inside;
        let piece = |points, cut| Run { role: self.role, depth: self.depth, points, cut };
        let mut open: Option<Run> = None;
        let (mut is_first, mut is_whole) = (true, true);
        let mut kept = false;
        for pair in self.points.windows(2) {
            let ((a, from), (b, to)) = (pair[0], pair[1]);
            let crossings = window.crossings(a, b);
            let ends = crossings.iter().map(|c| c.at).filter(|at| (1e-9..1.0 - 1e-9).contains(at)).chain([1.0]);
            let mut last = (a, from);
            for at in ends {
                let next = if at == 1.0 { (b, to) } else { (a.towards(b, at), from + (to - from) * at) };
                if is_first || !crossings.is_empty() {
                    kept = is_kept(last.0, next.0);
                }
                is_whole &= kept;
                match &mut open {
                    Some(run) if kept => run.points.push(next),
                    None if kept => open = Some(piece(vec![last, next], [!is_first, false])),
                    Some(run) => {
                        run.cut[1] = true;
                        pieces.extend(open.take());
                    }
                    None => {}
                }
                (last, is_first) = (next, false);
            }
        }
        if is_whole {
            return None;
        }
        let is_closed = self.points.first().map(|p| p.0) == self.points.last().map(|p| p.0);
        let beginning = pieces.first_mut().filter(|first| is_closed && !first.cut[0]);
        match (beginning, open) {
            // What goes over the place where a closed road began is one piece.
            (Some(first), Some(mut last)) => {
                last.points.extend(first.points.drain(..).skip(1));
                last.cut[1] = first.cut[1];
                *first = last;
            }
            // The window's border may pass through that very place.
            (Some(first), None) => first.cut[0] = true,
            (None, Some(mut last)) => {
                last.cut[1] |= is_closed;
                pieces.push(last);
            }
            (None, None) => {}
        }
        Some(pieces)
    }
}

/// Joins each end in the window to the end of a wall of full width that goes on there. `None` where one of either is left.
fn join(inner: Vec<Run>, outer: Vec<Run>, out: &mut (Vec<Wall>, Vec<VariableRoad>)) -> Option<()> {
    let runs: Vec<Run> = inner.into_iter().chain(outer).collect();
    let place = |i: usize, side: usize| if side == 0 { runs[i].points.first() } else { runs[i].points.last() };
    let mut next: Vec<Option<usize>> = vec![None; runs.len()];
    let mut before = vec![false; runs.len()];
    let mut pairs: Vec<(f64, usize, usize)> = Vec::new();
    for i in (0..runs.len()).filter(|&i| runs[i].cut[1]) {
        for j in (0..runs.len()).filter(|&j| runs[j].cut[0] && runs[j].role == runs[i].role) {
            // A wall of full width goes on in the window, and what is in the window goes on as one.
            let distance_mm = place(i, 1)?.0.distance_mm(place(j, 0)?.0);
            if distance_mm <= SAME_END_MM {
                pairs.push((distance_mm, i, j));
            }
        }
    }
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    for (_, i, j) in pairs {
        if next[i].is_none() && !before[j] {
            (next[i], before[j]) = (Some(j), true);
        }
    }
    let is_joined = |i: usize| (next[i].is_some() == runs[i].cut[1]) && (before[i] == runs[i].cut[0]);
    if !(0..runs.len()).all(is_joined) {
        return None;
    }
    for (chain, is_closed) in whole::chains(&next) {
        let mut spots: Vec<Spot> = Vec::new();
        for &at in &chain {
            let skip = usize::from(!spots.is_empty());
            let points = runs[at].points.iter().skip(skip);
            spots.extend(points.map(|&(p, width_mm)| Spot { at: p.to_mm(), width_mm }));
        }
        let role = runs[chain[0]].role;
        let depth = chain.iter().find_map(|&at| runs[at].depth);
        let depth = depth.unwrap_or(usize::from(role != Role::ExternalPerimeter));
        Whole { role, depth, spots, is_closed }.put(out);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_wall_is_cut_where_it_begins_too() {
        let at = |x: f64, y: f64| (Point::from_mm(x, y), 0.45);
        let points = vec![at(0.0, 0.0), at(5.0, 0.0), at(5.0, 5.0), at(-5.0, 5.0), at(-5.0, 0.0), at(0.0, 0.0)];
        // Its border passes through the wall's first point, and through the middle of the side beyond.
        let bounds = crate::geometry::Bounds { min: Point::from_mm(0.0, -9.0), max: Point::from_mm(9.0, 9.0) };
        let window = EdgeGrid::new(&Region::rectangle(bounds));
        for is_inside in [true, false] {
            let role = Role::ExternalPerimeter;
            let run = Run { role, depth: Some(0), points: points.clone(), cut: [false; 2] };
            let pieces = run.within(&window, is_inside).unwrap();
            assert_eq!(pieces.iter().map(|piece| piece.cut).collect::<Vec<_>>(), [[true; 2]], "inside: {is_inside}");
        }
    }
}
