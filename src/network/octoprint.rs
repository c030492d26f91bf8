//! A printer behind OctoPrint: upload, select and print, progress, cancel (OctoPrint REST API, docs.octoprint.org/en/master/api).

use std::time::Duration;

use reqwest::multipart::{Form, Part};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};
use serde::Deserialize;

use super::{Destination, JobId, NetworkError, OutgoingJob, RemoteState, runtime, unless_canceled};
use crate::progress::Progress;

/// An answer that takes longer than this does not come. Uploads have no such limit: a big file on a slow board takes
/// minutes, and a person can cancel.
const ANSWER_TIME: Duration = Duration::from_secs(20);
/// A connection on which nothing is acknowledged for this long is dead.
const DEAD_TIME: Duration = Duration::from_secs(30);
/// How often a server is asked what became of a job whose upload it has not answered, and how long it is given between:
/// a big file is looked through before it is started.
const QUESTIONS: usize = 10;
const PAUSE: Duration = Duration::from_secs(1);
/// All of these questions together take no longer than this.
const FIND_OUT_TIME: Duration = Duration::from_secs(30);
/// Whoever has canceled is still told whether it prints, where that is answered at once.
const LAST_QUESTION_TIME: Duration = Duration::from_secs(3);

/// An OctoPrint server with its API key.
pub struct OctoPrint {
    name: String,
    base: Url,
    key: String,
    client: Client,
    /// Between questions about a job whose upload was not answered, and for all of them.
    pause: Duration,
    find_out_time: Duration,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Uploaded {
    #[serde(default)]
    effective_print: bool,
    files: Files,
}

#[derive(Deserialize)]
struct Files {
    local: LocalFile,
}

#[derive(Deserialize)]
struct LocalFile {
    path: String,
}

#[derive(Deserialize)]
struct JobAnswer {
    #[serde(default)]
    state: String,
    job: JobPart,
    progress: ProgressPart,
    #[serde(default)]
    error: Option<String>,
}

#[derive(Deserialize)]
struct JobPart {
    file: FilePart,
}

#[derive(Deserialize)]
struct FilePart {
    path: Option<String>,
}

#[derive(Deserialize)]
struct ProgressPart {
    completion: Option<f64>,
}

impl OctoPrint {
    /// A server at a URL such as `http://printer.local`.
    ///
    /// Fails when the URL is none, or the key could not be an API key.
    pub fn new(name: &str, url: &str, key: &str) -> Result<Self, NetworkError> {
        let refused = |reason: String| NetworkError::Refused { place: url.to_owned(), reason };
        let mut base = Url::parse(url).map_err(|e| refused(format!("this is not a URL: {e}")))?;
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
            return Err(refused("an OctoPrint address begins with http:// or https://".into()));
        }
        if key.is_empty() || !key.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(refused("an API key is needed (OctoPrint, Settings, Application Keys)".into()));
        }
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        // Also chooses the cryptography that the client needs, even for plain HTTP.
        runtime()?;
        let builder = Client::builder();
        #[cfg(target_os = "linux")]
        let builder = builder.tcp_user_timeout(DEAD_TIME);
        let client = builder
            .tcp_keepalive(DEAD_TIME / 3)
            .tcp_keepalive_interval(DEAD_TIME / 6)
            // A key is bound to the server that it was given for.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .user_agent(concat!("Fabbro/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|e| refused(e.to_string()))?;
        Ok(Self {
            name: name.to_owned(),
            base,
            key: key.to_owned(),
            client,
            pause: PAUSE,
            find_out_time: FIND_OUT_TIME,
        })
    }

    fn url(&self, path: &str) -> Result<Url, NetworkError> {
        self.base.join(path).map_err(|e| self.unexpected(e.to_string()))
    }

    fn unexpected(&self, reason: String) -> NetworkError {
        NetworkError::Protocol { place: self.name.clone(), reason }
    }

    async fn ask(&self, request: RequestBuilder) -> Result<Response, NetworkError> {
        let answer = request.header("X-Api-Key", &self.key).send().await;
        let response = answer.map_err(|error| self.unreachable(root_cause(&error)))?;
        self.accepted(response).await
    }

    fn unreachable(&self, reason: String) -> NetworkError {
        NetworkError::Unreachable { place: self.name.clone(), reason }
    }

    /// The answer, where it is no refusal.
    async fn accepted(&self, response: Response) -> Result<Response, NetworkError> {
        match response.status() {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(NetworkError::Unauthorized {
                place: self.name.clone(),
                advice: "check the API key (OctoPrint, Settings, Application Keys)".into(),
            }),
            status if status.is_success() => Ok(response),
            status => {
                let text = response.text().await.unwrap_or_default();
                let said = serde_json::from_str::<serde_json::Value>(&text)
                    .ok()
                    .and_then(|json| json.get("error")?.as_str().map(str::to_owned))
                    .unwrap_or_else(|| text.chars().take(200).collect());
                Err(NetworkError::Refused {
                    place: self.name.clone(),
                    reason: format!("{said} (HTTP {})", status.as_u16()),
                })
            }
        }
    }

    async fn json<T: for<'a> Deserialize<'a>>(&self, response: Response) -> Result<T, NetworkError> {
        response.json().await.map_err(|error| self.unexpected(root_cause(&error)))
    }

    /// Makes sure that this is an OctoPrint, and tells whether it already works on a file of this name.
    async fn greet(&self, job: &JobId) -> Result<bool, NetworkError> {
        let version: serde_json::Value =
            self.json(self.ask(self.client.get(self.url("api/version")?).timeout(ANSWER_TIME)).await?).await?;
        let text = version.get("text").and_then(|t| t.as_str()).unwrap_or_default();
        if !text.starts_with("OctoPrint") {
            return Err(self.unexpected(format!("this is no OctoPrint but \"{text}\"")));
        }
        Ok(is_running(&state_of(&self.job_answer().await?, job)))
    }

    async fn upload(&self, job: &OutgoingJob, progress: &Progress) -> Result<JobId, NetworkError> {
        progress.stage(&format!("Sending {} to {}", job.name, self.name), 0);
        let name = file_name(&job.name);
        let id = JobId(name.clone());
        let was_running = unless_canceled(progress, self.greet(&id)).await?;
        let part = Part::stream_with_length(job.shared_bytes(), job.bytes.len() as u64)
            .file_name(name)
            .mime_str("application/octet-stream")
            .map_err(|e| self.unexpected(e.to_string()))?;
        let form = Form::new().part("file", part).text("select", "true").text("print", "true");
        let request = self.client.post(self.url("api/files/local")?).multipart(form).header("X-Api-Key", &self.key);
        // From here on the job may be started, whether or not we hear of it.
        let answered = unless_canceled(progress, async {
            let response = match request.send().await {
                // Nothing was sent.
                Err(error) if error.is_connect() => return Ok(Err(self.unreachable(root_cause(&error)))),
                Err(error) => return Err(self.unexpected(root_cause(&error))),
                Ok(response) => response,
            };
            // A server or a proxy in trouble does not know what it has done.
            if response.status().is_server_error() {
                return Err(self.unexpected(format!("HTTP {}", response.status().as_u16())));
            }
            match self.accepted(response).await {
                Ok(response) => self.json::<Uploaded>(response).await.map(Ok),
                Err(refused) => Ok(Err(refused)),
            }
        });
        match answered.await {
            Ok(Ok(uploaded)) if uploaded.effective_print => Ok(JobId(uploaded.files.local.path)),
            Ok(Ok(_)) => Err(NetworkError::NotStarted {
                place: self.name.clone(),
                reason: "the printer is not connected, or busy with another job".into(),
            }),
            Ok(Err(refused)) => Err(refused),
            Err(lost) => self.find_out(id, was_running, &lost, progress).await,
        }
    }

    /// What became of a job whose upload was not answered: asks for a while whether it is being printed, and starts
    /// nothing. Whoever cancels meanwhile, or did before, gets what one quick question tells.
    async fn find_out(
        &self,
        job: JobId,
        was_running: bool,
        lost: &NetworkError,
        progress: &Progress,
    ) -> Result<JobId, NetworkError> {
        let lost = match lost {
            NetworkError::Protocol { reason, .. } => format!("its answer was lost: {reason}"),
            other => other.to_string(),
        };
        let mut known = None;
        let asked = unless_canceled(progress, async {
            let questions = async {
                for _ in 0..QUESTIONS {
                    tokio::time::sleep(self.pause).await;
                    if self.prints(&job, was_running, &mut known).await {
                        return true;
                    }
                }
                false
            };
            Ok(tokio::time::timeout(self.find_out_time, questions).await.unwrap_or(false))
        });
        let prints = match asked.await {
            Ok(prints) => prints,
            // The start may have been done all the same.
            Err(_) => tokio::time::timeout(LAST_QUESTION_TIME, self.prints(&job, was_running, &mut known))
                .await
                .unwrap_or(false),
        };
        if prints {
            return Ok(job);
        }
        let known = known.unwrap_or_else(|| "and it does not answer any more".to_owned());
        Err(NetworkError::Unknown { place: self.name.clone(), reason: format!("{lost}; {known}") })
    }

    /// Whether it says that it prints a job which it did not print before; otherwise `known` is what it says.
    async fn prints(&self, job: &JobId, was_running: bool, known: &mut Option<String>) -> bool {
        let Ok(answer) = self.job_answer().await else { return false };
        if is_running(&state_of(&answer, job)) && !was_running {
            return true;
        }
        let file = answer.job.file.path.as_deref().unwrap_or("no file");
        *known = Some(format!("it says that it is \"{}\" with {file} selected", answer.state));
        false
    }

    async fn job_answer(&self) -> Result<JobAnswer, NetworkError> {
        let response = self.ask(self.client.get(self.url("api/job")?).timeout(ANSWER_TIME)).await?;
        self.json(response).await
    }

    async fn job_state(&self, job: &JobId) -> Result<RemoteState, NetworkError> {
        Ok(state_of(&self.job_answer().await?, job))
    }
}

