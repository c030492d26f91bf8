//! Handles for moving, turning and scaling by hand: how they look, which one is under the cursor, what a drag means.
//!
//! Pure arithmetic on camera and pixels. The handles keep their size on the screen; they know nothing of what they move.

use std::f64::consts::TAU;

use nalgebra::{Matrix3, Point3, Vector3};

use super::camera::Camera;
use super::palette::{Rgba, Theme, rgb, with_alpha};
use super::solid::{Solids, across};

/// What the handles do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GizmoKind {
    Move,
    Rotate,
    Scale,
}

/// One handle. Axes count from 0: x, y, z.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handle {
    /// Moves or scales along an axis.
    Axis(usize),
    /// Moves in the plane at right angles to an axis.
    Plane(usize),
    /// Turns around an axis.
    Ring(usize),
    /// Scales in all directions alike.
    Center,
}

/// What a drag from one pixel to another means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Drag {
    /// A shift in plate space.
    Move(Vector3<f64>),
    /// A turn around an axis of length 1 through the centre; right-handed.
    Rotate { axis: Vector3<f64>, angle_rad: f64 },
    /// A factor for each of the gizmo's axes, never negative or 0.
    Scale(Vector3<f64>),
}

/// Handles around a point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gizmo {
    pub kind: GizmoKind,
    pub center: Point3<f64>,
    /// The three directions, as columns of length 1: the plate's own, or those of the thing that is changed.
    pub axes: Matrix3<f64>,
    /// The handle under the cursor or being dragged: drawn brighter.
    pub active: Option<Handle>,
}

/// Sizes in points.
const LENGTH_PX: f64 = 92.0;
const PLANE_PX: [f64; 2] = [26.0, 44.0];
const RING_SIDES: usize = 72;
/// How close the cursor has to come, in points.
const TOLERANCE_PX: f64 = 9.0;
const SMALLEST_SCALE: f64 = 0.01;

impl Gizmo {
    /// Handles along the plate's axes.
    pub fn new(kind: GizmoKind, center: Point3<f64>) -> Self {
        Self { kind, center, axes: Matrix3::identity(), active: None }
    }

    fn axis(&self, axis: usize) -> Vector3<f64> {
        self.axes.column(axis % 3).into()
    }

    fn handles(&self) -> Vec<Handle> {
        match self.kind {
            GizmoKind::Move => (0..3).map(Handle::Axis).chain((0..3).map(Handle::Plane)).collect(),
            GizmoKind::Rotate => (0..3).map(Handle::Ring).collect(),
            GizmoKind::Scale => (0..3).map(Handle::Axis).chain([Handle::Center]).collect(),
        }
    }

    /// Corners of a plane's little square.
    fn square(&self, axis: usize, px: f64) -> [Point3<f64>; 4] {
        let (u, v) = (self.axis(axis + 1) * px, self.axis(axis + 2) * px);
        let [near, far] = PLANE_PX;
        [(near, near), (far, near), (far, far), (near, far)].map(|(a, b)| self.center + u * a + v * b)
    }

    fn ring(&self, axis: usize, px: f64) -> Vec<Point3<f64>> {
        let (u, v) = across(self.axis(axis));
        let on_ring = |i: usize| {
            let (sin, cos) = (i as f64 / RING_SIDES as f64 * TAU).sin_cos();
            self.center + (u * cos + v * sin) * LENGTH_PX * px
        };
        (0..RING_SIDES).map(on_ring).collect()
    }

    /// Half of the ring faces away: it is left out where the ring is seen from the side, so that rings do not tangle.
    fn faces_eye(&self, camera: &Camera, axis: usize, place: Point3<f64>) -> bool {
        let back = camera.axes()[2];
        self.axis(axis).dot(&back).abs() > 0.96 || (place - self.center).dot(&back) >= -1e-9
    }

