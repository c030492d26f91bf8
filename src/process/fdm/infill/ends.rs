//! How the lines of solid infill end, so that the material laid is just what has room.
//!
//! A line's material ends flat where the line does. Lines are therefore cut only a fraction of a spacing inside the border
//! of what they fill ([`inset_mm`]), and the links that join them along it get no more material than the strip between
//! line ends and border takes. A link of full width, as is usual, would lie on the ends of both its lines by half its width,
//! and leave as much empty beside them where there is no link.
//!
//! Where the border meets the lines at a shallow angle it leaves wedges, as high as a line at the one end and nothing at
//! the other. A link through a wedge becomes thinner on its way; a wedge without a link is filled from the line that ends
//! at its high side: by a tail, or where that line goes on into a link, by a way out and back.
//!
//! How much has room follows from the border alone. Between the ends of two neighbouring lines it is the strip's width
//! times the border's length, and what the border bulges beyond the straight way between them.

use super::family::Piece;
use super::link::{Border, Link, Node, Run, head};
use crate::geometry::{Point, Polyline};

/// How far inside of the border lines end, as a share of their spacing. With less, the sides of lines that graze the border
/// would reach far into the wall; with more, links would need so much material that it piles up in them.
const INSET: f64 = 0.24;
/// Cosine of the angle between line and border from which on a wedge is filled as such.
const SHALLOW: f64 = 0.8;
/// Share of what a stretch of border without a link takes that is given to the links beside it.
const FROM_BESIDE: f64 = 0.55;
/// Share of a wedge that is filled: the sides of the lines around it reach into it.
const OF_WEDGE: f64 = 0.85;
/// No part of a link is thinner than this share of a line: less would not flow evenly.
const LEAST_SHARE: f64 = 0.08;
/// Wedges that take less than this share of a spacing's square are left to the round ends of lines.
const LEAST_WEDGE: f64 = 0.3;
/// The longest way along the border to fill a wedge, mm.
const LONGEST_TAIL_MM: f64 = 5.0;
/// Roads of one thickness are not parted nearer than this to a bend, mm.
const LEAST_PART_MM: f64 = 0.08;

/// How far inside of the border of what is to be filled lines end.
pub fn inset_mm(spacing_mm: f64, linked: bool) -> f64 {
    if linked { INSET * spacing_mm } else { 0.0 }
}

/// A path, and the share of a line's material that each of its segments gets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Track {
    pub path: Polyline,
    pub shares: Vec<f32>,
}

impl Track {
    fn go(&mut self, p: Point, share: f64) {
        if self.path.0.last() == Some(&p) {
            return;
        }
        if !self.path.0.is_empty() {
            self.shares.push(share as f32);
        }
        self.path.0.push(p);
    }
}

/// Points that follow a first one, each with the share of the way to it.
type Way = Vec<(Point, f64)>;

/// Lays runs of straight lines. All ends lie on the border.
pub struct Ends<'a> {
    border: &'a Border<'a>,
    pieces: &'a [Piece],
    spacing_mm: f64,
    /// How far inside of the border of what is filled the ends lie…
    inset_mm: f64,
    /// …and how much of that is to be filled by links.
    strip_mm: f64,
    /// Whether the stretch of border from each end to the next is a link.
    is_link: Vec<bool>,
}

/// The border between two neighbouring ends, seen from one of them.
struct Stretch {
    /// Up to the other end.
    way: Vec<Point>,
    length_mm: f64,
    /// What has room, in mm² of a layer.
    room_mm2: f64,
    /// The wedge's length where there is one.
    wedge_mm: f64,
    /// Cosine of the angle between the line, as it ends, and the way on along the border, at either end.
    cosines: [f64; 2],
}

impl<'a> Ends<'a> {
    /// The ends of lines at a spacing lie `inset_mm` inside of the border of what they fill, which reaches `pressed_mm` into
    /// the walls: so far the lines go, but there links need to fill nothing.
    pub fn new(
        border: &'a Border<'a>,
        pieces: &'a [Piece],
        runs: &[Run],
        spacing_mm: f64,
        [inset_mm, pressed_mm]: [f64; 2],
    ) -> Self {
        let mut is_link = vec![false; 2 * pieces.len()];
        for run in runs {
            for (entry, &link) in run.entries.iter().zip(&run.links) {
                is_link[first_of(entry ^ 1, link)] = true;
            }
        }
        Self { border, pieces, spacing_mm, inset_mm, strip_mm: (inset_mm - pressed_mm).max(0.0), is_link }
    }

