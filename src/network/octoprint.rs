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

/// An OctoPrint server with its API key.
pub struct OctoPrint {
    name: String,
    base: Url,
    key: String,
    client: Client,
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
        let client = Client::builder()
            // A key is bound to the server that it was given for.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .user_agent(concat!("Fabbro/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|e| refused(e.to_string()))?;
        Ok(Self { name: name.to_owned(), base, key: key.to_owned(), client })
    }

    fn url(&self, path: &str) -> Result<Url, NetworkError> {
        self.base.join(path).map_err(|e| self.unexpected(e.to_string()))
    }

    fn unexpected(&self, reason: String) -> NetworkError {
        NetworkError::Protocol { place: self.name.clone(), reason }
    }

    async fn ask(&self, request: RequestBuilder) -> Result<Response, NetworkError> {
        let response = request
            .header("X-Api-Key", &self.key)
            .send()
            .await
            .map_err(|error| NetworkError::Unreachable { place: self.name.clone(), reason: root_cause(&error) })?;
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

    async fn upload(&self, job: &OutgoingJob, progress: &Progress) -> Result<JobId, NetworkError> {
        progress.stage(&format!("Sending {} to {}", job.name, self.name), 0);
        let version: serde_json::Value =
            self.json(self.ask(self.client.get(self.url("api/version")?).timeout(ANSWER_TIME)).await?).await?;
        let text = version.get("text").and_then(|t| t.as_str()).unwrap_or_default();
        if !text.starts_with("OctoPrint") {
            return Err(self.unexpected(format!("this is no OctoPrint but \"{text}\"")));
        }
        let name = file_name(&job.name);
        let part = Part::bytes(job.bytes.to_vec())
            .file_name(name)
            .mime_str("application/octet-stream")
            .map_err(|e| self.unexpected(e.to_string()))?;
        let form = Form::new().part("file", part).text("select", "true").text("print", "true");
        let response = self.ask(self.client.post(self.url("api/files/local")?).multipart(form)).await?;
        let uploaded: Uploaded = self.json(response).await?;
        if !uploaded.effective_print {
            return Err(NetworkError::NotStarted {
                place: self.name.clone(),
                reason: "the printer is not connected, or busy with another job".into(),
            });
        }
        Ok(JobId(uploaded.files.local.path))
    }

    async fn job_state(&self, job: &JobId) -> Result<RemoteState, NetworkError> {
        let response = self.ask(self.client.get(self.url("api/job")?).timeout(ANSWER_TIME)).await?;
        let answer: JobAnswer = self.json(response).await?;
        Ok(state_of(&answer, job))
    }
}

/// What OctoPrint's answer says about one job of ours.
fn state_of(answer: &JobAnswer, job: &JobId) -> RemoteState {
    if answer.job.file.path.as_deref() != Some(job.0.as_str()) {
        return RemoteState::Unknown("another file is selected there now".into());
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
        runtime()?.block_on(unless_canceled(progress, self.upload(job, progress)))
    }

    fn state(&mut self, job: &JobId) -> Result<RemoteState, NetworkError> {
        runtime()?.block_on(self.job_state(job))
    }

    fn cancel(&mut self, job: &JobId) -> Result<(), NetworkError> {
        runtime()?.block_on(async {
            match self.job_state(job).await? {
                RemoteState::Printing { .. } | RemoteState::Paused { .. } => {}
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
