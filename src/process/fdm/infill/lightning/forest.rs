//! Trees in one layer: they grow, and are lowered to the layer below.

use crate::geometry::{EdgeGrid, Point, Polyline};
use std::collections::HashMap;

/// A root this close to the border stands on it, mm.
const AT_BORDER_MM: f64 = 0.02;
/// Bends this flat are no bends, mm.
const STRAIGHT_MM: f64 = 0.01;
/// New branches look for others in so many cells around, each as large as the reach.
const LOOK_AROUND: i32 = 6;

/// Any number of trees; roots are on the border of the layer's area.
#[derive(Clone, Debug, Default)]
pub struct Forest {
    nodes: Vec<Node>,
}

#[derive(Clone, Debug)]
struct Node {
    at: Point,
    /// Towards the root.
    parent: Option<usize>,
    children: Vec<usize>,
    /// The way to the root.
    depth_mm: f64,
    /// The longest way to a tip.
    height_mm: f64,
}

impl Forest {
    fn add(&mut self, at: Point, parent: Option<usize>) -> usize {
        let depth_mm = parent.map_or(0.0, |p| self.nodes[p].depth_mm + self.nodes[p].at.distance_mm(at));
        let node = self.nodes.len();
        self.nodes.push(Node { at, parent, children: Vec::new(), depth_mm, height_mm: 0.0 });
        if let Some(parent) = parent {
            self.nodes[parent].children.push(node);
            self.raise(node);
        }
        node
    }

    /// Tells the nodes towards the root how far it is to a tip.
    fn raise(&mut self, mut node: usize) {
        while let Some(parent) = self.nodes[node].parent {
            let height_mm = self.nodes[node].height_mm + self.nodes[parent].at.distance_mm(self.nodes[node].at);
            if self.nodes[parent].height_mm >= height_mm {
                return;
            }
            self.nodes[parent].height_mm = height_mm;
            node = parent;
        }
    }

    /// A new node on the way from a node to its parent.
    fn split(&mut self, child: usize, at: Point) -> usize {
        let Some(parent) = self.nodes[child].parent else { return child };
        let depth_mm = self.nodes[parent].depth_mm + self.nodes[parent].at.distance_mm(at);
        let height_mm = self.nodes[child].height_mm + self.nodes[child].at.distance_mm(at);
        let node = self.nodes.len();
        self.nodes.push(Node { at, parent: Some(parent), children: vec![child], depth_mm, height_mm });
        self.nodes[child].parent = Some(node);
        self.nodes[parent].children.iter_mut().filter(|c| **c == child).for_each(|c| *c = node);
        node
    }

