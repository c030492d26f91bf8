//! A uniform grid of cells over a region's edges: which edges does a segment cross, is a point inside, what is nearest.

use super::point::{Bounds, Point};
use super::region::Region;
use super::ring::{Side, cross, crosses_ray};

/// One edge of the region.
#[derive(Clone, Copy, Debug)]
struct Edge {
    a: Point,
    b: Point,
    ring: u32,
    index: u32,
}

/// Where a segment meets an edge of the region.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crossing {
    /// Place along the segment, 0 to 1.
    pub at: f64,
    /// Ring of the region and edge of the ring (from point `edge` to the next).
    pub ring: usize,
    pub edge: usize,
}

/// The border's point nearest to some point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nearest {
    pub point: Point,
    pub distance_mm: f64,
    pub ring: usize,
    pub edge: usize,
}

/// A look-up structure over the edges of a region. Building it costs time linear in the edges.
#[derive(Clone, Debug)]
pub struct EdgeGrid {
    edges: Vec<Edge>,
    bounds: Bounds,
    cell: i64,
    columns: i64,
    rows: i64,
    /// Edges of cell `c` are `entries[starts[c]..starts[c + 1]]`.
    starts: Vec<u32>,
    entries: Vec<u32>,
}

impl EdgeGrid {
    pub fn new(region: &Region) -> Self {
        let edges: Vec<Edge> = region
            .rings
            .iter()
            .enumerate()
            .flat_map(|(ring, r)| {
                r.edges().enumerate().map(move |(index, (a, b))| Edge { a, b, ring: ring as u32, index: index as u32 })
            })
            .collect();
        let bounds = region.bounds().unwrap_or(Bounds { min: Point::default(), max: Point::default() });
        let width = i64::from(bounds.max.x) - i64::from(bounds.min.x) + 1;
        let height = i64::from(bounds.max.y) - i64::from(bounds.min.y) + 1;
        // About one cell an edge, and never more than 1024 cells a side.
        let wanted = ((width as f64 * height as f64) / edges.len().max(1) as f64).sqrt() as i64;
        let cell = wanted.max(width / 1024).max(height / 1024).max(1);
        let (columns, rows) = (width / cell + 1, height / cell + 1);
        let mut grid = Self { edges, bounds, cell, columns, rows, starts: Vec::new(), entries: Vec::new() };
        let mut places: Vec<(u32, u32)> = Vec::with_capacity(grid.edges.len() * 2);
        for (i, edge) in grid.edges.iter().enumerate() {
            grid.walk(edge.a, edge.b, &mut |cell| {
                places.push((cell as u32, i as u32));
                true
            });
        }
        let mut starts = vec![0u32; (columns * rows + 1) as usize];
        for &(cell, _) in &places {
            starts[cell as usize + 1] += 1;
        }
        for c in 1..starts.len() {
            starts[c] += starts[c - 1];
        }
        let mut fill = starts.clone();
        let mut entries = vec![0u32; places.len()];
        for &(cell, edge) in &places {
            entries[fill[cell as usize] as usize] = edge;
            fill[cell as usize] += 1;
        }
        grid.starts = starts;
        grid.entries = entries;
        grid
    }

    fn column(&self, x: i64) -> i64 {
        ((x - i64::from(self.bounds.min.x)).div_euclid(self.cell)).clamp(0, self.columns - 1)
    }

    fn row(&self, y: i64) -> i64 {
        ((y - i64::from(self.bounds.min.y)).div_euclid(self.cell)).clamp(0, self.rows - 1)
    }

