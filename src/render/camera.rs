//! Where the picture is seen from: a turntable camera, pure arithmetic.
//!
//! The camera looks at a target from a direction given by two angles, so that "up" is always the plate's up and no
//! sequence of moves can tilt the horizon. All moves keep what is under the cursor under the cursor. World space is the
//! build plate's: millimetres, x to the right, y to the back, z up. Pixels count from the top left corner.
//!
//! The projection has its depth reversed (1 near, 0 far) and, in perspective, no far plane: a 32-bit depth buffer then
//! resolves layers of a hundredth of a millimetre across a metre of plate (Upchurch and Desbrun, "Tightening the
//! Precision of Perspective Rendering", 2012).

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use nalgebra::{Matrix3, Matrix4, Point3, Vector3};

/// Vertical opening of the perspective view.
const FIELD_OF_VIEW_RAD: f64 = 0.61;
/// Distances that the camera is kept between.
const DISTANCES_MM: (f64, f64) = (0.5, 20_000.0);

/// How distance shrinks things.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Projection {
    #[default]
    Perspective,
    Orthographic,
}

/// The standard views; each is named after the side that is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StandardView {
    /// From the front, above and a little to the right.
    Isometric,
    Front,
    Back,
    Left,
    Right,
    Top,
    Bottom,
}

impl StandardView {
    pub const ALL: [Self; 7] =
        [Self::Isometric, Self::Front, Self::Back, Self::Left, Self::Right, Self::Top, Self::Bottom];

    /// Azimuth and elevation in radians.
    fn angles_rad(self) -> (f64, f64) {
        match self {
            Self::Isometric => (-1.05, 0.56),
            Self::Front => (-FRAC_PI_2, 0.0),
            Self::Back => (FRAC_PI_2, 0.0),
            Self::Left => (PI, 0.0),
            Self::Right => (0.0, 0.0),
            Self::Top => (-FRAC_PI_2, FRAC_PI_2),
            Self::Bottom => (-FRAC_PI_2, -FRAC_PI_2),
        }
    }
}

/// A half-line in plate space; `direction` has length 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ray {
    pub origin: Point3<f64>,
    pub direction: Vector3<f64>,
}

impl Ray {
    /// The point at a distance along the ray.
    pub fn at(&self, distance_mm: f64) -> Point3<f64> {
        self.origin + self.direction * distance_mm
    }

    /// Where the ray meets a plane; `None` where it runs along it or the plane lies behind.
    pub fn meets_plane(&self, point: Point3<f64>, normal: Vector3<f64>) -> Option<Point3<f64>> {
        let along = self.direction.dot(&normal);
        if along.abs() < 1e-9 {
            return None;
        }
        let distance = (point - self.origin).dot(&normal) / along;
        (distance >= 0.0 && distance.is_finite()).then(|| self.at(distance))
    }

    /// How far along a line (through `point`, in `direction` of length 1) the place is that comes closest to this ray,
    /// in mm from `point`; `None` where both are parallel. This is how dragging along an axis is measured.
    pub fn nearest_on_line(&self, point: Point3<f64>, direction: Vector3<f64>) -> Option<f64> {
        let between = point - self.origin;
        let b = self.direction.dot(&direction);
        let denominator = 1.0 - b * b;
        if denominator < 1e-6 {
            return None;
        }
        Some((b * self.direction.dot(&between) - direction.dot(&between)) / denominator)
    }
}

/// An axis-aligned box in plate space, mm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Box3 {
    pub min: Point3<f64>,
    pub max: Point3<f64>,
}

impl Box3 {
    /// The smallest box around some points; `None` where there are none. Points that are not finite are passed over.
    pub fn around(points: impl IntoIterator<Item = Point3<f64>>) -> Option<Self> {
        points.into_iter().filter(|p| p.iter().all(|c| c.is_finite())).fold(None, |found: Option<Self>, p| {
            Some(found.map_or(Self { min: p, max: p }, |b| Self { min: b.min.inf(&p), max: b.max.sup(&p) }))
        })
    }

