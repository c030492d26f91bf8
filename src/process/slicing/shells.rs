//! Shells that are inside out.
//!
//! A person expects a closed surface to be material whichever way its triangles face, and a surface that faces inwards
//! inside another one to be a cavity. So each connected shell gets the sign of its volume: where the mesh as a whole
//! is negative it is turned; then, largest first, every negative shell that is not inside material is turned as well.
//! Looked at only where a cut's outlines do not add up, as most meshes are right.

use rayon::prelude::*;

use super::cut::{Cut, NONE, Solid};
use crate::geometry::{Point, Ring};
use crate::progress::{Canceled, Progress};

/// Which triangles' shells have been turned.
pub(super) struct Turned {
    shell_of: Vec<u32>,
    turned: Vec<bool>,
    /// Number of turned shells.
    pub count: usize,
}

impl Turned {
    /// Whether an outline that ran over this triangle goes the wrong way round.
    pub fn is_turned(&self, triangle: u32) -> bool {
        self.shell_of.get(triangle as usize).is_some_and(|&s| self.turned[s as usize])
    }
}

/// A surface with holes has a volume of its own where it is at least this share of its area to the power 3/2 (a cube:
/// 0.068); loose sheets and triangles have not and are judged together.
const SOLID_SHARE: f64 = 0.01;

/// Finds the shells that are inside out.
pub(super) fn find_turned(solid: &Solid, cuts: &[Cut], progress: &Progress) -> Result<Turned, Canceled> {
    let mut shells = shells(solid);
    progress.check()?;
    let volumes = volumes(solid, &mut shells);
    let count = volumes.len();
    let total: f64 = volumes.iter().sum();
    let all = total < 0.0;
    let mut turned = vec![all; count];
    // Sign after the whole was turned.
    let negative: Vec<bool> = volumes.iter().map(|v| if all { *v > 0.0 } else { *v < 0.0 }).collect();
    if negative.iter().any(|n| *n) {
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by(|&a, &b| volumes[b].abs().total_cmp(&volumes[a].abs()).then(a.cmp(&b)));
        let mut rank = vec![0usize; count];
        for (place, &shell) in order.iter().enumerate() {
            rank[shell] = place;
        }
        let places = places(cuts, &shells, count);
        for &shell in &order {
            if !negative[shell] {
                continue;
            }
            progress.check()?;
            let Some((cut, ring)) = places[shell] else { continue };
            let around = cuts[cut].rings.iter().filter(|r| {
                let other = shells[r.triangle as usize] as usize;
                rank[other] < rank[shell]
            });
            let oriented: Vec<(&Ring, bool)> =
                around.map(|r| (&r.ring, turned[shells[r.triangle as usize] as usize])).collect();
            if winding(&cuts[cut].rings[ring].ring, &oriented) < 1 {
                turned[shell] = !turned[shell];
            }
        }
    }
    let shown = cuts.iter().flat_map(|c| &c.rings).map(|r| shells[r.triangle as usize]);
    let mut seen = vec![false; count];
    for shell in shown {
        seen[shell as usize] = true;
    }
    let number = (0..count).filter(|&s| turned[s] && seen[s]).count();
    Ok(Turned { shell_of: shells, turned, count: number })
}

/// The shell of every triangle: what hangs together by edges.
fn shells(solid: &Solid) -> Vec<u32> {
    let twins = solid.all_twins();
    let mut shell_of = vec![NONE; solid.triangles.len()];
    let mut count = 0;
    let mut open = Vec::new();
    for seed in 0..shell_of.len() {
        if shell_of[seed] != NONE {
            continue;
        }
        shell_of[seed] = count;
        open.push(seed);
        while let Some(t) = open.pop() {
            for k in 0..3 {
                let twin = twins[3 * t + k];
                if twin != NONE && shell_of[twin as usize / 3] == NONE {
                    shell_of[twin as usize / 3] = count;
                    open.push(twin as usize / 3);
                }
            }
        }
        count += 1;
    }
    shell_of
}