    /// The way along a run's lines and links, and into the wedges at its ends.
    pub fn laid(&self, run: &Run) -> Track {
        let mut track = Track::default();
        let place = |node: Node| self.border.end(node).point;
        for (i, &entry) in run.entries.iter().enumerate() {
            let at_entry = self.wedge(entry, if i == 0 { 1.0 } else { 0.5 });
            if i > 0 {
                at_entry.iter().for_each(|&(p, share)| track.go(p, share));
            }
            back(place(entry), &at_entry, &mut track);
            let exit = entry ^ 1;
            track.go(place(exit), 1.0);
            let at_exit = self.wedge(exit, if i < run.links.len() { 0.5 } else { 1.0 });
            at_exit.iter().for_each(|&(p, share)| track.go(p, share));
            if let Some(&link) = run.links.get(i) {
                back(place(exit), &at_exit, &mut track);
                self.link(exit, link).into_iter().for_each(|(p, share)| track.go(p, share));
            }
        }
        track
    }

    fn is_linked(&self, from: Node, link: Link) -> bool {
        self.is_link[first_of(from, link)]
    }

    fn stretch(&self, from: Node, link: Link) -> Stretch {
        let way = self.border.way(from, link);
        let (a, b) = (self.border.end(from).point, self.border.end(link.to).point);
        let vector = |p: Point, q: Point| [0, 1].map(|axis| q.to_mm()[axis] - p.to_mm()[axis]);
        let cross = |u: [f64; 2], v: [f64; 2]| u[0] * v[1] - u[1] * v[0];
        let bulge: f64 = way.windows(2).map(|w| 0.5 * cross(vector(a, w[0]), vector(a, w[1]))).sum();
        let bulge = if link.forward { bulge } else { -bulge };
        let cosine = |node: Node, next: Point| {
            let end = self.border.end(node).point;
            let (along, on) = (vector(self.border.end(node ^ 1).point, end), vector(end, next));
            let lengths = along[0].hypot(along[1]) * on[0].hypot(on[1]);
            if lengths > 0.0 { (along[0] * on[0] + along[1] * on[1]) / lengths } else { 0.0 }
        };
        let before = if way.len() > 1 { way[way.len() - 2] } else { a };
        let cosines = [cosine(from, way.first().copied().unwrap_or(b)), cosine(link.to, before)];
        let length_mm = link.length_mm;
        let high = self.inset_mm + 0.5 * self.spacing_mm;
        let is_shallow = cosines[0].max(cosines[1]) >= SHALLOW;
        let (room_mm2, wedge_mm) = match (self.pieces[from / 2].line - self.pieces[link.to / 2].line).abs() {
            // The border cuts into one line.
            0 => {
                let chord = a.distance_mm(b);
                (0.5 * self.spacing_mm * chord + self.inset_mm * length_mm + bulge, length_mm)
            }
            1 if is_shallow => {
                let wedge = (high / self.spacing_mm * length_mm).min(length_mm);
                (OF_WEDGE * 0.5 * high * wedge + bulge, wedge)
            }
            1 => (self.strip_mm * length_mm + bulge, length_mm),
            _ => (self.strip_mm * length_mm, length_mm),
        };
        Stretch { way, length_mm, room_mm2: room_mm2.max(0.0), wedge_mm, cosines }
    }

    /// The way through a link, from the end of one line to the beginning of the next.
    fn link(&self, from: Node, link: Link) -> Way {
        let stretch = self.stretch(from, link);
        let [a, b] = stretch.cosines;
        let start = self.border.end(from).point;
        let per_mm = stretch.room_mm2 / (self.spacing_mm * stretch.length_mm.max(1e-3));
        if a.max(b) < SHALLOW {
            let beside = self.beside(from, link) + self.beside(link.to, link.back(from));
            let share = per_mm + beside / (self.spacing_mm * stretch.length_mm.max(1e-3));
            return along(start, &stretch.way, &[], share);
        }
        if a.min(b) >= SHALLOW || stretch.length_mm < 2.0 * self.spacing_mm {
            return along(start, &stretch.way, &[], per_mm);
        }
        let half = 0.5 * stretch.wedge_mm;
        let mean = stretch.room_mm2 / (self.spacing_mm * stretch.wedge_mm);
        if a >= b {
            return along(start, &stretch.way, &[(half, 1.5 * mean), (half, 0.5 * mean)], 0.0);
        }
        let rest = stretch.length_mm - stretch.wedge_mm;
        along(start, &stretch.way, &[(rest, 0.0), (half, 0.5 * mean)], 1.5 * mean)
    }

