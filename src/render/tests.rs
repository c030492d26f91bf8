//! Pictures drawn without a window, and what must be seen in them.

use std::f64::consts::{FRAC_PI_2, TAU};
use std::sync::Arc;

use image::RgbaImage;
use nalgebra::{Matrix4, Point3, Vector3};

use super::*;
use crate::geometry::Point;
use crate::model::{Mesh, Model, Part};
use crate::progress::Progress;
use crate::toolpath::{Extrusion, Layer, Role, Step, Toolpath, Travel};

fn model(mesh: Mesh) -> Arc<Model> {
    let part = Part { name: "part".to_owned(), mesh: Arc::new(mesh), model_from_part: Matrix4::identity() };
    Arc::new(Model { name: "model".to_owned(), parts: vec![part] })
}

/// A cube with a corner at the origin.
pub(super) fn cube_model(side: f32) -> Arc<Model> {
    let vertices = (0..8).map(|i| [i & 1, i >> 1 & 1, i >> 2].map(|b| b as f32 * side)).collect();
    let quads = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]];
    let triangles = quads.iter().flat_map(|[a, b, c, d]| [[*a, *b, *c], [*a, *c, *d]]).collect();
    model(Mesh { vertices, triangles, colors: Vec::new() })
}

/// A rough sheet of n by n squares of a millimetre; its heights come from whole numbers, the same everywhere.
pub(super) fn wavy_model(n: u32) -> Arc<Model> {
    let height = |x: u32, y: u32| ((x * 7 + y * 13) % 11) as f32 * 0.3 + ((x * x + 3 * y) % 17) as f32 * 0.2;
    let vertices = (0..(n + 1) * (n + 1)).map(|i| (i % (n + 1), i / (n + 1)));
    let vertices = vertices.map(|(x, y)| [x as f32, y as f32, height(x, y)]).collect();
    let squares = (0..n * n).map(|i| i / n * (n + 1) + i % n);
    let triangles = squares.flat_map(|a| [[a, a + 1, a + n + 2], [a, a + n + 2, a + n + 1]]).collect();
    model(Mesh { vertices, triangles, colors: Vec::new() })
}

/// A printed cylinder: on each layer an outer and an inner wall and a zigzag of infill.
fn printed(layers: usize) -> Arc<ToolpathDrawing> {
    let at = |x: f64, y: f64| Point::from_mm(50.0 + x, 50.0 + y);
    let extrude = |role, points| {
        Step::Extrude(Extrusion {
            role,
            width_mm: 0.45,
            height_mm: 0.3,
            flow_mm3_per_mm: 0.12,
            feed_mm_per_s: if role == Role::ExternalPerimeter { 30.0 } else { 90.0 },
            points,
            z_mm: Vec::new(),
        })
    };
    let ring = |radius: f64| -> Vec<Point> {
        let angles = (0..=48).map(|i| (f64::from(i % 48) / 48.0 * TAU).sin_cos());
        angles.map(|(sin, cos)| at(radius * cos, radius * sin)).collect()
    };
    let zigzag = |rows: std::ops::RangeInclusive<i32>| -> Vec<Point> {
        let rows = rows.map(|row| (f64::from(row) * 2.0, if row % 2 == 0 { 1.0 } else { -1.0 }));
        rows.flat_map(|(y, side): (f64, f64)| {
            let reach = (18.0_f64.powi(2) - y * y).sqrt() * side;
            [at(-reach, y), at(reach, y)]
        })
        .collect()
    };
    let layer = |i: usize| {
        let z_mm = 0.3 * (i + 1) as f32;
        let inner = ring(19.0);
        let travel = Travel {
            points: vec![inner[0], at(-16.0, -8.0)],
            feed_mm_per_s: 150.0,
            wipe_retract_mm: 0.0,
            z_mm: Vec::new(),
        };
        Layer {
            z_mm,
            height_mm: 0.3,
            steps: vec![
                Step::MoveZ { z_mm, feed_mm_per_s: 10.0 },
                extrude(Role::Perimeter, inner),
                extrude(Role::ExternalPerimeter, ring(19.5)),
                Step::Retract { length_mm: 0.8, feed_mm_per_s: 35.0 },
                Step::Travel(travel),
                Step::Unretract { length_mm: 0.8, feed_mm_per_s: 35.0 },
                extrude(Role::InternalInfill, zigzag(-8..=8)),
            ],
        }
    };
    let toolpath = Toolpath { layers: (0..layers).map(layer).collect(), ..Toolpath::default() };
    Arc::new(ToolpathDrawing::new(&toolpath, &[], &Progress::new()).expect("nobody cancels it"))
}

