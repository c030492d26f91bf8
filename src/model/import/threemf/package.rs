//! The zip container of a 3MF file (Open Packaging Conventions): finding and reading parts, within limits.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use quick_xml::events::Event;
use quick_xml::{Reader, XmlVersion};
use zip::ZipArchive;

use super::super::Cause;

/// What the parts of a package may unfold to together.
const MOST_BYTES: u64 = 4 << 30;

/// XML of meshes is packed about ten times; text packed more than this is made to harm.
const HIGHEST_RATIO: u64 = 100;

/// The ratio counts from here: small parts may be packed well.
const RATIO_FROM: u64 = 16 << 20;

/// Text between two tags is numbers and names, or white space.
const LONGEST_RUN: usize = 4 << 20;

const MOST_PARTS: usize = 20_000;

const MODEL_RELATION: &str = "http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel";

pub(super) struct Package {
    zip: ZipArchive<BufReader<File>>,
    /// Name without leading slash, place in the archive, unpacked size as announced.
    names: Vec<(String, usize, u64)>,
}

impl Package {
    pub fn open(path: &Path) -> Result<Self, Cause> {
        let file = File::open(path)?;
        let mut zip = ZipArchive::new(BufReader::new(file)).map_err(damaged)?;
        if zip.len() > MOST_PARTS {
            return Err(Cause::Package(format!("it has {} entries, more than {MOST_PARTS}", zip.len())));
        }
        let mut names = Vec::with_capacity(zip.len());
        for i in 0..zip.len() {
            let entry = zip.by_index_raw(i).map_err(damaged)?;
            let name = entry.name().map_err(damaged)?.into_owned();
            let climbs = name.split(['/', '\\']).any(|step| step == "..");
            if climbs || name.starts_with(['/', '\\']) || name.contains(['\0', ':']) {
                return Err(Cause::Package(format!("the entry '{name}' would lie outside of the package")));
            }
            names.push((name, i, entry.size()));
        }
        Ok(Self { zip, names })
    }

    /// Bytes of all model parts as announced, for progress.
    pub fn model_bytes(&self) -> usize {
        self.names.iter().filter(|n| n.0.ends_with(".model")).map(|n| n.2 as usize).fold(0, usize::saturating_add)
    }

    /// The name of the part that holds the model, by the package's relationships.
    pub fn start_part(&mut self) -> Result<String, Cause> {
        let target = self.read("_rels/.rels", |reader| {
            let mut xml = Reader::from_reader(reader);
            let mut buffer = Vec::new();
            loop {
                match xml.read_event_into(&mut buffer).map_err(not_xml)? {
                    Event::DocType(_) => return Err(has_dtd("_rels/.rels")),
                    Event::Empty(e) | Event::Start(e) if e.local_name().as_ref() == b"Relationship" => {
                        let attribute = |name: &str| -> Result<Option<String>, Cause> {
                            let found = e.try_get_attribute(name).map_err(|e| Cause::Invalid(e.to_string()))?;
                            found
                                .map(|a| a.normalized_value(XmlVersion::Explicit1_0).map(String::from).map_err(not_xml))
                                .transpose()
                        };
                        if attribute("Type")?.as_deref() == Some(MODEL_RELATION) {
                            return attribute("Target");
                        }
                    }
                    Event::Eof => return Ok(None),
                    _ => {}
                }
                buffer.clear();
            }
        })?;
        let target = target.ok_or_else(|| Cause::Invalid("its relationships name no 3D model part".into()))?;
        Ok(normal_name(&target))
    }

    /// Whether there is a part of this name.
    pub fn has(&self, name: &str) -> bool {
        self.names.iter().any(|n| n.0.eq_ignore_ascii_case(name))
    }

    /// Reads one part through `parse`, within limits. Part names are compared without case, as OPC wants.
    pub fn read<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&mut Guarded<'_>) -> Result<T, Cause>,
    ) -> Result<T, Cause> {
        let found = self.names.iter().find(|n| n.0.eq_ignore_ascii_case(name));
        let Some((_, index, _)) = found else {
            return Err(Cause::Invalid(format!("the part '{name}' is missing from the package")));
        };
        let entry = self.zip.by_index(*index).map_err(damaged)?;
        let packed = entry.compressed_size();
        let announced = entry.size();
        let limit = MOST_BYTES.min(RATIO_FROM.max(packed.saturating_mul(HIGHEST_RATIO)));
        if announced > limit {
            return Err(unfolds_too_far(name));
        }
        let mut guarded =
            Guarded { reader: BufReader::with_capacity(1 << 16, Box::new(entry)), left: limit, run: 0, stopped: None };
        let result = parse(&mut guarded);
        match guarded.stopped {
            Some(Stopped::TooMuch) => Err(unfolds_too_far(name)),
            Some(Stopped::LongRun) => Err(Cause::Package(format!(
                "the part '{name}' has {} MB without a tag, which no model has",
                LONGEST_RUN >> 20
            ))),
            None => result,
        }
    }
}

#[derive(Clone, Copy)]
enum Stopped {
    TooMuch,
    LongRun,
}

/// A part's bytes, ending with an error when they unfold too far or hold no tags for too long: an XML reader keeps
/// everything between two tags in memory.
pub(super) struct Guarded<'a> {
    reader: BufReader<Box<dyn Read + 'a>>,
    left: u64,
    run: usize,
    stopped: Option<Stopped>,
}

impl Read for Guarded<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let found = self.fill_buf()?;
        let n = found.len().min(out.len());
        out[..n].copy_from_slice(&found[..n]);
        self.consume(n);
        Ok(n)
    }
}

impl BufRead for Guarded<'_> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        if self.stopped.is_some() {
            return Err(std::io::Error::other("the part was not read further"));
        }
        self.reader.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        let used = &self.reader.buffer()[..amount.min(self.reader.buffer().len())];
        self.run = match used.iter().rposition(|b| *b == b'<') {
            Some(at) => used.len() - at,
            None => self.run + used.len(),
        };
        self.left = match self.left.checked_sub(amount as u64) {
            Some(left) => left,
            None => {
                self.stopped = Some(Stopped::TooMuch);
                0
            }
        };
        if self.run > LONGEST_RUN {
            self.stopped = Some(Stopped::LongRun);
        }
        self.reader.consume(amount);
    }
}

/// A part's name without the leading slash.
pub(super) fn normal_name(name: &str) -> String {
    name.trim_start_matches('/').to_owned()
}

pub(super) fn not_xml(error: quick_xml::Error) -> Cause {
    Cause::Invalid(format!("its XML cannot be read ({error})"))
}

pub(super) fn has_dtd(part: &str) -> Cause {
    Cause::Invalid(format!("'{part}' contains a document type definition, which 3MF forbids"))
}

fn unfolds_too_far(name: &str) -> Cause {
    Cause::Package(format!("the part '{name}' unfolds to far more than its packed size (a zip bomb)"))
}

fn damaged(error: zip::result::ZipError) -> Cause {
    match error {
        zip::result::ZipError::Io(error) => Cause::Package(format!("its zip container cannot be read ({error})")),
        error => Cause::Package(format!("its zip container is not valid ({error})")),
    }
}
