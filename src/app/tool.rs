//! The tools that change what is selected, and a drag of one of their handles until it becomes an edit.

use nalgebra::{Matrix4, Point3, Rotation3, Translation3, Unit, Vector3};

use crate::render::{Camera, Drag, Gizmo, GizmoKind, Handle};
use crate::scene::edit::Transformation;

/// What is done to the selection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    Move,
    Rotate,
    Scale,
    PlaceOnFace,
}

impl Tool {
    /// The handles that it shows.
    pub fn gizmo(self) -> Option<GizmoKind> {
        match self {
            Tool::Move => Some(GizmoKind::Move),
            Tool::Rotate => Some(GizmoKind::Rotate),
            Tool::Scale => Some(GizmoKind::Scale),
            Tool::PlaceOnFace => None,
        }
    }
}

/// A change of what is selected, around a pivot: one edit when it is let go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    pub pivot: Point3<f64>,
    pub what: Drag,
}

impl Change {
    /// What it does to a point of the plate.
    pub fn matrix(&self) -> Matrix4<f64> {
        let (to, back) = (Translation3::from(self.pivot.coords), Translation3::from(-self.pivot.coords));
        let around = |m: Matrix4<f64>| to.to_homogeneous() * m * back.to_homogeneous();
        match self.what {
            Drag::Move(by) => Translation3::from(by).to_homogeneous(),
            Drag::Rotate { axis, angle_rad } => {
                around(Rotation3::from_axis_angle(&Unit::new_normalize(axis), angle_rad).to_homogeneous())
            }
            Drag::Scale(by) => around(Matrix4::new_nonuniform_scaling(&by)),
        }
    }

    /// What a person would call it.
    pub fn how(&self) -> Transformation {
        match self.what {
            Drag::Move(_) => Transformation::Move,
            Drag::Rotate { .. } => Transformation::Rotate,
            Drag::Scale(_) => Transformation::Scale,
        }
    }

    /// Whether it changes anything.
    pub fn is_something(&self) -> bool {
        match self.what {
            Drag::Move(by) => by.norm() > 1e-9,
            Drag::Rotate { angle_rad, .. } => angle_rad.abs() > 1e-9,
            Drag::Scale(by) => (by - Vector3::repeat(1.0)).norm() > 1e-9,
        }
    }

    /// The same in steps: 1 mm, 15°, 10 %.
    pub fn stepped(self) -> Self {
        let step = |value: f64, step: f64| (value / step).round() * step;
        let what = match self.what {
            Drag::Move(by) => Drag::Move(by.map(|c| step(c, 1.0))),
            Drag::Rotate { axis, angle_rad } => Drag::Rotate { axis, angle_rad: step(angle_rad, 15_f64.to_radians()) },
            Drag::Scale(by) => Drag::Scale(by.map(|c| step(c, 0.1).max(0.1))),
        };
        Self { what, ..self }
    }

    /// In words, for the status line.
    pub fn in_words(&self) -> String {
        match self.what {
            Drag::Move(by) => format!("Moved by {:.2} · {:.2} · {:.2} mm", by.x, by.y, by.z),
            Drag::Rotate { angle_rad, .. } => format!("Turned by {:.1}°", angle_rad.to_degrees()),
            Drag::Scale(by) if by.x == by.y && by.x == by.z => format!("Scaled to {:.1} %", by.x * 100.0),
            Drag::Scale(by) => {
                format!("Scaled to {:.1} · {:.1} · {:.1} %", by.x * 100.0, by.y * 100.0, by.z * 100.0)
            }
        }
    }
}

/// A drag that is going on, of a handle or of the object itself along the plate.
#[derive(Clone, Debug, PartialEq)]
pub struct Dragging {
    pub handle: Handle,
    /// As it stood when it was taken hold of.
    pub gizmo: Gizmo,
    from_px: [f64; 2],
    pub change: Change,
}

impl Dragging {
    /// Takes hold of a handle, or with [`Handle::Plane`]`(2)` of the object at a place.
    pub fn new(gizmo: Gizmo, handle: Handle, from_px: [f64; 2]) -> Self {
        let nothing = Drag::Move(Vector3::zeros());
        Self { handle, gizmo, from_px, change: Change { pivot: gizmo.center, what: nothing } }
    }

    /// Takes hold of an object at a place, to move it along the plate.
    pub fn object(at: Point3<f64>, pivot: Point3<f64>, from_px: [f64; 2]) -> Self {
        let gizmo = Gizmo::new(GizmoKind::Move, at);
        let mut dragging = Self::new(gizmo, Handle::Plane(2), from_px);
        dragging.change.pivot = pivot;
        dragging
    }

    /// Goes on to a pixel; where that means nothing, the change stays as it was.
    pub fn to(&mut self, camera: &Camera, to_px: [f64; 2], size_px: [f64; 2], in_steps: bool) {
        if let Some(what) = self.gizmo.drag(self.handle, camera, self.from_px, to_px, size_px) {
            let change = Change { what, ..self.change };
            self.change = if in_steps { change.stepped() } else { change };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_leaves_its_pivot_where_it_is() {
        let pivot = Point3::new(10.0, 20.0, 5.0);
        let turn = Drag::Rotate { axis: Vector3::y(), angle_rad: 1.0 };
        for what in [turn, Drag::Scale(Vector3::new(2.0, 3.0, 0.5))] {
            let moved = Change { pivot, what }.matrix().transform_point(&pivot);
            assert!((moved - pivot).norm() < 1e-9);
        }
    }

    #[test]
    fn steps_are_whole() {
        let change = |what| Change { pivot: Point3::origin(), what }.stepped().what;
        assert_eq!(change(Drag::Move(Vector3::new(1.4, -0.6, 0.2))), Drag::Move(Vector3::new(1.0, -1.0, 0.0)));
        assert_eq!(change(Drag::Scale(Vector3::repeat(0.001))), Drag::Scale(Vector3::repeat(0.1)));
    }
}