    /// The handle under the cursor, the nearest where several are close.
    pub fn pick(
        &self,
        camera: &Camera,
        cursor_px: [f64; 2],
        size_px: [f64; 2],
        pixels_per_point: f64,
    ) -> Option<Handle> {
        let px = camera.mm_per_px(self.center, size_px[1]) * pixels_per_point;
        let seen = |p: Point3<f64>| camera.pixel_of(p, size_px);
        let distance = |handle: &Handle| -> Option<f64> {
            match *handle {
                Handle::Axis(axis) => {
                    let end = self.center + self.axis(axis) * LENGTH_PX * px;
                    let start = self.center + self.axis(axis) * 0.2 * LENGTH_PX * px;
                    Some(from_segment(cursor_px, seen(start)?, seen(end)?))
                }
                Handle::Plane(axis) => {
                    let [a, b, c, d] = self.square(axis, px).map(seen);
                    let corners = [a?, b?, c?, d?];
                    Some(if is_inside(cursor_px, &corners) { 0.0 } else { f64::INFINITY })
                }
                Handle::Ring(axis) => {
                    let ring = self.ring(axis, px);
                    let pairs = ring.iter().zip(ring.iter().cycle().skip(1));
                    pairs
                        .filter(|(a, b)| self.faces_eye(camera, axis, **a) && self.faces_eye(camera, axis, **b))
                        .filter_map(|(a, b)| Some(from_segment(cursor_px, seen(*a)?, seen(*b)?)))
                        .min_by(f64::total_cmp)
                }
                Handle::Center => {
                    let center = seen(self.center)?;
                    Some((cursor_px[0] - center[0]).hypot(cursor_px[1] - center[1]) - 4.0)
                }
            }
        };
        let close = self.handles().into_iter().filter_map(|h| Some((distance(&h)?, h)));
        close
            .filter(|(d, _)| *d <= TOLERANCE_PX * pixels_per_point)
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, handle)| handle)
    }

    /// What dragging a handle from one pixel to another means, from where the gizmo stood when the drag began; `None`
    /// where the cursor leaves what can be told (a plane seen from its edge, an axis seen from its end).
    pub fn drag(
        &self,
        handle: Handle,
        camera: &Camera,
        from_px: [f64; 2],
        to_px: [f64; 2],
        size_px: [f64; 2],
    ) -> Option<Drag> {
        let rays = [camera.ray(from_px, size_px), camera.ray(to_px, size_px)];
        match (self.kind, handle) {
            (GizmoKind::Move, Handle::Axis(axis)) => {
                let along = self.axis(axis);
                let [from, to] = rays.map(|r| r.nearest_on_line(self.center, along));
                Some(Drag::Move(along * (to? - from?)))
            }
            (GizmoKind::Move, Handle::Plane(axis)) => {
                let [from, to] = rays.map(|r| r.meets_plane(self.center, self.axis(axis)));
                Some(Drag::Move(to? - from?))
            }
            (_, Handle::Ring(axis)) => {
                let around = self.axis(axis);
                let [from, to] = if around.dot(&camera.axes()[2]).abs() > 0.2 {
                    rays.map(|r| r.meets_plane(self.center, around))
                } else {
                    // Seen from its edge, the ring is turned like a wheel by its nearest side.
                    let px = camera.mm_per_px(self.center, size_px[1]);
                    let front = self.center + camera.axes()[2] * LENGTH_PX * px;
                    rays.map(|r| r.meets_plane(front, camera.axes()[2]))
                };
                let [from, to] = [from? - self.center, to? - self.center].map(|v| v - around * v.dot(&around));
                Some(Drag::Rotate { axis: around, angle_rad: around.dot(&from.cross(&to)).atan2(from.dot(&to)) })
            }
            (GizmoKind::Scale, Handle::Axis(axis)) => {
                let [from, to] = rays.map(|r| r.nearest_on_line(self.center, self.axis(axis)));
                let from = from.filter(|f| f.abs() > 1e-6)?;
                let mut factors = Vector3::repeat(1.0);
                factors[axis % 3] = (to? / from).max(SMALLEST_SCALE);
                Some(Drag::Scale(factors))
            }
            (_, Handle::Center) => {
                // To the right and up makes larger; as far as a handle is long doubles.
                let moved = (to_px[0] - from_px[0]) - (to_px[1] - from_px[1]);
                Some(Drag::Scale(Vector3::repeat((moved / LENGTH_PX).exp2().max(SMALLEST_SCALE))))
            }
            _ => None,
        }
    }

    pub(super) fn solids(&self, camera: &Camera, size_px: [f64; 2], pixels_per_point: f64, theme: &Theme) -> Solids {
        let px = camera.mm_per_px(self.center, size_px[1]) * pixels_per_point;
        let mut solids = Solids::default();
        let paint = |handle: Handle, color: Rgba| if self.active == Some(handle) { brighter(color) } else { color };
        for handle in self.handles() {
            match handle {
                Handle::Axis(axis) => {
                    let color = paint(handle, theme.axes[axis]);
                    let at = |points: f64| self.center + self.axis(axis) * points * px;
                    match self.kind {
                        GizmoKind::Scale => {
                            solids.cone([at(8.0), at(LENGTH_PX - 6.0)], [1.5 * px; 2], color);
                            let axes = [0, 1, 2].map(|i| self.axis(i));
                            solids.cube(at(LENGTH_PX - 5.0), &axes, 5.5 * px, color);
                        }
                        _ => {
                            solids.cone([at(8.0), at(LENGTH_PX - 18.0)], [1.5 * px; 2], color);
                            solids.cone([at(LENGTH_PX - 20.0), at(LENGTH_PX)], [6.0 * px, 0.0], color);
                        }
                    }
                }
                Handle::Plane(axis) => {
                    let alpha = if self.active == Some(handle) { 230 } else { 130 };
                    solids.quad(self.square(axis, px), with_alpha(theme.axes[axis], alpha));
                }
                Handle::Ring(axis) => {
                    let color = paint(handle, theme.axes[axis]);
                    let ring = self.ring(axis, px);
                    let width = if self.active == Some(handle) { 2.4 } else { 1.7 };
                    for (a, b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
                        if self.faces_eye(camera, axis, *a) && self.faces_eye(camera, axis, *b) {
                            solids.cone([*a, *b], [width * px; 2], color);
                        }
                    }
                }
                Handle::Center => {
                    let axes = [0, 1, 2].map(|i| self.axis(i));
                    solids.cube(self.center, &axes, 6.5 * px, paint(handle, rgb(0xc4ccd6)));
                }
            }
        }
        solids
    }
}