    fn cell_edges(&self, cell: i64) -> impl Iterator<Item = &Edge> + '_ {
        let (from, to) = (self.starts[cell as usize] as usize, self.starts[cell as usize + 1] as usize);
        self.entries[from..to].iter().map(|&e| &self.edges[e as usize])
    }

    /// Visits every cell that a segment may touch, row by row; stops when told to by `false`.
    fn walk(&self, a: Point, b: Point, visit: &mut dyn FnMut(i64) -> bool) {
        let (low, high) = if a.y <= b.y { (a, b) } else { (b, a) };
        let (lx, ly) = (i64::from(low.x), i64::from(low.y));
        let (dx, dy) = (i64::from(high.x) - lx, i64::from(high.y) - ly);
        for row in self.row(ly)..=self.row(i64::from(high.y)) {
            // The part of the segment within this row, two units wider on both sides for rounding.
            let bottom = (i64::from(self.bounds.min.y) + row * self.cell).max(ly);
            let top = (i64::from(self.bounds.min.y) + (row + 1) * self.cell).min(i64::from(high.y));
            let slope = dx as f64 / dy.max(1) as f64;
            let x_at = |y: i64| lx + (slope * (y - ly) as f64) as i64;
            let (x0, x1) = if dy == 0 { (lx, lx + dx) } else { (x_at(bottom), x_at(top)) };
            for column in self.column(x0.min(x1) - 2)..=self.column(x0.max(x1) + 2) {
                if !visit(row * self.columns + column) {
                    return;
                }
            }
        }
    }

    /// Every place where the segment `ab` crosses or touches the border, in the order along it, each edge at most once.
    pub fn crossings(&self, a: Point, b: Point) -> Vec<Crossing> {
        let mut found: Vec<Crossing> = Vec::new();
        if self.edges.is_empty() || !Bounds::around([a, b]).is_some_and(|s| s.overlaps(&self.bounds)) {
            return found;
        }
        self.walk(a, b, &mut |cell| {
            for edge in self.cell_edges(cell) {
                if let Some(at) = meeting(a, b, edge.a, edge.b) {
                    found.push(Crossing { at, ring: edge.ring as usize, edge: edge.index as usize });
                }
            }
            true
        });
        found.sort_unstable_by(|p, q| p.at.total_cmp(&q.at).then((p.ring, p.edge).cmp(&(q.ring, q.edge))));
        found.dedup_by_key(|c| (c.ring, c.edge));
        // An edge seen from two cells has the same place both times, but another edge may share that place.
        let mut seen = Vec::with_capacity(found.len());
        found.retain(|c| {
            let new = !seen.contains(&(c.ring, c.edge));
            seen.push((c.ring, c.edge));
            new
        });
        found
    }

    /// Whether the segment `ab` properly crosses the border: touching it, or lying on it, does not count.
    pub fn is_crossed(&self, a: Point, b: Point) -> bool {
        let mut crossed = false;
        if self.edges.is_empty() || !Bounds::around([a, b]).is_some_and(|s| s.overlaps(&self.bounds)) {
            return false;
        }
        self.walk(a, b, &mut |cell| {
            crossed = self.cell_edges(cell).any(|edge| crosses_properly(a, b, edge.a, edge.b));
            !crossed
        });
        crossed
    }

    /// Whether a point is inside the region or on its border.
    pub fn contains(&self, p: Point) -> bool {
        if self.edges.is_empty() || !self.bounds.contains(p) {
            return false;
        }
        let row = self.row(i64::from(p.y));
        let mut inside = false;
        for column in self.column(i64::from(p.x))..self.columns {
            for edge in self.cell_edges(row * self.columns + column) {
                match crosses_ray(edge.a, edge.b, p) {
                    Side::On => return true,
                    // An edge may be listed in several cells of the row: it counts where the ray meets it.
                    Side::Crosses if self.column(ray_meets(edge.a, edge.b, p.y)) == column => inside = !inside,
                    Side::Crosses | Side::Misses => {}
                }
            }
        }
        inside
    }

    /// The border's point nearest to `p`, if there is one within `reach_mm`.
    pub fn nearest(&self, p: Point, reach_mm: f64) -> Option<Nearest> {
        let (squared, edge) = self.nearest_edge(p, reach_mm)?;
        let t = along(p, edge);
        let [x, y] = [(edge.a.x, edge.b.x), (edge.a.y, edge.b.y)]
            .map(|(a, b)| (f64::from(a) + (f64::from(b) - f64::from(a)) * t).round() as i32);
        Some(Nearest {
            point: Point::new(x, y),
            distance_mm: squared.sqrt() / super::UNITS_PER_MM,
            ring: edge.ring as usize,
            edge: edge.index as usize,
        })
    }

    /// How far a point is outside of the region, mm: negative inside, at most `reach_mm` either way.
    pub fn outside_mm(&self, p: Point, reach_mm: f64) -> f64 {
        let Some((squared, edge)) = self.nearest_edge(p, reach_mm) else {
            return if self.contains(p) { -reach_mm } else { reach_mm };
        };
        let t = along(p, edge);
        // What is beside an edge and not beyond its end is inside where it is on the edge's left.
        let is_inside = if 0.0 < t && t < 1.0 { cross(edge.a, edge.b, p) >= 0 } else { self.contains(p) };
        let distance_mm = squared.sqrt() / super::UNITS_PER_MM;
        if is_inside { -distance_mm } else { distance_mm }
    }

    /// The edge nearest to `p`, if there is one within `reach_mm`, and the square of its distance in grid units.
    fn nearest_edge(&self, p: Point, reach_mm: f64) -> Option<(f64, &Edge)> {
        if self.edges.is_empty() {
            return None;
        }
        let reach = reach_mm * super::UNITS_PER_MM;
        let most = reach * reach;
        let (px, py) = (i64::from(p.x), i64::from(p.y));
        let (centre_column, centre_row) = (self.column(px), self.row(py));
        let mut best: Option<(f64, &Edge)> = None;
        // Rings of cells around the point's own, until no nearer edge can be in the next one.
        for around in 0..self.columns.max(self.rows) {
            // Everything in this ring is at least this far (the point may be outside of the grid: then further still).
            let least = ((around - 1).max(0) * self.cell) as f64;
            if least > reach || best.is_some_and(|(squared, _)| squared < least * least) {
                break;
            }
            for row in (centre_row - around).max(0)..=(centre_row + around).min(self.rows - 1) {
                let edge_row = row == centre_row - around || row == centre_row + around;
                let step = if edge_row || around == 0 { 1 } else { 2 * around };
                let mut column = centre_column - around;
                while column <= centre_column + around {
                    if (0..self.columns).contains(&column) {
                        for edge in self.cell_edges(row * self.columns + column) {
                            let squared = squared_distance(p, edge);
                            let better = best.is_none_or(|(d, e)| {
                                squared < d || (squared == d && (edge.ring, edge.index) < (e.ring, e.index))
                            });
                            if squared <= most && better {
                                best = Some((squared, edge));
                            }
                        }
                    }
                    column += step;
                }
            }
        }
        best
    }
}