    /// Nodes with every parent before its children.
    fn outward(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.nodes.len()).filter(|&n| self.nodes[n].parent.is_none()).collect();
        let mut next = 0;
        while let Some(&node) = order.get(next) {
            order.extend(&self.nodes[node].children);
            next += 1;
        }
        order
    }

    /// Grows branches to those of the places that no wall and no branch within reach holds; the nearest to walls first.
    /// `edges` are those of the layer's area, in which all places lie.
    pub fn grow(&mut self, places: &[Point], edges: &EdgeGrid, reach_mm: f64) {
        let mut places: Vec<(f64, Point, Point)> = places
            .iter()
            .filter_map(|&p| edges.nearest(p, f64::MAX).map(|wall| (wall.distance_mm, p, wall.point)))
            .collect();
        if places.is_empty() {
            return;
        }
        places.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut branches = Branches::new(self, reach_mm);
        for (wall_mm, place, wall) in places {
            let mut near = branches.near(self, place);
            if near.iter().any(|near| near.distance_mm <= reach_mm) {
                continue;
            }
            let of_wall = 0.5 * wall_mm * wall_mm;
            near.retain(|near| near.cost < of_wall);
            near.sort_by(|a, b| a.cost.total_cmp(&b.cost).then(a.child.cmp(&b.child)));
            let parent = match near.iter().find(|near| !edges.is_crossed(place, near.at)) {
                Some(near) => self.at_branch(near, &mut branches),
                None => self.add(wall, None),
            };
            let tip = self.add(place, Some(parent));
            branches.add(self, tip);
        }
    }

    /// The node at a place on a branch: one that is there, or a new one.
    fn at_branch(&mut self, near: &Near, branches: &mut Branches) -> usize {
        let ends = [Some(near.child), self.nodes[near.child].parent];
        if let Some(node) = ends.into_iter().flatten().find(|&n| self.nodes[n].at == near.at) {
            return node;
        }
        let node = self.split(near.child, near.at);
        branches.add(self, node);
        node
    }

    /// The trees one layer further down: their tips cut back and their bends straightened by up to `lean_mm`, and their
    /// roots on the border of that layer's area again.
    pub fn lowered(&self, lean_mm: f64, edges: &EdgeGrid) -> Self {
        let order = self.outward();
        let places: Vec<Point> = (0..self.nodes.len()).map(|node| self.straightened(node, lean_mm)).collect();
        let mut height = vec![0.0_f64; self.nodes.len()];
        for &node in order.iter().rev() {
            if let Some(parent) = self.nodes[node].parent {
                height[parent] = height[parent].max(height[node] + places[parent].distance_mm(places[node]));
            }
        }
        let mut lowered = Self::default();
        // What each node has become, if it is still there.
        let mut became: Vec<Option<usize>> = vec![None; self.nodes.len()];
        for node in order {
            let at = places[node];
            let Some(parent) = self.nodes[node].parent else {
                if height[node] > lean_mm && edges.contains(at) {
                    became[node] = Some(lowered.root(at, edges));
                }
                continue;
            };
            let foot = places[parent];
            let length = at.distance_mm(foot);
            let tip = if height[node] >= lean_mm {
                at
            } else if height[node] + length > lean_mm {
                at.towards(foot, (lean_mm - height[node]) / length)
            } else {
                continue;
            };
            if !edges.contains(tip) {
                continue;
            }
            let stem = match became[parent] {
                Some(stem) if !edges.is_crossed(tip, foot) => stem,
                _ => match edges.crossings(tip, foot).first() {
                    Some(crossing) => lowered.add(tip.towards(foot, crossing.at), None),
                    None => lowered.root(foot, edges),
                },
            };
            became[node] = Some(lowered.add(tip, Some(stem)));
        }
        lowered.without_bends()
    }

    /// A node on or in the border's area, with a way to the border where it is not there.
    fn root(&mut self, at: Point, edges: &EdgeGrid) -> usize {
        match edges.nearest(at, f64::MAX) {
            Some(wall) if wall.distance_mm > AT_BORDER_MM => {
                let root = self.add(wall.point, None);
                self.add(at, Some(root))
            }
            _ => self.add(at, None),
        }
    }

    /// Where a node moves that may move by `most_mm`: towards the straight way between its neighbours.
    fn straightened(&self, node: usize, most_mm: f64) -> Point {
        let Node { at, parent, ref children, .. } = self.nodes[node];
        let (Some(parent), false) = (parent, children.is_empty()) else { return at };
        let near = || std::iter::once(parent).chain(children.iter().copied()).map(|n| self.nodes[n].at);
        let mean = |of: fn(Point) -> i32| near().map(|p| f64::from(of(p))).sum::<f64>() / (children.len() + 1) as f64;
        let middle = if children.len() == 1 {
            let ends = [self.nodes[parent].at, self.nodes[children[0]].at];
            nearest_on(at, ends)
        } else {
            Point::new(mean(|p| p.x).round() as i32, mean(|p| p.y).round() as i32)
        };
        let distance = at.distance_mm(middle);
        if distance <= most_mm { middle } else { at.towards(middle, most_mm / distance) }
    }

    /// The same trees without nodes amid straight branches.
    fn without_bends(self) -> Self {
        let mut out = Self::default();
        let mut became: Vec<usize> = vec![0; self.nodes.len()];
        for node in self.outward() {
            let Node { at, parent, ref children, .. } = self.nodes[node];
            let stem = parent.map(|p| became[p]);
            became[node] = match (stem, children.as_slice()) {
                (Some(stem), &[child])
                    if nearest_on(at, [out.nodes[stem].at, self.nodes[child].at]).distance_mm(at) <= STRAIGHT_MM =>
                {
                    stem
                }
                _ => out.add(at, stem),
            };
        }
        out
    }

    /// Every branch once: from each tip on towards the root, up to where the way is laid already. The longest ways come
    /// first.
    pub fn paths(&self) -> Vec<Polyline> {
        let mut tips: Vec<usize> = (0..self.nodes.len()).filter(|&n| self.nodes[n].children.is_empty()).collect();
        tips.sort_by(|&a, &b| self.nodes[b].depth_mm.total_cmp(&self.nodes[a].depth_mm).then(a.cmp(&b)));
        let mut laid = vec![false; self.nodes.len()];
        let mut paths = Vec::new();
        for tip in tips {
            let mut path = vec![self.nodes[tip].at];
            let mut node = tip;
            while let Some(parent) = self.nodes[node].parent.filter(|_| !laid[node]) {
                laid[node] = true;
                path.push(self.nodes[parent].at);
                node = parent;
            }
            path.dedup();
            if path.len() > 1 {
                paths.push(Polyline(path));
            }
        }
        paths
    }
}

