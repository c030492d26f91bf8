//! Trees: branches that grow down from under the overhangs, meet, and go around the object.
//!
//! Overhangs are sampled with tips a distance apart. Level by level every branch then takes a step: towards its nearest
//! neighbour, so that branches meet and go on as one thicker branch (Vanek, Galicia, Beneš 2014, "Clever Support"; Schmidt
//! and Umetani 2014, "Branching Support Structures"), away from the object where it is near, and always to a place from
//! which the build plate can still be reached where there is one ([`Field`]). A branch without such a place goes down to
//! the object, if it may. One that ends elsewhere is taken back as far as its tips, so none begins in the air.

use crate::geometry::{Bounds, EdgeGrid, Point, Region, Ring, UNITS_PER_MM};
use rayon::prelude::*;

use crate::progress::{Canceled, Progress};
use crate::settings::{Settings, SupportStyle};

use super::clearance::Surroundings;
use super::field::Field;

/// What decides over the shape of trees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TreeSettings {
    /// Steepest lean, from the vertical.
    pub angle_rad: f64,
    pub tip_radius_mm: f64,
    pub branch_radius_mm: f64,
    /// Between a branch's axis and its side.
    pub taper_rad: f64,
    /// Between tips.
    pub tip_distance_mm: f64,
    /// Branches are smoothed once they have grown.
    pub smooth: bool,
}

impl From<&Settings> for TreeSettings {
    fn from(s: &Settings) -> Self {
        let branch_radius_mm = 0.5 * s.support_tree_branch_diameter;
        Self {
            angle_rad: s.support_tree_angle.to_radians(),
            tip_radius_mm: (0.5 * s.support_tree_tip_diameter).min(branch_radius_mm),
            branch_radius_mm,
            taper_rad: s.support_tree_branch_diameter_angle.to_radians(),
            tip_distance_mm: s.support_tree_branch_distance,
            smooth: s.support_material_style == SupportStyle::Organic,
        }
    }
}

/// Trunks are at most so many times as thick as branches.
const THICKEST: f64 = 3.0;
/// Tips become branches within a cone of this slope, mm per mm.
const TIP_TAPER: f64 = 0.18;
/// Branches further apart do not look for each other, mm.
const FARTHEST_MM: f64 = 12.0;
/// Directions tried where the wanted one is not free.
const DIRECTIONS: usize = 16;
/// Corners of a branch's outline.
const CORNERS: usize = 20;
/// A branch may become thicker upwards by this, mm per mm.
const WIDENING: f64 = 0.7;
/// Bends of branches are spread over about this much of their length, mm.
const SMOOTH_MM: f64 = 1.5;
/// At most so many passes of smoothing.
const MOST_SMOOTHINGS: usize = 200;
/// Room beyond a branch's radius that is looked for, mm: it seldom moves further.
const FAR_ENOUGH_MM: f64 = 2.0;
/// An overhang is carried as far as this many tip distances around a tip.
const SERVED: f64 = 1.3;
/// Branches this close together, as a share of a step, are one.
const MET: f64 = 0.2;

/// A branch in one level.
#[derive(Clone, Copy, Debug)]
struct Node {
    level: usize,
    at: Point,
    radius_mm: f64,
    /// Number of tips that it carries.
    tips: f64,
    /// The same branch in the level below; itself while it is not known, and where it ends.
    below: Option<usize>,
    /// May end here.
    ends: bool,
}

/// A place of an overhang and the node that carries it.
struct Tip {
    contact: usize,
    at: Point,
    node: usize,
}

/// What trees fill in each level.
pub(super) struct Trees {
    /// Branches and the roofs on them.
    pub areas: Vec<Region>,
    /// The part of what each level was to carry that is carried.
    pub contacts: Vec<Region>,
}