/// The x at which edge `ab` crosses height `y`, rounded down.
fn ray_meets(a: Point, b: Point, y: i32) -> i64 {
    let (dx, dy) = (i64::from(b.x) - i64::from(a.x), i64::from(b.y) - i64::from(a.y));
    i64::from(a.x) + (i128::from(dx) * i128::from(i64::from(y) - i64::from(a.y))).div_euclid(i128::from(dy)) as i64
}

/// Where `ab` meets `cd`, as a share of `ab`: touching counts, overlapping parallels give the first common point.
fn meeting(a: Point, b: Point, c: Point, d: Point) -> Option<f64> {
    let (sc, sd) = (cross(a, b, c), cross(a, b, d));
    if (sc > 0 && sd > 0) || (sc < 0 && sd < 0) {
        return None;
    }
    let (sa, sb) = (cross(c, d, a), cross(c, d, b));
    if (sa > 0 && sb > 0) || (sa < 0 && sb < 0) {
        return None;
    }
    if sa == sb {
        // Parallel, so on one line: does the edge begin within the segment?
        let along = |p: Point| {
            let squared = a.distance_squared(b) as f64;
            let dot = (i64::from(b.x) - i64::from(a.x)) * (i64::from(p.x) - i64::from(a.x))
                + (i64::from(b.y) - i64::from(a.y)) * (i64::from(p.y) - i64::from(a.y));
            if squared > 0.0 { dot as f64 / squared } else { 0.0 }
        };
        let (tc, td) = (along(c), along(d));
        let (first, last) = (tc.min(td).max(0.0), tc.max(td).min(1.0));
        return (first <= last).then_some(first);
    }
    Some((sa as f64 / (sa as f64 - sb as f64)).clamp(0.0, 1.0))
}

/// Whether each segment has the other's ends strictly on both sides.
fn crosses_properly(a: Point, b: Point, c: Point, d: Point) -> bool {
    let opposite = |s: i64, t: i64| (s > 0 && t < 0) || (s < 0 && t > 0);
    opposite(cross(a, b, c), cross(a, b, d)) && opposite(cross(c, d, a), cross(c, d, b))
}

/// Where along an edge the point nearest to `p` lies, 0 to 1.
fn along(p: Point, edge: &Edge) -> f64 {
    let (abx, aby) = (f64::from(edge.b.x) - f64::from(edge.a.x), f64::from(edge.b.y) - f64::from(edge.a.y));
    let (apx, apy) = (f64::from(p.x) - f64::from(edge.a.x), f64::from(p.y) - f64::from(edge.a.y));
    let squared = abx * abx + aby * aby;
    if squared > 0.0 { ((apx * abx + apy * aby) / squared).clamp(0.0, 1.0) } else { 0.0 }
}

/// Square of the distance from `p` to an edge, in grid units.
fn squared_distance(p: Point, edge: &Edge) -> f64 {
    let t = along(p, edge);
    let dx = f64::from(p.x) - f64::from(edge.a.x) - (f64::from(edge.b.x) - f64::from(edge.a.x)) * t;
    let dy = f64::from(p.y) - f64::from(edge.a.y) - (f64::from(edge.b.y) - f64::from(edge.a.y)) * t;
    dx * dx + dy * dy
}