/// The place on a branch that is nearest to a new tip.
struct Near {
    distance_mm: f64,
    at: Point,
    /// What a branch from there to the tip costs, in mm² of all layers together for each mm that tips are cut back: its own
    /// length until it is gone, and that of the way to the root for as long as it now lasts longer.
    cost: f64,
    /// The end of the branch that is further from the root.
    child: usize,
}

/// The branches of a forest by the cells of a square grid that they pass.
struct Branches {
    cell_mm: f64,
    cells: HashMap<[i32; 2], Vec<usize>>,
}

impl Branches {
    fn new(forest: &Forest, cell_mm: f64) -> Self {
        let mut branches = Self { cell_mm, cells: HashMap::new() };
        (0..forest.nodes.len()).for_each(|child| branches.add(forest, child));
        branches
    }

    fn cell(&self, p: Point) -> [i32; 2] {
        p.to_mm().map(|v| (v / self.cell_mm).floor() as i32)
    }

    /// Adds the branch from a node to its parent.
    fn add(&mut self, forest: &Forest, child: usize) {
        let Some(parent) = forest.nodes[child].parent else { return };
        let (a, b) = (forest.nodes[child].at, forest.nodes[parent].at);
        let steps = (2.0 * a.distance_mm(b) / self.cell_mm).ceil().max(1.0);
        for i in 0..=steps as usize {
            let cell = self.cell(a.towards(b, i as f64 / steps));
            let branches = self.cells.entry(cell).or_default();
            if branches.last() != Some(&child) {
                branches.push(child);
            }
        }
    }

    /// The branches around a place.
    fn near(&self, forest: &Forest, p: Point) -> Vec<Near> {
        let [column, row] = self.cell(p);
        let around = -LOOK_AROUND..=LOOK_AROUND;
        let cells = around.clone().flat_map(|i| around.clone().map(move |j| [column + i, row + j]));
        let mut branches: Vec<usize> = cells.filter_map(|cell| self.cells.get(&cell)).flatten().copied().collect();
        branches.sort_unstable();
        branches.dedup();
        let near = |child: usize| {
            let node = &forest.nodes[child];
            let parent = &forest.nodes[node.parent?];
            let at = nearest_on(p, [node.at, parent.at]);
            let distance_mm = p.distance_mm(at);
            let (depth, height) =
                (parent.depth_mm + parent.at.distance_mm(at), node.height_mm + node.at.distance_mm(at));
            let cost = 0.5 * distance_mm * distance_mm + (distance_mm - height).max(0.0) * depth;
            Some(Near { distance_mm, at, cost, child })
        };
        branches.into_iter().filter_map(near).collect()
    }
}

/// The point of a straight way that is nearest to `p`.
fn nearest_on(p: Point, [a, b]: [Point; 2]) -> Point {
    let (dx, dy) = (f64::from(b.x) - f64::from(a.x), f64::from(b.y) - f64::from(a.y));
    let (px, py) = (f64::from(p.x) - f64::from(a.x), f64::from(p.y) - f64::from(a.y));
    let squared = dx * dx + dy * dy;
    let share = if squared > 0.0 { ((px * dx + py * dy) / squared).clamp(0.0, 1.0) } else { 0.0 };
    a.towards(b, share)
}