/// Grows trees under what each level carries itself. `roofs` is the number of levels right under an overhang that are
/// filled as a roof on the tips.
pub(super) fn trees(
    around: &Surroundings,
    contacts: &[Region],
    forbidden: &[Region],
    bounds: &Bounds,
    tree: &TreeSettings,
    progress: &Progress,
) -> Result<Trees, Canceled> {
    let heights: Vec<f64> = around.levels.iter().map(|l| l.height_mm()).collect();
    let steps_mm: Vec<f64> = heights.iter().map(|h| h * tree.angle_rad.tan()).collect();
    let field = Field::new(forbidden, bounds, tree.tip_radius_mm, &steps_mm, progress)?;
    let grids: Vec<EdgeGrid> = forbidden.par_iter().map(EdgeGrid::new).collect();
    let roofs = around.settings.interface_layers;
    let mut grower =
        Grower { around, tree, field, grids, heights, steps_mm, nodes: Vec::new(), tips: Vec::new(), roofs };
    grower.grow(contacts, progress)?;
    let lives = grower.alive();
    grower.nodes_settled(&lives);
    if tree.smooth {
        grower.smooth(&lives, progress)?;
    }
    grower.limit_radii(&lives);
    let served = grower.served(contacts, &lives);
    let areas = (0..forbidden.len())
        .into_par_iter()
        .map(|level| {
            progress.check()?;
            Ok(grower.area(level, &lives, &served).difference(&forbidden[level]))
        })
        .collect::<Result<_, Canceled>>()?;
    Ok(Trees { areas, contacts: served })
}

struct Grower<'a> {
    around: &'a Surroundings<'a>,
    tree: &'a TreeSettings,
    field: Field,
    grids: Vec<EdgeGrid>,
    heights: Vec<f64>,
    /// Farthest step from each level to the one below.
    steps_mm: Vec<f64>,
    nodes: Vec<Node>,
    tips: Vec<Tip>,
    roofs: usize,
}