    /// The smallest box around both.
    pub fn union(&self, other: &Self) -> Self {
        Self { min: self.min.inf(&other.min), max: self.max.sup(&other.max) }
    }

    pub fn center(&self) -> Point3<f64> {
        nalgebra::center(&self.min, &self.max)
    }

    pub fn corners(&self) -> [Point3<f64>; 8] {
        std::array::from_fn(|i| {
            let pick = |axis: usize| if i >> axis & 1 == 0 { self.min[axis] } else { self.max[axis] };
            Point3::new(pick(0), pick(1), pick(2))
        })
    }
}

/// A turntable camera.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    /// What is in the middle of the picture.
    pub target: Point3<f64>,
    pub distance_mm: f64,
    /// Direction from the target to the eye around z: 0 is +x, −π/2 the front.
    pub azimuth_rad: f64,
    /// Height of the eye over the target's level: −π/2 to π/2.
    pub elevation_rad: f64,
    pub projection: Projection,
}

impl Default for Camera {
    fn default() -> Self {
        let (azimuth_rad, elevation_rad) = StandardView::Isometric.angles_rad();
        Self {
            target: Point3::origin(),
            distance_mm: 400.0,
            azimuth_rad,
            elevation_rad,
            projection: Projection::Perspective,
        }
    }
}

impl Camera {
    /// A camera at a standard view that shows a whole box.
    pub fn framing(view: StandardView, shown: &Box3, aspect: f64) -> Self {
        let mut camera = Self::default();
        camera.look_from(view);
        camera.frame(shown, aspect);
        camera
    }

    /// Unit vectors to the right, upwards in the picture, and from the target to the eye.
    pub fn axes(&self) -> [Vector3<f64>; 3] {
        let (sin_az, cos_az) = self.azimuth_rad.sin_cos();
        let (sin_el, cos_el) = self.elevation_rad.sin_cos();
        let back = Vector3::new(cos_el * cos_az, cos_el * sin_az, sin_el);
        let right = Vector3::new(-sin_az, cos_az, 0.0);
        [right, back.cross(&right), back]
    }

    /// Where the picture is seen from. In an orthographic view only its direction from the target matters.
    pub fn eye(&self) -> Point3<f64> {
        self.target + self.axes()[2] * self.distance_mm
    }

    fn half_height_per_mm() -> f64 {
        (FIELD_OF_VIEW_RAD / 2.0).tan()
    }

    /// Plate space to clip space, for a picture of `aspect` (width by height). Depth runs from 1 (near) to 0 (far).
    pub fn clip_from_plate(&self, aspect: f64) -> Matrix4<f64> {
        let [right, up, back] = self.axes();
        let eye = self.eye().coords;
        #[rustfmt::skip]
        let view = Matrix4::new(
            right.x, right.y, right.z, -right.dot(&eye),
            up.x, up.y, up.z, -up.dot(&eye),
            back.x, back.y, back.z, -back.dot(&eye),
            0.0, 0.0, 0.0, 1.0,
        );
        let half = Self::half_height_per_mm();
        #[rustfmt::skip]
        let projection = match self.projection {
            Projection::Perspective => Matrix4::new(
                1.0 / (half * aspect), 0.0, 0.0, 0.0,
                0.0, 1.0 / half, 0.0, 0.0,
                0.0, 0.0, 0.0, self.near_mm(),
                0.0, 0.0, -1.0, 0.0,
            ),
            Projection::Orthographic => {
                let height = half * self.distance_mm;
                // Deep enough for any plate, whatever the zoom.
                let depth = self.distance_mm + 5_000.0;
                Matrix4::new(
                    1.0 / (height * aspect), 0.0, 0.0, 0.0,
                    0.0, 1.0 / height, 0.0, 0.0,
                    0.0, 0.0, 0.5 / depth, 0.5 * (self.distance_mm + depth) / depth,
                    0.0, 0.0, 0.0, 1.0,
                )
            }
        };
        projection * view
    }

