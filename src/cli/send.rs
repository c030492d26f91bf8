//! `fabbro send FILE --to NAME|TICKET|URL`: hands a job to a machine somewhere else and follows it to its end.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::progress_line::ProgressLine;
use super::{Failure, interrupt, target, tell, usage};
use crate::network::address_book::{AddressBook, Entry, folder};
use crate::network::node::client::{NodeDestination, pair};
use crate::network::node::{Identity, Ticket};
use crate::network::octoprint::OctoPrint;
use crate::network::{Destination, NetworkError, OutgoingJob, RemoteState};
use crate::progress::Progress;

#[derive(clap::Args)]
pub struct Args {
    /// G-code of any slicer
    file: PathBuf,
    /// Where to: a name from earlier, a node's ticket, or the URL of an OctoPrint server
    #[arg(long)]
    to: String,
    /// API key of the OctoPrint server, the first time; the environment variable FABBRO_API_KEY hides it from others
    #[arg(long)]
    api_key: Option<String>,
    /// What to call the place from now on (a node brings its own name)
    #[arg(long, value_name = "NAME")]
    save_as: Option<String>,
    /// Machine whose limits the job must keep before it is sent; taken from the header of our own files
    #[arg(long)]
    machine: Option<String>,
    /// Come back as soon as the job has arrived
    #[arg(long)]
    no_wait: bool,
    /// Most bytes a second, for a narrow network (to a node)
    #[arg(long, value_name = "BYTES")]
    limit_rate: Option<u64>,
}

/// A place that does not answer this often in a row has gone.
const MOST_SILENCES: u32 = 10;

pub fn run(args: Args) -> Result<(), Failure> {
    let progress = Progress::new();
    interrupt::cancels(&progress);
    let (job, _) = target::job_of_file(&args.file, args.machine.as_deref(), &progress)?;
    let mut destination = open(&args, &progress)?;
    let name = job.name().to_owned();
    let job = OutgoingJob { name: name.clone(), bytes: job.bytes().clone() };
    let id = {
        let _line = ProgressLine::show(&progress);
        destination.submit(&job, &progress)?
    };
    tell(format_args!("{name} has arrived at {}", destination.name()));
    if args.no_wait {
        return Ok(());
    }
    let mut last = String::new();
    let mut silences = 0;
    let mut canceling = false;
    loop {
        if progress.is_canceled() && !canceling {
            canceling = true;
            if let Err(error) = destination.cancel(&id) {
                let text = format!("{name} may go on at {}: it could not be canceled: {error}", destination.name());
                return Err(Failure::CouldNot(text));
            }
        }
        match destination.state(&id) {
            Ok(state) => {
                silences = 0;
                let text = state.to_string();
                if text != last {
                    tell(format_args!("{name}: {text}"));
                    last = text;
                }
                match state {
                    RemoteState::Finished => return Ok(()),
                    state if state.is_final() => {
                        return Err(Failure::CouldNot(format!("{name} at {}: {state}", destination.name())));
                    }
                    _ => {}
                }
            }
            Err(error) => {
                silences += 1;
                if silences == MOST_SILENCES || matches!(error, NetworkError::Unauthorized { .. }) {
                    return Err(Failure::CouldNot(format!(
                        "what becomes of {name} is not known from here, look at the machine: {error}"
                    )));
                }
            }
        }
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// Finds out what `--to` means, pairing or asking where it is new.
fn open(args: &Args, progress: &Progress) -> Result<Box<dyn Destination>, Failure> {
    let folder = folder()?;
    let mut book = AddressBook::load(&folder)?;
    let (name, entry) = if Ticket::looks_like_one(&args.to) {
        let ticket: Ticket = args.to.parse()?;
        let identity = Identity::load_or_make(&folder)?;
        let mut show = |code: &str| tell(format_args!("Code: {code}. The person at the node has to confirm it."));
        let node = pair(&identity, &own_name(), &ticket, &mut show, progress)?;
        tell(format_args!("paired with {}", node.name));
        let name = args.save_as.clone().unwrap_or(node.name);
        let entry = Entry::Node { key: node.key, addresses: node.addresses };
        book.destinations.insert(name.clone(), entry.clone());
        book.save(&folder)?;
        (name, entry)
    } else if args.to.contains("://") {
        let api_key = args
            .api_key
            .clone()
            .or_else(|| std::env::var("FABBRO_API_KEY").ok())
            .ok_or_else(|| usage("an OctoPrint server needs its API key: --api-key, or FABBRO_API_KEY"))?;
        let entry = Entry::OctoPrint { url: args.to.clone(), api_key };
        if let Some(name) = &args.save_as {
            book.destinations.insert(name.clone(), entry.clone());
            book.save(&folder)?;
        }
        (args.save_as.clone().unwrap_or_else(|| args.to.clone()), entry)
    } else {
        match book.destinations.get(&args.to) {
            Some(entry) => (args.to.clone(), entry.clone()),
            None => return Err(usage(unknown(&args.to, &book))),
        }
    };
    connect(&name, entry, &folder, args.limit_rate)
}

fn unknown(name: &str, book: &AddressBook) -> String {
    if book.destinations.is_empty() {
        return format!("no place is called \"{name}\" yet; send with a ticket or a URL first");
    }
    let known: Vec<&str> = book.destinations.keys().map(String::as_str).collect();
    format!("no place is called \"{name}\"; known are: {}", known.join(", "))
}

fn connect(name: &str, entry: Entry, folder: &Path, rate: Option<u64>) -> Result<Box<dyn Destination>, Failure> {
    Ok(match entry {
        Entry::OctoPrint { url, api_key } => Box::new(OctoPrint::new(name, &url, &api_key)?),
        Entry::Node { key, addresses } => {
            let identity = Identity::load_or_make(folder)?;
            Box::new(NodeDestination::new(name, identity, &key, &addresses)?.with_rate_limit(rate))
        }
    })
}

/// What this computer calls itself to a node.
fn own_name() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    host.map(|h| h.trim().to_owned()).filter(|h| !h.is_empty()).unwrap_or_else(|| "a computer".into())
}