impl Grower<'_> {
    /// Whether a tip's width is free around a place.
    fn is_free(&self, level: usize, p: Point) -> bool {
        self.has_room(level, p, self.tree.tip_radius_mm)
    }

    fn has_room(&self, level: usize, p: Point, radius_mm: f64) -> bool {
        let grid = &self.grids[level];
        grid.nearest(p, radius_mm).is_none() && !grid.contains(p)
    }

    /// Least radius of a branch that lands in a narrow place of the object.
    fn landing_radius_mm(&self) -> f64 {
        self.tree.tip_radius_mm.min(0.6 * self.around.settings.width_mm)
    }

    /// Goes from the highest level to the plate.
    fn grow(&mut self, contacts: &[Region], progress: &Progress) -> Result<(), Canceled> {
        let mut active: Vec<usize> = Vec::new();
        for level in (0..contacts.len()).rev() {
            progress.check()?;
            progress.advance(1);
            active = self.descend(level, &active);
            // The tips of roofs that are `roofs` levels thick begin below them.
            let lowest_roof = self.roofs.max(1) - 1;
            if let Some(contact) = contacts.get(level + lowest_roof) {
                self.sprout(level, level + lowest_roof, contact, &mut active);
            }
            if level == 0 {
                // Roofs so near to the plate stand on it.
                for (low, contact) in contacts.iter().enumerate().take(lowest_roof) {
                    self.sprout(0, low, contact, &mut active);
                }
            }
        }
        for &node in &active {
            self.nodes[node].ends = true;
        }
        Ok(())
    }

    /// New tips under an overhang, where no branch is near already.
    fn sprout(&mut self, level: usize, contact: usize, area: &Region, active: &mut Vec<usize>) {
        if area.is_empty() {
            return;
        }
        let near_mm = 0.7 * self.tree.tip_distance_mm;
        let mut known = Near::new(near_mm);
        for &node in active.iter() {
            known.insert(self.nodes[node].at, node);
        }
        for at in samples(area, self.tree.tip_distance_mm, self.tree.tip_radius_mm) {
            if let Some(node) = known.nearest(at, near_mm) {
                self.tips.push(Tip { contact, at, node });
                continue;
            }
            let Some(place) = self.place_for_tip(level, at) else { continue };
            let node = self.nodes.len();
            let radius_mm = self.tree.tip_radius_mm;
            self.nodes.push(Node { level, at: place, radius_mm, tips: 1.0, below: None, ends: false });
            self.tips.push(Tip { contact, at, node });
            known.insert(place, node);
            active.push(node);
        }
    }

    /// Where a tip for this place fits: there, or a little beside it; rather where the plate can be reached.
    fn place_for_tip(&self, level: usize, at: Point) -> Option<Point> {
        let reach = 0.5 * self.tree.tip_distance_mm;
        let beside = [0.25, 0.5, 1.0].into_iter().flat_map(|share| at.circle(share * reach, 8));
        let free: Vec<Point> = std::iter::once(at).chain(beside).filter(|&p| self.is_free(level, p)).collect();
        if free.is_empty() {
            return Some(at).filter(|&p| self.has_room(level, p, self.landing_radius_mm()));
        }
        let mut best: Option<(f64, Point)> = None;
        for p in free {
            let distance = self.field.distance_mm(level, p);
            if best.is_none_or(|(least, _)| distance < least) {
                best = Some((distance, p));
            }
            if distance <= 0.0 {
                break;
            }
        }
        best.map(|(_, p)| p)
    }

    /// Takes all branches from the level above into this one.
    fn descend(&mut self, level: usize, above: &[usize]) -> Vec<usize> {
        if above.is_empty() {
            return Vec::new();
        }
        let step = self.steps_mm[level + 1];
        let height = self.heights[level + 1];
        let pulls = self.pulls(above, step);
        let places: Vec<Option<Point>> = above
            .par_iter()
            .zip(&pulls)
            .map(|(&node, pull)| self.next_place(level, &self.nodes[node], *pull, step))
            .collect();
        let mut active: Vec<usize> = Vec::new();
        let mut met = Near::new((MET * step).max(0.005));
        for (&node, place) in above.iter().zip(places) {
            let Some(at) = place else {
                self.nodes[node].ends = true;
                continue;
            };
            let of = self.nodes[node];
            let radius_mm = self.grown(&of, height);
            if let Some(other) = met.nearest(at, (MET * step).max(0.005)) {
                let trunk = &mut self.nodes[other];
                trunk.radius_mm = trunk.radius_mm.max(radius_mm);
                trunk.tips += of.tips;
                self.nodes[node].below = Some(other);
                continue;
            }
            let next = self.nodes.len();
            self.nodes.push(Node { level, at, radius_mm, tips: of.tips, below: None, ends: false });
            self.nodes[node].below = Some(next);
            met.insert(at, next);
            active.push(next);
        }
        active
    }

    /// The radius of a branch so much further down. Where branches have met, the one that goes on comes to a thickness
    /// whose third power is the sum of theirs (Murray 1926, "The Physiological Principle of Minimum Work"), which its
    /// resistance to bending grows faster than; it does so within the cone of a tip, without a step.
    fn grown(&self, node: &Node, height_mm: f64) -> f64 {
        let tree = self.tree;
        let thickest = THICKEST * tree.branch_radius_mm;
        let wanted = (tree.branch_radius_mm * node.tips.cbrt()).min(thickest);
        let taper = if node.radius_mm < wanted { TIP_TAPER } else { tree.taper_rad.tan() };
        (node.radius_mm + taper * height_mm).min(thickest).max(node.radius_mm)
    }

    /// For each branch the step towards its nearest neighbour, mm: the one that carries less comes further.
    fn pulls(&self, active: &[usize], step_mm: f64) -> Vec<[f64; 2]> {
        let mut by_x: Vec<usize> = (0..active.len()).collect();
        let place = |i: usize| self.nodes[active[i]].at;
        by_x.sort_by_key(|&i| (place(i), i));
        let mut pulls = vec![[0.0; 2]; active.len()];
        for (rank, &i) in by_x.iter().enumerate() {
            let at = place(i);
            // They must be able to meet above the plate.
            let of = &self.nodes[active[i]];
            let room_mm = self.around.levels[of.level].bottom_mm - self.around.levels[0].bottom_mm;
            let mut reach = FARTHEST_MM.min(2.0 * room_mm * self.tree.angle_rad.tan());
            let mut nearest: Option<usize> = None;
            let mut look = |&j: &usize| {
                let dx = f64::from(place(j).x.abs_diff(at.x)) / UNITS_PER_MM;
                if dx > reach {
                    return false;
                }
                let distance = at.distance_mm(place(j));
                if distance < reach || (distance == reach && nearest.is_some_and(|n| j < n)) {
                    reach = distance;
                    nearest = Some(j);
                }
                true
            };
            by_x[rank + 1..].iter().take_while(|j| look(j)).for_each(drop);
            by_x[..rank].iter().rev().take_while(|j| look(j)).for_each(drop);
            let Some(other) = nearest.filter(|_| reach > 0.0) else { continue };
            let weight = self.nodes[active[other]].tips;
            let share = weight / (weight + of.tips);
            let length = (2.0 * share * step_mm).min(step_mm).min(share * reach);
            let [x, y] = at.to_mm();
            let [ox, oy] = place(other).to_mm();
            pulls[i] = [(ox - x) / reach * length, (oy - y) / reach * length];
        }
        pulls
    }

    /// Where a branch of the level above goes on in this one; `None` where it cannot.
    fn next_place(&self, level: usize, node: &Node, pull: [f64; 2], step_mm: f64) -> Option<Point> {
        let mut wanted = pull;
        // Away from the object where there is no room for the branch's width.
        let radius_mm = self.grown(node, self.heights[level + 1]);
        if let Some(near) = self.grids[level].nearest(node.at, radius_mm)
            && near.distance_mm > 1e-6
            && !self.grids[level].contains(node.at)
        {
            let ([x, y], [ox, oy]) = (node.at.to_mm(), near.point.to_mm());
            let away = (radius_mm - near.distance_mm).min(step_mm) / near.distance_mm;
            wanted = [wanted[0] + (x - ox) * away, wanted[1] + (y - oy) * away];
        }
        let length = wanted[0].hypot(wanted[1]);
        let scale = if length > step_mm { step_mm / length } else { 1.0 };
        let moved = |share: f64| {
            let [x, y] = node.at.to_mm();
            Point::from_mm(x + share * scale * wanted[0], y + share * scale * wanted[1])
        };
        let mut best: Option<(f64, Point)> = None;
        let was_safe = self.field.distance_mm(level + 1, node.at) <= 0.0;
        let preferred = [moved(1.0), moved(0.5), node.at];
        let beside = [1.0, 0.5].into_iter().flat_map(|share| node.at.circle(share * step_mm, DIRECTIONS));
        for (i, p) in preferred.into_iter().chain(beside).enumerate() {
            if !self.is_free(level, p) {
                continue;
            }
            let distance = self.field.distance_mm(level, p);
            // One that cannot reach the plate goes down straight, as far as it is free.
            if distance <= 0.0 || (!was_safe && i >= 2 && best.is_some()) {
                return Some(if distance <= 0.0 { p } else { best.map_or(p, |(_, p)| p) });
            }
            if best.is_none_or(|(least, _)| distance < least) {
                best = Some((distance, p));
            }
        }
        if best.is_some() || self.around.settings.plate_only {
            return best.map(|(_, p)| p);
        }
        // Into a hole too narrow for a tip, thinner.
        preferred.into_iter().rev().find(|&p| self.has_room(level, p, self.landing_radius_mm()))
    }

    /// Which nodes stand on something: their branch ends on the plate, or on the object where it may.
    fn alive(&self) -> Vec<bool> {
        let mut alive = vec![false; self.nodes.len()];
        // Nodes are made from the top down, so that what is below comes later.
        for (i, node) in self.nodes.iter().enumerate().rev() {
            alive[i] = match node.below {
                Some(below) => alive[below],
                None => node.level == 0 || self.stands_on_object(node),
            };
        }
        alive
    }

    fn stands_on_object(&self, node: &Node) -> bool {
        if self.around.settings.plate_only {
            return false;
        }
        self.around.footholds(node.level).any(|(layer, _)| {
            let area = &layer.area;
            // Beside its middle as well: the bottom of a hole is round.
            let reach = node.radius_mm + self.around.settings.xy_gap_mm;
            area.contains(node.at) || node.at.circle(reach, 8).any(|p| area.contains(p))
        })
    }

    /// Every living branch that ends, ends for good.
    fn nodes_settled(&mut self, alive: &[bool]) {
        for (node, alive) in self.nodes.iter_mut().zip(alive) {
            node.ends = *alive && node.below.is_none();
        }
    }

    /// Makes branches smooth: each node goes towards the middle of its neighbours along the branch, again and again, as far
    /// as there is room for the branch and none leans further than it may. Tips and feet stay where they are.
    fn smooth(&mut self, alive: &[bool], progress: &Progress) -> Result<(), Canceled> {
        let height_mm = self.heights.iter().sum::<f64>() / self.heights.len().max(1) as f64;
        let passes = ((SMOOTH_MM / height_mm).powi(2).ceil() as usize).min(MOST_SMOOTHINGS);
        let mut above: Vec<Vec<usize>> = vec![Vec::new(); self.nodes.len()];
        for (i, node) in self.nodes.iter().enumerate().filter(|(i, _)| alive[*i]) {
            if let Some(below) = node.below {
                above[below].push(i);
            }
        }
        // What each keeps free around it, and how far it may go without looking.
        let rooms: Vec<[f64; 2]> = self
            .nodes
            .par_iter()
            .map(|node| {
                let reach_mm = node.radius_mm + FAR_ENOUGH_MM;
                let clear_mm = self.grids[node.level].nearest(node.at, reach_mm).map_or(reach_mm, |n| n.distance_mm);
                [clear_mm.min(node.radius_mm), clear_mm - clear_mm.min(node.radius_mm)]
            })
            .collect();
        let start: Vec<[f64; 2]> = self.nodes.iter().map(|node| node.at.to_mm()).collect();
        let mut places = start.clone();
        let squared = |[ax, ay]: [f64; 2], [bx, by]: [f64; 2]| (ax - bx).powi(2) + (ay - by).powi(2);
        let moving: [Vec<(usize, usize)>; 2] = [0, 1].map(|parity| {
            let inner = self.nodes.iter().enumerate().filter(|(i, node)| alive[*i] && node.level % 2 == parity);
            inner.filter(|(i, _)| !above[*i].is_empty()).filter_map(|(i, node)| Some((i, node.below?))).collect()
        });
        // Every other level at a time: a node and its neighbours never move together.
        for moving in (0..passes).flat_map(|_| &moving) {
            progress.check()?;
            let next = |&(i, below): &(usize, usize)| {
                let (node, at) = (&self.nodes[i], places[i]);
                let weight: f64 = above[i].iter().map(|&a| self.nodes[a].tips).sum();
                let mean = |k: usize| above[i].iter().map(|&a| places[a][k] * self.nodes[a].tips).sum::<f64>() / weight;
                let middle = |k: usize| 0.5 * at[k] + 0.25 * (mean(k) + places[below][k]);
                let to = [middle(0), middle(1)];
                let leans_less =
                    |from: [f64; 2], most_mm: f64| squared(from, to) <= (most_mm * most_mm).max(squared(from, at));
                let [keeps_mm, free_mm] = rooms[i];
                let fits = leans_less(places[below], self.steps_mm[node.level])
                    && above[i].iter().all(|&a| leans_less(places[a], self.steps_mm[node.level + 1]))
                    && (squared(start[i], to) <= free_mm * free_mm
                        || self.has_room(node.level, Point::from_mm(to[0], to[1]), keeps_mm));
                if fits { to } else { at }
            };
            let moved: Vec<[f64; 2]> = moving.par_iter().map(next).collect();
            for (&(i, _), to) in moving.iter().zip(moved) {
                places[i] = to;
            }
        }
        for (node, [x, y]) in self.nodes.iter_mut().zip(places) {
            node.at = Point::from_mm(x, y);
        }
        Ok(())
    }

    /// Makes branches as thick as there is room for, and no node much thicker than the one that it stands on.
    fn limit_radii(&mut self, alive: &[bool]) {
        let room: Vec<f64> = self
            .nodes
            .par_iter()
            .map(|node| {
                self.grids[node.level].nearest(node.at, node.radius_mm).map_or(node.radius_mm, |n| n.distance_mm)
            })
            .collect();
        for i in (0..self.nodes.len()).rev() {
            if !alive[i] {
                continue;
            }
            let node = self.nodes[i];
            let most =
                node.below.map_or(f64::INFINITY, |b| self.nodes[b].radius_mm + WIDENING * self.heights[node.level]);
            self.nodes[i].radius_mm = room[i].min(most).max(self.landing_radius_mm());
        }
    }

    /// What of each level's own overhangs is near a tip that stands.
    fn served(&self, contacts: &[Region], alive: &[bool]) -> Vec<Region> {
        let mut places: Vec<Vec<Point>> = vec![Vec::new(); contacts.len()];
        for tip in self.tips.iter().filter(|tip| alive[tip.node]) {
            places[tip.contact].push(tip.at);
        }
        contacts
            .par_iter()
            .zip(places)
            .map(|(contact, places)| {
                if contact.is_empty() || places.is_empty() {
                    return Region::default();
                }
                let reach = SERVED * self.tree.tip_distance_mm;
                let disks = places.into_iter().map(|p| Ring(p.circle(reach, CORNERS).collect()));
                contact.intersection(&Region::from_rings_non_zero(disks.collect()))
            })
            .collect()
    }

    /// Branches and roofs of a level.
    fn area(&self, level: usize, alive: &[bool], served: &[Region]) -> Region {
        // Nodes of one level lie together.
        let from = self.nodes.partition_point(|n| n.level > level);
        let to = self.nodes.partition_point(|n| n.level >= level);
        let branches = (from..to).filter(|&i| alive[i]);
        let mut rings: Vec<Ring> =
            branches.map(|i| Ring(self.nodes[i].at.circle(self.nodes[i].radius_mm, CORNERS).collect())).collect();
        let roofs = served.iter().skip(level).take(self.roofs);
        rings.extend(roofs.flat_map(|roof| roof.rings.iter().cloned()));
        Region::from_rings(rings)
    }
}

