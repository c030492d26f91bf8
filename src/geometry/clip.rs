//! The parts of open paths that lie inside a region.

use super::edge_grid::EdgeGrid;
use super::point::Point;
use super::region::Region;
use super::ring::Polyline;

/// See [`Region::clip_each`]: paths are cut where they meet the border, and each piece is kept when its middle is inside.
pub(super) fn polylines(region: &Region, paths: &[Polyline]) -> Vec<Vec<Polyline>> {
    let grid = EdgeGrid::new(region);
    paths.iter().map(|path| pieces(&grid, path)).collect()
}

fn pieces(grid: &EdgeGrid, path: &Polyline) -> Vec<Polyline> {
    let mut out = Vec::new();
    let mut piece: Vec<Point> = Vec::new();
    for ends in path.0.windows(2) {
        let (a, b) = (ends[0], ends[1]);
        let mut from = a;
        let cuts = grid.crossings(a, b).into_iter().map(|crossing| a.towards(b, crossing.at));
        for to in cuts.chain(std::iter::once(b)) {
            if to == from {
                continue;
            }
            if grid.contains(from.towards(to, 0.5)) {
                if piece.last() != Some(&from) {
                    finish(&mut piece, &mut out);
                    piece.push(from);
                }
                piece.push(to);
            } else {
                finish(&mut piece, &mut out);
            }
            from = to;
        }
    }
    finish(&mut piece, &mut out);
    out
}

fn finish(piece: &mut Vec<Point>, out: &mut Vec<Polyline>) {
    if piece.len() >= 2 {
        out.push(Polyline(without_cuts(piece)));
    }
    piece.clear();
}

/// Joins collinear runs again that were cut where the path only touched the border.
fn without_cuts(piece: &[Point]) -> Vec<Point> {
    let mut out: Vec<Point> = Vec::with_capacity(piece.len());
    for &p in piece {
        if let [.., a, b] = out.as_slice()
            && super::ring::cross(*a, *b, p) == 0
            && a.distance_squared(p) > a.distance_squared(*b)
        {
            out.pop();
        }
        out.push(p);
    }
    out
}