    fn near_mm(&self) -> f64 {
        (self.distance_mm * 0.01).clamp(0.05, 5.0)
    }

    /// The ray through a pixel of a picture of that size.
    pub fn ray(&self, pixel: [f64; 2], size_px: [f64; 2]) -> Ray {
        let [right, up, back] = self.axes();
        let half = Self::half_height_per_mm();
        let height = size_px[1].max(1.0);
        let x = (2.0 * pixel[0] - size_px[0]) / height * half;
        let y = (1.0 - 2.0 * pixel[1] / height) * half;
        match self.projection {
            Projection::Perspective => Ray { origin: self.eye(), direction: (right * x + up * y - back).normalize() },
            Projection::Orthographic => {
                let start = self.target + (right * x + up * y) * self.distance_mm;
                Ray { origin: start + back * (self.distance_mm + 5_000.0), direction: -back }
            }
        }
    }

    /// The pixel at which a point is seen; `None` where it is behind the eye.
    pub fn pixel_of(&self, point: Point3<f64>, size_px: [f64; 2]) -> Option<[f64; 2]> {
        let clip = self.clip_from_plate(size_px[0] / size_px[1].max(1.0)) * point.to_homogeneous();
        (clip.w > 1e-6)
            .then(|| [(clip.x / clip.w + 1.0) / 2.0 * size_px[0], (1.0 - clip.y / clip.w) / 2.0 * size_px[1]])
    }

    /// Millimetres that a pixel covers at a point (for gizmos of constant size, for panning).
    pub fn mm_per_px(&self, point: Point3<f64>, height_px: f64) -> f64 {
        let depth = match self.projection {
            Projection::Perspective => (self.eye() - point).dot(&self.axes()[2]).max(self.near_mm()),
            Projection::Orthographic => self.distance_mm,
        };
        2.0 * depth * Self::half_height_per_mm() / height_px.max(1.0)
    }

    /// Turns around a pivot, which stays at its pixel. Positive `right_rad` moves the eye to the right around it,
    /// positive `up_rad` upwards; the elevation stops at straight down and straight up.
    pub fn orbit(&mut self, pivot: Point3<f64>, right_rad: f64, up_rad: f64) {
        let before = Matrix3::from_columns(&self.axes());
        let held = before.transpose() * (self.target - pivot);
        self.azimuth_rad = wrapped(self.azimuth_rad + right_rad);
        self.elevation_rad = (self.elevation_rad + up_rad).clamp(-FRAC_PI_2, FRAC_PI_2);
        self.target = pivot + Matrix3::from_columns(&self.axes()) * held;
    }

    /// Shifts the picture by pixels so that the point `held` moves with the cursor.
    pub fn pan(&mut self, held: Point3<f64>, moved_px: [f64; 2], height_px: f64) {
        let [right, up, _] = self.axes();
        self.target += (up * moved_px[1] - right * moved_px[0]) * self.mm_per_px(held, height_px);
    }

    /// Brings the eye closer to a point (factor below 1) or further from it (above 1); the point stays at its pixel.
    pub fn zoom(&mut self, anchor: Point3<f64>, factor: f64) {
        if !(factor.is_finite() && factor > 0.0) {
            return;
        }
        let distance = (self.distance_mm * factor).clamp(DISTANCES_MM.0, DISTANCES_MM.1);
        self.target = anchor + (self.target - anchor) * (distance / self.distance_mm);
        self.distance_mm = distance;
    }