/// Whether the printer works on the job.
fn is_running(state: &RemoteState) -> bool {
    matches!(state, RemoteState::Printing { .. } | RemoteState::Paused { .. } | RemoteState::Canceling)
}

/// What OctoPrint's answer says about one job of ours.
fn state_of(answer: &JobAnswer, job: &JobId) -> RemoteState {
    if answer.job.file.path.as_deref() != Some(job.0.as_str()) {
        let what = if answer.job.file.path.is_some() { "another file" } else { "no file" };
        return RemoteState::Unknown(format!("{what} is selected there now"));
    }
    let share = answer.progress.completion.unwrap_or(0.0) / 100.0;
    // The states have details behind them, such as "Offline after error" or "Printing from SD".
    match answer.state.split_whitespace().next().unwrap_or_default() {
        // The file is read to its end while its last lines are still being sent.
        "Printing" | "Starting" | "Finishing" | "Resuming" => RemoteState::Printing { share },
        "Paused" | "Pausing" => RemoteState::Paused { share },
        "Cancelling" => RemoteState::Canceling,
        "Operational" if share >= 1.0 => RemoteState::Finished,
        "Operational" => RemoteState::Canceled,
        _ => RemoteState::Failed(answer.error.clone().unwrap_or_else(|| answer.state.clone())),
    }
}