fn view(objects: Vec<DrawnObject>) -> View {
    let plate = Arc::new(Plate::rectangle(100.0, 100.0, 100.0));
    let shown = Box3 { min: Point3::new(20.0, 20.0, 0.0), max: Point3::new(80.0, 80.0, 30.0) };
    let camera = Camera::framing(StandardView::Isometric, &shown, 4.0 / 3.0);
    View { size_px: [320, 240], camera, plate: Some(plate), objects, ..View::default() }
}

fn cube_at(x: f64, y: f64, z: f64) -> DrawnObject {
    let place = Matrix4::new_translation(&Vector3::new(x, y, z));
    DrawnObject::new(cube_model(30.0), place, palette::rgb(0x3070ff))
}

fn renderer() -> Renderer {
    Renderer::new(Context::headless().expect("the tests need a Vulkan driver"), None)
}

fn picture_of(renderer: &mut Renderer, view: &View) -> RgbaImage {
    renderer.picture(view).expect("a picture")
}

/// Pixels that differ clearly.
fn differing(a: &RgbaImage, b: &RgbaImage) -> usize {
    let far = |p: &image::Rgba<u8>, q: &image::Rgba<u8>| p.0.iter().zip(q.0).any(|(x, y)| x.abs_diff(y) > 24);
    a.pixels().zip(b.pixels()).filter(|(p, q)| far(p, q)).count()
}

fn reddish(picture: &RgbaImage) -> usize {
    picture.pixels().filter(|p| i32::from(p.0[0]) > i32::from(p.0[1].max(p.0[2])) + 50).count()
}

#[test]
fn a_cube_is_in_its_colour_in_the_middle_and_the_background_in_the_corners() {
    let mut renderer = renderer();
    let view = view(vec![cube_at(35.0, 35.0, 0.0)]);
    let picture = picture_of(&mut renderer, &view);
    let middle = picture.get_pixel(160, 120).0;
    assert!(middle[2] > middle[0] + 40, "{middle:?} is not blue");
    let top = palette::Theme::DARK.background_top;
    let corner = picture.get_pixel(2, 2).0;
    assert!((0..3).all(|i| corner[i].abs_diff(top[i]) < 6), "{corner:?}");
    let blue = picture.pixels().filter(|p| p.0[2] > p.0[0].saturating_add(40)).count();
    assert!((320 * 240 / 20..320 * 240 / 2).contains(&blue), "{blue} pixels are blue");
    // The ray that picks and the picture agree.
    let ray = view.camera.ray([160.0, 120.0], view.size());
    assert_eq!(Picker::default().pick(&ray, &view.objects).map(|h| h.object), Some(0));
}

#[test]
fn only_what_is_outside_of_the_build_volume_is_hatched_red() {
    let mut renderer = renderer();
    let inside = picture_of(&mut renderer, &view(vec![cube_at(35.0, 35.0, 0.0)]));
    assert!(reddish(&inside) < 60, "{} red pixels: more than the axis", reddish(&inside));
    for place in [(-15.0, 35.0, 0.0), (35.0, 35.0, 85.0), (35.0, -15.0, 0.0)] {
        let mut outside = view(vec![cube_at(place.0, place.1, place.2)]);
        let shown = outside.shown_box().expect("a cube");
        outside.camera.frame(&shown, outside.aspect());
        let red = reddish(&picture_of(&mut renderer, &outside));
        assert!(red > 1500, "{place:?}: {red} red pixels");
    }
}

#[test]
fn selection_draws_an_outline_and_leaves_the_object_as_it_is() {
    let mut renderer = renderer();
    let plain = view(vec![cube_at(35.0, 35.0, 0.0)]);
    let mut selected = plain.clone();
    selected.objects[0].selected = true;
    let (before, after) = (picture_of(&mut renderer, &plain), picture_of(&mut renderer, &selected));
    let changed = differing(&before, &after);
    assert!((200..4000).contains(&changed), "{changed}");
    assert_eq!(before.get_pixel(160, 120), after.get_pixel(160, 120));
}