    /// What to hold on to under the cursor: the given hit on something drawn, else the plate where the ray meets it
    /// not too far away, else the plane through the target.
    pub fn anchor(&self, ray: &Ray, hit: Option<Point3<f64>>) -> Point3<f64> {
        hit.or_else(|| {
            ray.meets_plane(Point3::origin(), Vector3::z())
                .filter(|p| (p - self.target).norm() < 2.0 * self.distance_mm)
        })
        .or_else(|| ray.meets_plane(self.target, self.axes()[2]))
        .unwrap_or(self.target)
    }

    /// Turns to a standard view; target and distance stay.
    pub fn look_from(&mut self, view: StandardView) {
        (self.azimuth_rad, self.elevation_rad) = view.angles_rad();
    }

    /// Moves so that the whole box is in the picture, with a margin; the direction stays.
    pub fn frame(&mut self, shown: &Box3, aspect: f64) {
        let [right, up, back] = self.axes();
        let half = Self::half_height_per_mm();
        let center = shown.center();
        let distance = shown.corners().iter().fold(DISTANCES_MM.0, |distance: f64, corner| {
            let from_center = corner - center;
            let sideways = (from_center.dot(&right).abs() / aspect.max(0.05)).max(from_center.dot(&up).abs()) / half;
            distance.max(match self.projection {
                Projection::Perspective => sideways + from_center.dot(&back),
                Projection::Orthographic => sideways,
            })
        });
        self.target = center;
        self.distance_mm = (distance * 1.12).clamp(DISTANCES_MM.0, DISTANCES_MM.1);
    }

    /// The camera on its way from one place to another, for short animations: `part` runs from 0 to 1, eased at both ends.
    pub fn between(from: &Self, to: &Self, part: f64) -> Self {
        let part = part.clamp(0.0, 1.0);
        let eased = part * part * (3.0 - 2.0 * part);
        Self {
            target: from.target + (to.target - from.target) * eased,
            distance_mm: (from.distance_mm.ln() * (1.0 - eased) + to.distance_mm.ln() * eased).exp(),
            azimuth_rad: wrapped(from.azimuth_rad + wrapped(to.azimuth_rad - from.azimuth_rad) * eased),
            elevation_rad: from.elevation_rad + (to.elevation_rad - from.elevation_rad) * eased,
            projection: to.projection,
        }
    }
}

