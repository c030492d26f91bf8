//! `fabbro preview MODEL -o PICTURE.png`: a picture without a window.

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nalgebra::{Matrix4, Vector3};

use super::{Failure, save_whole, tell_all};
use crate::model::import::{self, Imported};
use crate::progress::Progress;
use crate::render::{Box3, DrawnObject, Plate, Projection, StandardView, Theme, View, picture};
use crate::settings::Settings;

#[derive(clap::Args)]
pub struct Args {
    /// A model
    file: PathBuf,
    /// The picture to save, as PNG
    #[arg(short, long, value_name = "PICTURE.png")]
    output: PathBuf,
    /// Pixels
    #[arg(long, value_name = "WIDTHxHEIGHT", default_value = "1200x900", value_parser = size)]
    size: [u32; 2],
    /// Where it is seen from
    #[arg(long, value_enum, default_value = "corner")]
    from: Side,
    /// On a light ground
    #[arg(long)]
    light: bool,
    /// Without perspective
    #[arg(long)]
    orthographic: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Side {
    Corner,
    Front,
    Back,
    Left,
    Right,
    Top,
    Bottom,
}

impl Side {
    fn view(self) -> StandardView {
        match self {
            Side::Corner => StandardView::Isometric,
            Side::Front => StandardView::Front,
            Side::Back => StandardView::Back,
            Side::Left => StandardView::Left,
            Side::Right => StandardView::Right,
            Side::Top => StandardView::Top,
            Side::Bottom => StandardView::Bottom,
        }
    }
}

fn size(text: &str) -> Result<[u32; 2], String> {
    let sides = text.split_once(['x', 'X', '×']).map(|(width, height)| (width.trim().parse(), height.trim().parse()));
    match sides {
        Some((Ok(width), Ok(height))) if width > 0 && height > 0 => Ok([width, height]),
        _ => Err("a size is written as width x height in pixels, such as 1200x900".to_owned()),
    }
}

pub fn run(args: Args) -> Result<(), Failure> {
    let settings = Settings::default();
    let theme = if args.light { Theme::LIGHT } else { Theme::DARK };
    let mut view = View { size_px: args.size, theme, plate: Some(Arc::new(plate(&settings))), ..View::default() };
    // Lines keep their share of the picture, whatever its size.
    view.pixels_per_point = (args.size[1] as f32 / 900.0).max(0.5);
    show_models(&mut view, &args.file)?;
    if args.orthographic {
        view.camera.projection = Projection::Orthographic;
    }
    view.camera.look_from(args.from.view());
    if let Some(shown) = view.shown_box() {
        view.camera.frame(&with_room(&shown), view.aspect());
    }
    save(&view, &args.output)
}

fn plate(settings: &Settings) -> Plate {
    Plate {
        outline: settings.bed_shape.clone(),
        excluded: settings.bed_exclude_areas.clone(),
        height_mm: settings.max_print_height,
    }
}

/// Some plate around it, so that one sees what it stands on.
fn with_room(shown: &Box3) -> Box3 {
    let room = 0.12 * (shown.max - shown.min).xy().norm();
    let room = Vector3::new(room, room, 0.0);
    Box3 { min: shown.min - room, max: shown.max + room }
}

/// Puts the models of a file on the plate: where the file says, if it does and they fit there, else in the middle.
fn show_models(view: &mut View, file: &Path) -> Result<(), Failure> {
    let import = import::import(file, &Progress::new())?;
    tell_all(&import.report.notices);
    let color = view.theme.model;
    let object = |i: &Imported| DrawnObject::new(Arc::clone(&i.model), i.plate_from_model, color);
    view.objects = import.models.iter().map(object).collect();
    let plate = view.plate.as_ref().and_then(|p| p.shown_box());
    if let (Some(shown), Some(plate)) = (view.shown_box(), plate) {
        let fits = |axis: usize| shown.min[axis] >= plate.min[axis] && shown.max[axis] <= plate.max[axis];
        let stays = import.models.iter().all(|i| i.is_placed) && fits(0) && fits(1);
        let (from, to) = (shown.center(), plate.center());
        let sideways = if stays { Vector3::zeros() } else { Vector3::new(to.x - from.x, to.y - from.y, 0.0) };
        let place = Matrix4::new_translation(&(sideways - Vector3::z() * shown.min.z));
        for object in &mut view.objects {
            object.plate_from_model = place * object.plate_from_model;
        }
    }
    Ok(())
}

/// Draws the view and saves it.
fn save(view: &View, output: &Path) -> Result<(), Failure> {
    let mut png = Vec::new();
    picture(view)?.write_to(&mut Cursor::new(&mut png), image::ImageFormat::Png)?;
    save_whole(output, &png)
}
