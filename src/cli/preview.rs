//! `fabbro preview FILE|MODEL -o PICTURE.png`: a picture without a window, as PNG or JPEG by the picture's name.

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use image::DynamicImage;
use image::codecs::jpeg::JpegEncoder;
use nalgebra::{Matrix4, Vector3};

use super::{Failure, can_be_written, interrupt, keep_inputs, save_whole, tell_all, usage};
use crate::gcode::{ReadOptions, read};
use crate::model::import::{self, Imported};
use crate::progress::Progress;
use crate::render::{
    Box3, ColorBy, DrawnObject, Plate, Projection, StandardView, Theme, ToolpathDrawing, ToolpathView, View, picture,
};
use crate::settings::{LayeredSettings, Library, PresetKind, Settings};

#[derive(clap::Args)]
pub struct Args {
    /// A G-code file of any slicer, or a model
    file: PathBuf,
    /// The picture to save: .png, .jpg or .jpeg
    #[arg(short, long, value_name = "PICTURE.png")]
    output: PathBuf,
    /// Of a G-code file: the layers up to this one, counted from 1 [default: all]
    #[arg(long, value_name = "N")]
    layer: Option<usize>,
    /// Of a G-code file: what the colours say [default: feature]
    #[arg(long, value_enum)]
    color_by: Option<Colors>,
    /// Of a G-code file: what to show beside the roads
    #[arg(long, value_enum, value_delimiter = ',', value_name = "WHAT,…")]
    show: Vec<Extra>,
    /// The machine whose build plate is shown [default: the file's own where it names one]
    #[arg(long)]
    machine: Option<String>,
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
enum Colors {
    Feature,
    Speed,
    Height,
    Width,
    Flow,
    LayerTime,
    Tool,
}

impl Colors {
    fn color_by(self) -> ColorBy {
        match self {
            Colors::Feature => ColorBy::Feature,
            Colors::Speed => ColorBy::Speed,
            Colors::Height => ColorBy::Height,
            Colors::Width => ColorBy::Width,
            Colors::Flow => ColorBy::Flow,
            Colors::LayerTime => ColorBy::LayerTime,
            Colors::Tool => ColorBy::Tool,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Extra {
    Travels,
    Retractions,
    Seams,
    Nozzle,
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
    can_be_written(&args.output)?;
    keep_inputs(&args.output, std::slice::from_ref(&args.file))?;
    let format = format_of(&args.output)?;
    let progress = interrupt::stoppable();
    let made = draw(&args, format, &progress);
    if progress.is_canceled() {
        return Err(interrupt::stopped());
    }
    save_whole(&args.output, &made?)
}

/// How a picture is written.
#[derive(Clone, Copy)]
enum Format {
    Png,
    Jpeg,
}

/// Lines stay sharp; JPEG's usual 75 smears them.
const JPEG_QUALITY: u8 = 92;

/// How a picture of this name is written.
fn format_of(output: &Path) -> Result<Format, Failure> {
    let extension = output.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    match extension.as_str() {
        "png" => Ok(Format::Png),
        "jpg" | "jpeg" => Ok(Format::Jpeg),
        _ => Err(usage(format_args!(
            "{} does not end in .png, .jpg or .jpeg, so it is not clear how to write the picture",
            output.display()
        ))),
    }
}

/// The bytes of the picture's file.
fn draw(args: &Args, format: Format, progress: &Progress) -> Result<Vec<u8>, Failure> {
    let theme = if args.light { Theme::LIGHT } else { Theme::DARK };
    // Lines keep their share of the picture, whatever its size.
    let pixels_per_point = (args.size[1] as f32 / 900.0).max(0.5);
    let mut view = View { size_px: args.size, pixels_per_point, theme, ..View::default() };
    let machine = args.machine.as_deref().map(machine_settings).transpose()?;
    if is_gcode(&args.file) {
        show_gcode(&mut view, args, machine, progress)?;
    } else if args.layer.is_some() || args.color_by.is_some() || !args.show.is_empty() {
        let file = args.file.display();
        return Err(usage(format_args!("{file} is a model and has no layers yet: slice it, then look at the G-code")));
    } else {
        view.plate = Some(Arc::new(plate(&machine.unwrap_or_default())));
        show_models(&mut view, &args.file, progress)?;
    }
    if args.orthographic {
        view.camera.projection = Projection::Orthographic;
    }
    view.camera.look_from(args.from.view());
    if let Some(shown) = view.shown_box() {
        view.camera.frame(&with_room(&shown), view.aspect());
    }
    progress.check()?;
    let picture = picture(&view)?;
    let mut bytes = Vec::new();
    match format {
        // JPEG knows nothing transparent, and nothing here is.
        Format::Jpeg => JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY)
            .encode_image(&DynamicImage::ImageRgba8(picture).into_rgb8())?,
        Format::Png => picture.write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Png)?,
    }
    Ok(bytes)
}

fn machine_settings(name: &str) -> Result<Settings, Failure> {
    let (library, notices) = Library::load();
    tell_all(&notices);
    let mut layered = LayeredSettings::new();
    library.apply(&mut layered, PresetKind::Machine, name).map_err(usage)?;
    Ok(Arc::unwrap_or_clone(layered.resolve()?.settings))
}

fn is_gcode(file: &Path) -> bool {
    let extension = file.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    matches!(extension.as_str(), "gcode" | "gco" | "g" | "nc" | "ngc")
}

/// Shows the roads of a file on the plate of the machine, which the file may name itself.
fn show_gcode(view: &mut View, args: &Args, machine: Option<Settings>, progress: &Progress) -> Result<(), Failure> {
    let bytes = super::read(&args.file)?;
    let file = read(&bytes, &ReadOptions::default(), progress)?;
    tell_all(&file.notices);
    let pairs = || file.metadata.settings.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    // What the file says of its settings is only used for the plate: what of it cannot be read does not matter.
    let settings = machine.or_else(|| Some(Settings::from_pairs(pairs()).ok()?.0)).unwrap_or_default();
    view.plate = Some(Arc::new(plate(&settings)));
    let drawing = ToolpathDrawing::new(&file.toolpath, &[], progress)?;
    let (layers, roads) = (drawing.layer_count(), drawing.bead_count());
    if roads == 0 {
        let name = args.file.display();
        return Err(Failure::CouldNot(format!("there is nothing to see in {name}: no line of it lays down material")));
    }
    let shown = args.layer.unwrap_or(layers);
    if !(1..=layers).contains(&shown) {
        return Err(usage(format_args!("there is no layer {shown}: the file has layers 1 to {layers}")));
    }
    let has = |extra| args.show.contains(&extra);
    view.toolpath = Some(ToolpathView {
        layers: 0..shown,
        color_by: args.color_by.map_or(ColorBy::Feature, Colors::color_by),
        travels: has(Extra::Travels),
        retractions: has(Extra::Retractions),
        seams: has(Extra::Seams),
        nozzle: has(Extra::Nozzle),
        ..ToolpathView::new(Arc::new(drawing))
    });
    Ok(())
}

fn plate(settings: &Settings) -> Plate {
    Plate {
        outline: settings.bed_shape.clone(),
        excluded: settings.bed_exclude_areas.clone(),
        height_mm: settings.max_print_height,
        name: settings.printer_model.clone(),
    }
}

/// Some plate around it, so that one sees what it stands on.
fn with_room(shown: &Box3) -> Box3 {
    let room = 0.03 * (shown.max - shown.min).xy().norm();
    let room = Vector3::new(room, room, 0.0);
    Box3 { min: shown.min - room, max: shown.max + room }
}

/// Puts the models of a file on the plate: where the file says, if it does and they fit there, else in the middle.
fn show_models(view: &mut View, file: &Path, progress: &Progress) -> Result<(), Failure> {
    let import = import::import(file, progress)?;
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