/// Places over an area, no two much nearer than the distance and none of the area further from one: a grid inside and
/// places along the border.
fn samples(area: &Region, distance_mm: f64, inset_mm: f64) -> Vec<Point> {
    let mut chosen = Near::new(0.7 * distance_mm);
    let mut out = Vec::new();
    let mut take = |p: Point| {
        if chosen.nearest(p, 0.7 * distance_mm).is_none() {
            chosen.insert(p, out.len());
            out.push(p);
        }
    };
    for island in area.islands() {
        let island = Region::from(island);
        let mut inset = island.offset(-inset_mm, super::CORNERS);
        if inset.is_empty() {
            inset = island.offset(-0.5 * inset_mm, super::CORNERS);
        }
        let inset = if inset.is_empty() { island } else { inset };
        for ring in &inset.rings {
            let mut left = 0.0;
            for (a, b) in ring.edges() {
                let length = a.distance_mm(b);
                while left <= length && length > 0.0 {
                    take(a.towards(b, left / length));
                    left += distance_mm;
                }
                left -= length;
            }
        }
        for piece in inset.hatch(0.0, distance_mm, 0.5 * distance_mm).into_iter().flatten() {
            let ([ax, y], [bx, _]) = (piece[0].to_mm(), piece[1].to_mm());
            let (from, to) = ((ax / distance_mm).ceil() as i64, (bx / distance_mm).floor() as i64);
            (from..=to).for_each(|column| take(Point::from_mm(column as f64 * distance_mm, y)));
        }
    }
    out
}

