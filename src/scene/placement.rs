//! Transforms of objects: what moves them where a person wants them.

use nalgebra::{Matrix3, Matrix4, Rotation3, Translation3, Vector3};

/// A shift.
pub(super) fn moved_by(by: [f64; 3]) -> Matrix4<f64> {
    Translation3::from(Vector3::from(by)).to_homogeneous()
}

/// A transform done around a point instead of the origin.
pub(super) fn around(pivot: [f64; 3], transform: &Matrix4<f64>) -> Matrix4<f64> {
    moved_by(pivot) * transform * moved_by(pivot.map(|x| -x))
}

/// Whether a transform keeps objects objects: finite, affine, and not flat.
pub(super) fn is_usable(transform: &Matrix4<f64>) -> bool {
    let linear: Matrix3<f64> = transform.fixed_view::<3, 3>(0, 0).into_owned();
    let determinant = linear.determinant();
    // Flat in comparison with its own size, however small or large that is.
    let scale = linear.norm();
    transform.iter().all(|x| x.is_finite())
        && [transform[(3, 0)], transform[(3, 1)], transform[(3, 2)], transform[(3, 3)]] == [0.0, 0.0, 0.0, 1.0]
        && determinant.abs() > 1e-9 * scale.powi(3)
}

/// The rotation that makes a direction of the model point straight down on the plate. `None` where the direction is
/// none. Normals go by the inverse transpose, so that scaled faces lie flat too.
pub(super) fn facing_down(plate_from_model: &Matrix4<f64>, normal_in_model: [f64; 3]) -> Option<Matrix4<f64>> {
    let linear: Matrix3<f64> = plate_from_model.fixed_view::<3, 3>(0, 0).into_owned();
    // The cofactor matrix is the inverse transpose times the determinant: its sign keeps outside outside.
    let inverse = linear.try_inverse()?;
    let normal = (inverse.transpose() * Vector3::from(normal_in_model)).try_normalize(0.0)?;
    let down = -Vector3::z();
    let rotation = Rotation3::rotation_between(&normal, &down)
        // Straight up: any horizontal axis will do.
        .unwrap_or_else(|| Rotation3::from_axis_angle(&Vector3::x_axis(), std::f64::consts::PI));
    normal.iter().all(|x| x.is_finite()).then(|| rotation.to_homogeneous())
}