    /// What the stretch on the other side of a linked end gives to the link, mm².
    fn beside(&self, node: Node, link: Link) -> f64 {
        let Some(neighbours) = self.border.neighbours(node) else { return 0.0 };
        let other = neighbours[usize::from(link.forward)];
        let apart = (self.pieces[node / 2].line - self.pieces[other.to / 2].line).abs();
        if apart != 1 || self.is_linked(node, other) {
            return 0.0;
        }
        let stretch = self.stretch(node, other);
        let [a, b] = stretch.cosines;
        if a.max(b) >= SHALLOW { 0.0 } else { 0.5 * FROM_BESIDE * stretch.room_mm2 }
    }

    /// The way into the wedge beside an end, where there is one that no link goes through and where the end is on its
    /// high side. `part` is the share of its material that is laid on the way.
    fn wedge(&self, node: Node, part: f64) -> Way {
        let Some(neighbours) = self.border.neighbours(node) else { return Way::new() };
        let free = neighbours.into_iter().filter(|&link| link.to != node ^ 1 && !self.is_linked(node, link));
        let found = free.map(|link| self.stretch(node, link)).find(|stretch| stretch.cosines[0] >= SHALLOW);
        let Some(stretch) = found else { return Way::new() };
        // From both sides where it is high on both.
        let [room_mm2, wedge_mm] =
            [stretch.room_mm2, stretch.wedge_mm].map(|v| if stretch.cosines[1] >= SHALLOW { 0.5 * v } else { v });
        if room_mm2 < LEAST_WEDGE * self.spacing_mm * self.spacing_mm {
            return Way::new();
        }
        let start = self.border.end(node).point;
        let reach = wedge_mm.min(2.0 * LONGEST_TAIL_MM);
        let mean = part * room_mm2 / (self.spacing_mm * wedge_mm);
        // It becomes lower on the way, and its tip is not worth it.
        let way: Vec<Point> = head(start, &stretch.way, 0.7 * reach).collect();
        along(start, &way, &[(0.4 * reach, 1.6 * mean)], 0.9 * mean)
    }
}

/// The end from which a stretch goes forward along the border.
fn first_of(from: Node, link: Link) -> Node {
    if link.forward { from } else { link.to }
}

/// Back along a way to where it came from.
fn back(to: Point, way: &[(Point, f64)], track: &mut Track) {
    if let Some(&(last, _)) = way.last() {
        track.go(last, 0.0);
    }
    for i in (0..way.len()).rev() {
        let p = if i > 0 { way[i - 1].0 } else { to };
        track.go(p, way[i].1);
    }
    track.go(to, 1.0);
}

/// A way with the shares of its parts, each given with its length in mm; the rest has the share `after`.
fn along(from: Point, way: &[Point], parts: &[(f64, f64)], after: f64) -> Way {
    let mut out = Way::with_capacity(way.len() + parts.len());
    let mut parts = parts.iter().copied().peekable();
    let mut at = from;
    // What is left of the part.
    let mut left = parts.peek().map_or(0.0, |part| part.0);
    for &p in way {
        while let Some(&(_, share)) = parts.peek() {
            let step = at.distance_mm(p);
            if left > step - LEAST_PART_MM {
                break;
            }
            at = at.towards(p, left / step);
            out.push((at, share.clamp(LEAST_SHARE, 1.0)));
            parts.next();
            left = parts.peek().map_or(0.0, |part| part.0);
        }
        let share = parts.peek().map_or(after, |part| part.1);
        out.push((p, share.clamp(LEAST_SHARE, 1.0)));
        left -= at.distance_mm(p);
        at = p;
        if left < LEAST_PART_MM && parts.next().is_some() {
            left = parts.peek().map_or(0.0, |part| part.0);
        }
    }
    out
}