/// A name that OctoPrint takes as it is: ASCII, no path, known ending.
fn file_name(name: &str) -> String {
    let safe: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' }).collect();
    let safe = safe.trim_start_matches('.');
    if safe.to_ascii_lowercase().ends_with(".gcode") { safe.to_owned() } else { format!("{safe}.gcode") }
}

/// The innermost reason: the outer ones repeat the URL.
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

impl Destination for OctoPrint {
    fn name(&self) -> &str {
        &self.name
    }

    fn submit(&mut self, job: &OutgoingJob, progress: &Progress) -> Result<JobId, NetworkError> {
        runtime()?.block_on(self.upload(job, progress))
    }

    fn state(&mut self, job: &JobId) -> Result<RemoteState, NetworkError> {
        runtime()?.block_on(self.job_state(job))
    }

    fn cancel(&mut self, job: &JobId) -> Result<(), NetworkError> {
        runtime()?.block_on(async {
            match self.job_state(job).await? {
                RemoteState::Printing { .. } | RemoteState::Paused { .. } => {}
                RemoteState::Canceling => return Ok(()),
                other => {
                    let reason = format!("the job is not running any more ({other})");
                    return Err(NetworkError::Refused { place: self.name.clone(), reason });
                }
            }
            let command = serde_json::json!({ "command": "cancel" });
            self.ask(self.client.post(self.url("api/job")?).json(&command).timeout(ANSWER_TIME)).await?;
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_read_from_what_octoprint_says() {
        let answer = |state: &str, path: &str, completion: f64| JobAnswer {
            state: state.into(),
            job: JobPart { file: FilePart { path: Some(path.into()) } },
            progress: ProgressPart { completion: Some(completion) },
            error: None,
        };
        let job = JobId("part.gcode".into());
        for (state, path, completion, expected) in [
            ("Printing", "part.gcode", 25.0, RemoteState::Printing { share: 0.25 }),
            ("Paused", "part.gcode", 50.0, RemoteState::Paused { share: 0.5 }),
            ("Operational", "part.gcode", 100.0, RemoteState::Finished),
            ("Operational", "part.gcode", 30.0, RemoteState::Canceled),
            ("Offline after error", "part.gcode", 30.0, RemoteState::Failed("Offline after error".into())),
            ("Printing", "other.gcode", 5.0, RemoteState::Unknown("another file is selected there now".into())),
        ] {
            assert_eq!(state_of(&answer(state, path, completion), &job), expected, "{state}");
        }
    }

    /// A server that reads the upload and closes the connection without an answer; what it says of its job afterwards is
    /// given. Returns what came of a submission, and how often a start was asked for.
    fn submitted_without_answer(says: &'static str) -> (Result<JobId, NetworkError>, usize) {
        use std::io::{Read, Write};
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (uploads, heard) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let mut uploaded = false;
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut request = Vec::new();
                let mut buffer = [0; 4096];
                let whole = |request: &[u8]| {
                    let text = String::from_utf8_lossy(request).to_lowercase();
                    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
                    let length = head.lines().find_map(|l| l.strip_prefix("content-length: ")?.parse().ok());
                    body.len() >= length.unwrap_or(0)
                };
                while !whole(&request) {
                    match stream.read(&mut buffer) {
                        Ok(read) if read > 0 => request.extend_from_slice(&buffer[..read]),
                        _ => break,
                    }
                }
                let text = String::from_utf8_lossy(&request).into_owned();
                let body = if text.starts_with("POST /api/files/local") {
                    uploaded = true;
                    uploads.send(()).unwrap();
                    continue;
                } else if text.starts_with("GET /api/version") {
                    r#"{"text":"OctoPrint 1.11.8"}"#
                } else if uploaded {
                    says
                } else {
                    r#"{"state":"Operational","job":{"file":{"path":null}},"progress":{"completion":null}}"#
                };
                let length = body.len();
                let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json";
                // A client that has gone needs none.
                let _ = write!(stream, "{head}\r\nContent-Length: {length}\r\n\r\n{body}");
            }
        });
        let mut octoprint = OctoPrint::new("bench", &url, "key").unwrap();
        octoprint.pause = Duration::from_millis(5);
        let job = OutgoingJob { name: "part.gcode".into(), bytes: b"G28\n".to_vec().into() };
        let result = octoprint.submit(&job, &Progress::new());
        (result, heard.try_iter().count())
    }