/// The same angle between −π and π.
fn wrapped(angle_rad: f64) -> f64 {
    let turned = angle_rad.rem_euclid(TAU);
    if turned > PI { turned - TAU } else { turned }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: [f64; 2] = [800.0, 600.0];

    fn cameras() -> Vec<Camera> {
        let odd =
            Camera { target: Point3::new(20.0, -7.0, 3.0), azimuth_rad: 2.1, elevation_rad: -0.4, ..Camera::default() };
        [Camera::default(), odd]
            .into_iter()
            .flat_map(|c| [c, Camera { projection: Projection::Orthographic, ..c }])
            .collect()
    }

    fn assert_near(a: [f64; 2], b: [f64; 2]) {
        assert!((a[0] - b[0]).abs() < 1e-6 && (a[1] - b[1]).abs() < 1e-6, "{a:?} is not {b:?}");
    }

    #[test]
    fn a_ray_through_a_pixel_passes_the_points_seen_there() {
        for camera in cameras() {
            let ray = camera.ray([123.0, 456.0], SIZE);
            for distance in [10.0, 300.0] {
                assert_near(camera.pixel_of(ray.at(distance), SIZE).unwrap(), [123.0, 456.0]);
            }
        }
    }

    #[test]
    fn every_move_holds_the_point_under_the_cursor() {
        let point = Point3::new(35.0, 12.0, 8.0);
        for start in cameras() {
            let seen = start.pixel_of(point, SIZE).unwrap();
            let mut camera = start;
            camera.orbit(point, 1.3, 0.2);
            camera.orbit(point, -0.4, -3.0);
            assert_near(camera.pixel_of(point, SIZE).unwrap(), seen);
            let mut camera = start;
            camera.zoom(point, 0.5);
            assert_near(camera.pixel_of(point, SIZE).unwrap(), seen);
            let mut camera = start;
            camera.pan(point, [31.0, -17.0], SIZE[1]);
            assert_near(camera.pixel_of(point, SIZE).unwrap(), [seen[0] + 31.0, seen[1] - 17.0]);
        }
    }

    #[test]
    fn the_horizon_never_tilts_and_straight_down_has_the_front_below() {
        let mut camera = Camera::default();
        for step in 0..50 {
            camera.orbit(Point3::new(9.0, 9.0, 9.0), 0.7, if step % 2 == 0 { 2.0 } else { -0.9 });
            assert_eq!(camera.axes()[0].z, 0.0);
        }
        camera.look_from(StandardView::Top);
        let [right, up, _] = camera.axes();
        assert!((right - Vector3::x()).norm() < 1e-9 && (up - Vector3::y()).norm() < 1e-9);
    }

    #[test]
    fn framing_shows_the_whole_box_and_fills_most_of_the_picture() {
        let shown = Box3 { min: Point3::new(-5.0, 10.0, 0.0), max: Point3::new(95.0, 40.0, 60.0) };
        for projection in [Projection::Perspective, Projection::Orthographic] {
            for view in StandardView::ALL {
                let mut camera = Camera { projection, ..Camera::default() };
                camera.look_from(view);
                camera.frame(&shown, SIZE[0] / SIZE[1]);
                let seen: Vec<_> = shown.corners().map(|c| camera.pixel_of(c, SIZE).unwrap()).to_vec();
                assert!(
                    seen.iter().all(|p| (0.0..=SIZE[0]).contains(&p[0]) && (0.0..=SIZE[1]).contains(&p[1])),
                    "{view:?} {seen:?}"
                );
                let reach = |axis: usize| {
                    let far = |p: &[f64; 2]| (p[axis] * 2.0 / SIZE[axis] - 1.0).abs();
                    seen.iter().map(far).fold(0.0, f64::max)
                };
                assert!(reach(0).max(reach(1)) > 0.7, "{view:?} leaves too much empty");
            }
        }
    }

    #[test]
    fn depth_falls_with_distance() {
        for camera in cameras() {
            let depth = |distance: f64| {
                let point = camera.target + camera.axes()[2] * (camera.distance_mm - distance);
                let clip = camera.clip_from_plate(1.0) * point.to_homogeneous();
                clip.z / clip.w
            };
            assert!(depth(50.0) > depth(51.0) && depth(51.0) > depth(900.0) && depth(900.0) > 0.0);
            assert!(depth(50.0) < 1.0);
        }
    }

    #[test]
    fn an_animation_takes_the_short_way_around_and_ends_where_it_should() {
        let from = Camera { azimuth_rad: 3.0, ..Camera::default() };
        let to = Camera { azimuth_rad: -3.0, distance_mm: 100.0, ..from };
        assert!(Camera::between(&from, &to, 0.5).azimuth_rad.abs() > 3.0);
        let end = Camera::between(&from, &to, 1.0);
        assert!((end.distance_mm - 100.0).abs() < 1e-9 && (end.azimuth_rad + 3.0).abs() < 1e-9);
    }

    #[test]
    fn dragging_along_an_axis_follows_the_ray() {
        let ray = Ray { origin: Point3::new(7.0, -50.0, 3.0), direction: Vector3::y() };
        assert!((ray.nearest_on_line(Point3::origin(), Vector3::x()).unwrap() - 7.0).abs() < 1e-9);
        assert_eq!(ray.nearest_on_line(Point3::origin(), Vector3::y()), None);
        assert_eq!(ray.meets_plane(Point3::origin(), Vector3::x()), None);
        let on_wall = ray.meets_plane(Point3::new(0.0, 4.0, 0.0), Vector3::y());
        assert_eq!(on_wall, Some(Point3::new(7.0, 4.0, 3.0)));
    }
}