#[test]
fn the_shown_layers_moves_features_and_colours_change_the_picture() {
    let mut renderer = renderer();
    let mut base = view(Vec::new());
    base.toolpath = Some(ToolpathView::new(printed(60)));
    let whole = picture_of(&mut renderer, &base);
    let mut differs = |what: &str, change: &dyn Fn(&mut ToolpathView)| {
        let mut other = base.clone();
        change(other.toolpath.as_mut().expect("a toolpath"));
        let pixels = differing(&whole, &picture_of(&mut renderer, &other));
        assert!(pixels > 100, "{what} changes {pixels} pixels");
    };
    differs("fewer layers", &|t| t.layers = 0..20);
    differs("upper layers only", &|t| t.layers = 40..60);
    differs("fewer moves", &|t| t.moves = Some(60));
    differs("no infill", &|t| t.roles = t.roles.with(Role::InternalInfill, false));
    differs("speeds", &|t| t.color_by = ColorBy::Speed);
    differs("no layers", &|t| t.layers = 0..0);
    differs("travels", &|t| (t.layers, t.travels) = (0..20, true));
    differs("marks and nozzle", &|t| (t.retractions, t.seams, t.nozzle) = (true, true, true));
    // Back to where it began: the same bytes again.
    assert!(whole == picture_of(&mut renderer, &base), "the same view gives the same bytes");
}