    #[test]
    fn a_start_whose_answer_is_lost_is_looked_into_and_never_repeated() {
        let printing = r#"{"state":"Printing","job":{"file":{"path":"part.gcode"}},"progress":{"completion":1.0}}"#;
        let (result, starts) = submitted_without_answer(printing);
        assert_eq!((result.unwrap(), starts), (JobId("part.gcode".into()), 1));

        let idle = r#"{"state":"Operational","job":{"file":{"path":"other.gcode"}},"progress":{"completion":null}}"#;
        let (result, starts) = submitted_without_answer(idle);
        let error = result.unwrap_err();
        assert!(matches!(error, NetworkError::Unknown { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains("it is \"Operational\" with other.gcode selected"), "{text}");
        assert!(text.contains("look at the machine before you send it again"), "{text}");
        assert_eq!(starts, 1);
    }

    #[test]
    fn a_server_that_is_not_there_was_not_told_to_start_anything() {
        let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut octoprint = OctoPrint::new("bench", &format!("http://{gone}"), "key").unwrap();
        let job = OutgoingJob { name: "part.gcode".into(), bytes: b"G28\n".to_vec().into() };
        let error = octoprint.submit(&job, &Progress::new()).unwrap_err();
        assert!(matches!(error, NetworkError::Unreachable { .. }), "{error}");
    }

    #[test]
    fn names_become_harmless() {
        assert_eq!(file_name("Bracket v2.gcode"), "Bracket_v2.gcode");
        assert_eq!(file_name("../../etc/passwd"), "_.._etc_passwd.gcode");
    }

    #[test]
    fn a_wrong_address_or_an_empty_key_is_refused_before_anything_is_sent() {
        for (url, key) in [("printer", "k"), ("ftp://printer", "k"), ("http://printer", ""), ("http://printer", "a b")]
        {
            assert!(OctoPrint::new("p", url, key).is_err(), "{url} {key}");
        }
    }
}