/// Six times the volume of each shell. Shells without a volume of their own become one shell, the last.
fn volumes(solid: &Solid, shells: &mut [u32]) -> Vec<f64> {
    let count = shells.iter().max().map_or(0, |&m| m as usize + 1);
    let corners = |t: usize| solid.triangles[t].map(|v| solid.vertices[v as usize].map(f64::from));
    // About a point of the shell itself, so that a hole in it matters as little as it can.
    let mut about = vec![None; count];
    let mut weight = vec![0.0f64; count];
    for (t, &shell) in shells.iter().enumerate() {
        let [a, b, c] = corners(t);
        let area = norm(normal(a, b, c));
        let sum: &mut [f64; 3] = about[shell as usize].get_or_insert([0.0; 3]);
        for k in 0..3 {
            sum[k] += area * (a[k] + b[k] + c[k]) / 3.0;
        }
        weight[shell as usize] += area;
    }
    let centre: Vec<[f64; 3]> =
        about.iter().zip(&weight).map(|(sum, w)| sum.unwrap_or_default().map(|s| s / w.max(1.0))).collect();
    let mut volumes = vec![0.0f64; count];
    for (t, &shell) in shells.iter().enumerate() {
        volumes[shell as usize] += volume(corners(t), centre[shell as usize]);
    }
    let solid_alone: Vec<bool> =
        (0..count).map(|s| volumes[s].abs() / 6.0 > SOLID_SHARE * (weight[s] / 2.0).powf(1.5)).collect();
    if solid_alone.iter().all(|s| *s) {
        return volumes;
    }
    let total: f64 = weight.iter().sum();
    let middle = [0, 1, 2].map(|k| centre.iter().zip(&weight).map(|(c, w)| c[k] * w).sum::<f64>() / total.max(1.0));
    let mut number = vec![0u32; count];
    let mut kept = Vec::new();
    for s in 0..count {
        number[s] = kept.len() as u32;
        if solid_alone[s] {
            kept.push(volumes[s]);
        }
    }
    let loose = kept.len() as u32;
    let mut loose_volume = 0.0;
    for (t, shell) in shells.iter_mut().enumerate() {
        let s = *shell as usize;
        *shell = if solid_alone[s] { number[s] } else { loose };
        if !solid_alone[s] {
            loose_volume += volume(corners(t), middle);
        }
    }
    kept.push(loose_volume);
    kept
}

fn normal(a: [f64; 3], b: [f64; 3], c: [f64; 3]) -> [f64; 3] {
    let (u, v) = ([b[0] - a[0], b[1] - a[1], b[2] - a[2]], [c[0] - a[0], c[1] - a[1], c[2] - a[2]]);
    [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]]
}

fn norm(v: [f64; 3]) -> f64 {
    (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]).sqrt()
}

/// Six times the volume of the tetrahedron from a point to a triangle.
fn volume([a, b, c]: [[f64; 3]; 3], from: [f64; 3]) -> f64 {
    let n = normal(a, b, c);
    (0..3).map(|k| n[k] * (a[k] - from[k])).sum()
}

/// For each shell a cut half way through it and one of its rings there.
fn places(cuts: &[Cut], shells: &[u32], count: usize) -> Vec<Option<(usize, usize)>> {
    let firsts: Vec<Vec<(u32, usize)>> = cuts
        .par_iter()
        .map(|cut| {
            let mut list: Vec<(u32, usize)> =
                cut.rings.iter().enumerate().map(|(i, r)| (shells[r.triangle as usize], i)).collect();
            list.sort_unstable();
            list.dedup_by_key(|(shell, _)| *shell);
            list
        })
        .collect();
    let mut range: Vec<Option<(usize, usize)>> = vec![None; count];
    for (i, list) in firsts.iter().enumerate() {
        for (shell, _) in list {
            let range = &mut range[*shell as usize];
            *range = Some((range.map_or(i, |(first, _)| first), i));
        }
    }
    let mut places = vec![None; count];
    for (i, list) in firsts.iter().enumerate() {
        for &(shell, ring) in list {
            // A shell may miss the middle of its range; then the first cut after it serves.
            let is_due = range[shell as usize].is_some_and(|(first, last)| i >= first.midpoint(last));
            if is_due && places[shell as usize].is_none() {
                places[shell as usize] = Some((i, ring));
            }
        }
    }
    places
}

/// How often rings wind around a ring that does not cross them; each ring with whether it has been turned.
fn winding(inner: &Ring, around: &[(&Ring, bool)]) -> i32 {
    around
        .iter()
        .filter(|(ring, _)| encloses(ring, &inner.0))
        .map(|(ring, turned)| if (ring.area_mm2() > 0.0) == *turned { -1 } else { 1 })
        .sum()
}

fn encloses(ring: &Ring, points: &[Point]) -> bool {
    points.iter().find_map(|&p| ring.locate(p)).unwrap_or(false)
}