#[test]
fn a_coarse_picture_while_moving_looks_nearly_the_same() {
    let mut renderer = renderer();
    let mut fine = view(Vec::new());
    fine.toolpath = Some(ToolpathView::new(printed(500)));
    fine.camera.frame(&fine.shown_box().expect("a toolpath"), fine.aspect());
    let coarse = View { moving: true, ..fine.clone() };
    let empty = View { toolpath: None, ..fine.clone() };
    let [fine, coarse, empty] = [fine, coarse, empty].map(|view| picture_of(&mut renderer, &view));
    let apart = |other: &RgbaImage| -> u64 {
        fine.as_raw().iter().zip(other.as_raw()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum()
    };
    assert!(apart(&coarse) * 4 < apart(&empty), "{} {}", apart(&coarse), apart(&empty));
    assert!(apart(&coarse) > 0, "it leaves something out");
}

#[test]
fn nothing_to_draw_is_drawn_without_complaint() {
    let mut renderer = renderer();
    let empty = picture_of(&mut renderer, &View { plate: None, ..view(Vec::new()) });
    let mut nothing = view(vec![DrawnObject::new(Arc::new(Model::default()), Matrix4::identity(), [9, 9, 9, 255])]);
    let no_triangles = model(Mesh { vertices: vec![[0.0; 3]; 9], ..Mesh::default() });
    nothing.objects.push(DrawnObject::new(no_triangles, Matrix4::identity(), [9, 9, 9, 255]));
    nothing.plate = Some(Arc::new(Plate::default()));
    nothing.toolpath = Some(ToolpathView {
        travels: true,
        seams: true,
        nozzle: true,
        layers: 0..7,
        ..ToolpathView::new(Arc::default())
    });
    assert_eq!(differing(&empty, &picture_of(&mut renderer, &nothing)), 0);
    let sized = |size_px| View { size_px, ..View::default() };
    assert!(matches!(renderer.picture(&sized([0, 10])), Err(PictureError::Size { .. })));
    assert!(matches!(renderer.picture(&sized([10, 1 << 20])), Err(PictureError::Size { .. })));
}

#[test]
fn an_equal_view_is_not_drawn_again() {
    let mut renderer = renderer();
    let first = view(vec![cube_at(35.0, 35.0, 0.0)]);
    let mut draw = |view: &View| {
        let device = renderer.context().device.clone();
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let drew = renderer.draw(&mut encoder, view);
        renderer.context().queue.submit([encoder.finish()]);
        drew
    };
    assert!(draw(&first) && !draw(&first.clone()));
    let mut moved = first.clone();
    moved.camera.orbit(Point3::origin(), 0.1, 0.0);
    assert!(draw(&moved) && draw(&first));
}

#[test]
fn from_below_the_plate_is_glass_and_gizmos_are_seen_through_everything() {
    let mut renderer = renderer();
    let mut below = view(vec![cube_at(35.0, 35.0, 0.0)]);
    below.camera.orbit(Point3::new(50.0, 50.0, 0.0), 0.0, -1.2);
    let middle = picture_of(&mut renderer, &below).get_pixel(160, 120).0;
    assert!(middle[2] > middle[0] + 15, "{middle:?} shows nothing of the cube");
    let mut inside = view(vec![cube_at(35.0, 35.0, 0.0)]);
    let before = picture_of(&mut renderer, &inside);
    for kind in [GizmoKind::Move, GizmoKind::Rotate, GizmoKind::Scale] {
        inside.gizmo = Some(Gizmo::new(kind, Point3::new(50.0, 50.0, 15.0)));
        assert!(differing(&before, &picture_of(&mut renderer, &inside)) > 300, "{kind:?}");
    }
}

#[test]
fn what_stands_on_the_plate_darkens_it_around_and_what_floats_does_not() {
    let mut renderer = renderer();
    // Straight down, beside the cube: the plate's own colour against that in the shadow.
    let lightness = |renderer: &mut Renderer, z: f64| -> u32 {
        let mut from_above = view(vec![cube_at(35.0, 35.0, z)]);
        from_above.camera.look_from(StandardView::Top);
        from_above.camera.projection = Projection::Orthographic;
        let pixel = from_above.camera.pixel_of(Point3::new(32.5, 52.5, 0.0), from_above.size()).expect("in sight");
        let picture = picture_of(renderer, &from_above);
        picture.get_pixel(pixel[0] as u32, pixel[1] as u32).0[..3].iter().map(|c| u32::from(*c)).sum()
    };
    let (standing, floating) = (lightness(&mut renderer, 0.0), lightness(&mut renderer, 60.0));
    assert!(standing + 6 < floating, "{standing} {floating}");
}

#[test]
fn overhangs_are_shaded_on_demand() {
    let mut renderer = renderer();
    let tilted = Matrix4::new_translation(&Vector3::new(50.0, 35.0, 0.0))
        * Matrix4::from_axis_angle(&Vector3::y_axis(), -FRAC_PI_2 / 3.0);
    let object = DrawnObject::new(cube_model(30.0), tilted, palette::rgb(0x3070ff));
    let mut plain = view(vec![object]);
    plain.camera.look_from(StandardView::Left);
    plain.camera.orbit(Point3::new(50.0, 50.0, 10.0), 0.0, -0.3);
    let leaning = |degrees: f64| View { overhang_angle_rad: Some(degrees.to_radians()), ..plain.clone() };
    let [plain_picture, at_50, at_75] =
        [plain.clone(), leaning(20.0), leaning(75.0)].map(|v| picture_of(&mut renderer, &v));
    assert!(differing(&plain_picture, &at_50) > 500);
    assert_eq!(differing(&plain_picture, &at_75), 0);
}

/// A window with nothing but the picture.
struct PictureWindow(View);

impl eframe::App for PictureWindow {
    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        let rect = ui.ctx().content_rect();
        ui.painter().add(egui_wgpu::Callback::new_paint_callback(rect, ViewCallback(self.0.clone())));
    }
}

#[test]
fn a_window_shows_the_same_picture() {
    let shown = view(vec![cube_at(35.0, 35.0, 0.0)]);
    let builder = egui_kittest::Harness::builder().with_size([320.0, 240.0]).with_pixels_per_point(1.0);
    let mut harness = builder.wgpu().build_eframe(|cc| {
        install(cc.wgpu_render_state.as_ref().expect("a device"));
        PictureWindow(shown.clone())
    });
    harness.run();
    let in_window = harness.render().expect("a picture");
    let alone = picture_of(&mut renderer(), &shown);
    // Edges are smoother in the picture without a window.
    assert!(differing(&in_window, &alone) < 1500, "{}", differing(&in_window, &alone));
    let (a, b) = (in_window.get_pixel(160, 120).0, alone.get_pixel(160, 120).0);
    assert!(a.iter().zip(b).all(|(a, b)| a.abs_diff(b) < 6), "{a:?} {b:?}");
    // Another view in the next frame.
    harness.state_mut().0.objects.clear();
    harness.run();
    assert!(differing(&in_window, &harness.render().expect("a picture")) > 5000);
}