/// Points with numbers, to be found again by place.
struct Near {
    cell_mm: f64,
    cells: std::collections::BTreeMap<(i64, i64), Vec<(Point, usize)>>,
}

impl Near {
    /// For look-ups within `reach_mm`.
    fn new(reach_mm: f64) -> Self {
        Self { cell_mm: reach_mm, cells: std::collections::BTreeMap::new() }
    }

    fn cell(&self, p: Point) -> (i64, i64) {
        let [x, y] = p.to_mm();
        ((x / self.cell_mm).floor() as i64, (y / self.cell_mm).floor() as i64)
    }

    fn insert(&mut self, p: Point, number: usize) {
        let cell = self.cell(p);
        self.cells.entry(cell).or_default().push((p, number));
    }

    /// The number of the nearest point within the reach that it was made for.
    fn nearest(&self, p: Point, reach_mm: f64) -> Option<usize> {
        let (column, row) = self.cell(p);
        let cells = (-1..=1).flat_map(|dx| (-1..=1).map(move |dy| (column + dx, row + dy)));
        let near = cells.filter_map(|cell| self.cells.get(&cell)).flatten();
        let near = near.map(|&(q, number)| (q.distance_squared(p), number));
        let (squared, number) = near.min()?;
        ((squared as f64).sqrt() / UNITS_PER_MM <= reach_mm).then_some(number)
    }
}