fn brighter(color: Rgba) -> Rgba {
    let [r, g, b, a] = color;
    let lift = |c: u8| c.saturating_add((255 - c) / 2);
    [lift(r), lift(g), lift(b), a]
}

/// Distance from a pixel to a straight piece between two others.
fn from_segment(p: [f64; 2], a: [f64; 2], b: [f64; 2]) -> f64 {
    let (along, to) = ([b[0] - a[0], b[1] - a[1]], [p[0] - a[0], p[1] - a[1]]);
    let squared = along[0] * along[0] + along[1] * along[1];
    let part = if squared > 0.0 { ((to[0] * along[0] + to[1] * along[1]) / squared).clamp(0.0, 1.0) } else { 0.0 };
    (to[0] - along[0] * part).hypot(to[1] - along[1] * part)
}

/// Whether a pixel is inside of a convex quadrilateral.
fn is_inside(p: [f64; 2], corners: &[[f64; 2]; 4]) -> bool {
    let turns = [0, 1, 2, 3].map(|i| {
        let (a, b) = (corners[i], corners[(i + 1) % 4]);
        (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])
    });
    turns.iter().all(|t| *t >= 0.0) || turns.iter().all(|t| *t <= 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::camera::{Projection, StandardView};

    const SIZE: [f64; 2] = [800.0, 600.0];

    fn gizmo(kind: GizmoKind) -> (Gizmo, Camera) {
        let center = Point3::new(50.0, 60.0, 10.0);
        (Gizmo::new(kind, center), Camera { target: center, distance_mm: 200.0, ..Camera::default() })
    }

    fn pixel(camera: &Camera, place: Point3<f64>) -> [f64; 2] {
        camera.pixel_of(place, SIZE).unwrap()
    }

    #[test]
    fn each_handle_is_found_where_it_is_drawn() {
        let (gizmo, camera) = gizmo(GizmoKind::Move);
        let px = camera.mm_per_px(gizmo.center, SIZE[1]);
        for axis in 0..3 {
            let tip = pixel(&camera, gizmo.center + gizmo.axis(axis) * 80.0 * px);
            assert_eq!(gizmo.pick(&camera, tip, SIZE, 1.0), Some(Handle::Axis(axis)));
            let square = gizmo.square(axis, px);
            let middle = pixel(&camera, nalgebra::center(&square[0], &square[2]));
            assert_eq!(gizmo.pick(&camera, middle, SIZE, 1.0), Some(Handle::Plane(axis)));
        }
        assert_eq!(gizmo.pick(&camera, [5.0, 5.0], SIZE, 1.0), None);
        let turning = Gizmo { kind: GizmoKind::Rotate, ..gizmo };
        let ring = turning.ring(2, px);
        let front = ring.iter().find(|p| turning.faces_eye(&camera, 2, **p) && p.x > 50.0).unwrap();
        assert_eq!(turning.pick(&camera, pixel(&camera, *front), SIZE, 1.0), Some(Handle::Ring(2)));
        let scaling = Gizmo { kind: GizmoKind::Scale, ..gizmo };
        assert_eq!(scaling.pick(&camera, pixel(&camera, gizmo.center), SIZE, 1.0), Some(Handle::Center));
    }

    #[test]
    fn a_drag_along_an_axis_moves_as_far_as_the_cursor() {
        for projection in [Projection::Perspective, Projection::Orthographic] {
            let (gizmo, camera) = gizmo(GizmoKind::Move);
            let camera = Camera { projection, ..camera };
            for axis in 0..3 {
                let [from, to] = [20.0, 33.0].map(|mm| pixel(&camera, gizmo.center + gizmo.axis(axis) * mm));
                let Some(Drag::Move(shift)) = gizmo.drag(Handle::Axis(axis), &camera, from, to, SIZE) else {
                    panic!("not a move")
                };
                assert!((shift - gizmo.axis(axis) * 13.0).norm() < 1e-6, "{shift}");
            }
        }
    }

    #[test]
    fn a_drag_around_a_ring_turns_as_far_as_the_cursor() {
        let (gizmo, camera) = gizmo(GizmoKind::Rotate);
        let on_ring = |angle: f64| gizmo.center + Vector3::new(angle.cos(), angle.sin(), 0.0) * 30.0;
        let [from, to] = [-0.4, 0.7].map(|a| pixel(&camera, on_ring(a)));
        let Some(Drag::Rotate { axis, angle_rad }) = gizmo.drag(Handle::Ring(2), &camera, from, to, SIZE) else {
            panic!("not a turn")
        };
        assert!((angle_rad - 1.1).abs() < 1e-6 && axis == Vector3::z());
        // From the side, the cursor that goes to the right over the front turns the front to the right.
        let mut side = camera;
        side.look_from(StandardView::Front);
        let Some(Drag::Rotate { angle_rad, .. }) =
            gizmo.drag(Handle::Ring(2), &side, [400.0, 300.0], [450.0, 300.0], SIZE)
        else {
            panic!("not a turn")
        };
        assert!(angle_rad > 0.3, "{angle_rad}");
    }

    #[test]
    fn a_drag_scales_in_proportion_and_never_to_nothing() {
        let (gizmo, camera) = gizmo(GizmoKind::Scale);
        let at = |mm: f64| pixel(&camera, gizmo.center + Vector3::x() * mm);
        let Some(Drag::Scale(factors)) = gizmo.drag(Handle::Axis(0), &camera, at(20.0), at(30.0), SIZE) else {
            panic!("not a scale")
        };
        assert!((factors - Vector3::new(1.5, 1.0, 1.0)).norm() < 1e-6);
        let Some(Drag::Scale(factors)) = gizmo.drag(Handle::Axis(0), &camera, at(20.0), at(-30.0), SIZE) else {
            panic!("not a scale")
        };
        assert!(factors.x > 0.0);
    }
}
