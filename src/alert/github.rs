//! GitHub: webhooks about runs of workflows, checks, deployments, and the three kinds of security alerts.
//!
//! A success is the resolution of the failure before it; a step on the way (queued, in progress, cancelled) is no news. A
//! leaked secret itself is in no payload that is read here.
//! Source: <https://docs.github.com/en/webhooks/webhook-events-and-payloads>, read 2026-11.

use serde_json::Value;

use super::draft::AlertDraft;
use super::lookup::{has_object, text};
use super::{Alert, Firing, Source, moment};

/// What a payload is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    Workflow,
    Check,
    Deployment,
    Dependency,
    Code,
    Secret,
}

fn subject(value: &Value) -> Option<Subject> {
    text(value, &["/repository/full_name"])?;
    let is = |pointer| has_object(value, pointer);
    let subjects = [
        (is("/deployment_status"), Subject::Deployment),
        (is("/workflow_run"), Subject::Workflow),
        (is("/check_run"), Subject::Check),
        (is("/alert/security_advisory"), Subject::Dependency),
        (is("/alert/rule"), Subject::Code),
        (text(value, &["/alert/secret_type"]).is_some(), Subject::Secret),
    ];
    subjects.into_iter().find(|(is, _)| *is).map(|(_, subject)| subject)
}

/// Reads a payload; none where it tells of no problem and of no end of one.
pub(super) fn read(value: &Value) -> Option<Alert> {
    let subject = subject(value)?;
    let status = status(value, subject)?;
    let repository = text(value, &["/repository/full_name"]).unwrap_or_default();
    let mut draft = AlertDraft::of(Source::GitHub);
    draft.status(Some(status.as_str().to_owned()));
    draft.label("repository", Some(repository.clone()));
    match subject {
        Subject::Workflow => workflow(&mut draft, value, &repository),
        Subject::Check => check(&mut draft, value, &repository),
        Subject::Deployment => deployment(&mut draft, value, &repository),
        Subject::Dependency => dependency(&mut draft, value, &repository),
        Subject::Code => code(&mut draft, value, &repository),
        Subject::Secret => secret(&mut draft, value, &repository),
    }
    // The moment of an outcome is that of the failure, or of the success that ends it.
    draft.said_at = draft.starts_at;
    draft.annotation("by", text(value, &["/sender/login"]));
    draft.link(text(value, &["/repository/html_url"]));
    Some(draft.finish())
}

fn status(value: &Value, subject: Subject) -> Option<Firing> {
    let action = text(value, &["/action"]).unwrap_or_default();
    let word = match subject {
        Subject::Workflow | Subject::Check if action != "completed" => return None,
        Subject::Workflow => text(value, &["/workflow_run/conclusion"])?,
        Subject::Check => text(value, &["/check_run/conclusion"])?,
        Subject::Deployment => text(value, &["/deployment_status/state"])?,
        Subject::Dependency | Subject::Code | Subject::Secret => action,
    };
    match word.as_str() {
        "failure" | "error" | "timed_out" | "startup_failure" | "created" | "reintroduced" | "reopened"
        | "auto_reopened" | "reopened_by_user" | "appeared_in_branch" | "publicly_leaked" => Some(Firing::Firing),
        "success" | "fixed" | "dismissed" | "auto_dismissed" | "closed_by_user" | "resolved" | "revoked" => {
            Some(Firing::Resolved)
        }
        _ => None,
    }
}

/// Returns how bad a failure on a branch is, by whichever way it is told: on the branch that everybody builds on it fails for all.
/// A post does not say which that is; there the usual names count.
pub(super) fn of_branch(branch: &str, default: Option<String>) -> &'static str {
    let is_main = ["main", "master", "trunk"].contains(&branch) || default.is_some_and(|default| default == branch);
    if is_main { "error" } else { "warning" }
}

fn workflow(draft: &mut AlertDraft, value: &Value, repository: &str) {
    let run = &value["workflow_run"];
    let name = text(run, &["/name"]).unwrap_or_else(|| "A workflow".to_owned());
    let branch = text(run, &["/head_branch"]).unwrap_or_default();
    draft.title(Some(format!("{name} failed on {branch} of {repository}")));
    draft.severity([Some(of_branch(&branch, text(value, &["/repository/default_branch"])).to_owned())]);
    draft.label("workflow", Some(name));
    draft.label("branch", Some(branch.clone()));
    draft.annotation("commit", text(run, &["/head_sha"]));
    draft.annotation("message", text(run, &["/head_commit/message", "/display_title"]));
    draft.annotation("event", text(run, &["/event"]));
    draft.annotation("conclusion", text(run, &["/conclusion"]));
    draft.annotation("run", text(run, &["/run_number"]));
    draft.link(text(run, &["/html_url"]));
    draft.starts_at = moment::at(run, &["/updated_at", "/run_started_at", "/created_at"]);
    let workflow = text(run, &["/workflow_id", "/path", "/name"]).unwrap_or_default();
    draft.fingerprint(Some(format!("workflow/{repository}/{workflow}/{branch}")));
}

fn check(draft: &mut AlertDraft, value: &Value, repository: &str) {
    let run = &value["check_run"];
    let name = text(run, &["/name"]).unwrap_or_else(|| "A check".to_owned());
    let branch = text(run, &["/check_suite/head_branch", "/head_sha"]).unwrap_or_default();
    draft.title(Some(format!("{name} failed on {branch} of {repository}")));
    draft.severity([Some(of_branch(&branch, text(value, &["/repository/default_branch"])).to_owned())]);
    draft.label("check", Some(name.clone()));
    draft.label("branch", Some(branch.clone()));
    draft.label("app", text(run, &["/app/slug", "/app/name"]));
    draft.annotation("commit", text(run, &["/head_sha"]));
    draft.annotation("summary", text(run, &["/output/title"]));
    draft.annotation("description", text(run, &["/output/summary"]));
    draft.annotation("conclusion", text(run, &["/conclusion"]));
    draft.link(text(run, &["/html_url"]));
    draft.link(text(run, &["/details_url"]));
    draft.starts_at = moment::at(run, &["/completed_at", "/started_at"]);
    draft.fingerprint(Some(format!("check/{repository}/{name}/{branch}")));
}

fn deployment(draft: &mut AlertDraft, value: &Value, repository: &str) {
    let status = &value["deployment_status"];
    let environment = text(status, &["/environment"]).or_else(|| text(value, &["/deployment/environment"]));
    let environment = environment.unwrap_or_else(|| "an environment".to_owned());
    draft.title(Some(format!("Deployment of {repository} to {environment} failed")));
    draft.severity([Some("error".to_owned())]);
    draft.label("environment", Some(environment.clone()));
    draft.annotation("ref", text(value, &["/deployment/ref"]));
    draft.annotation("commit", text(value, &["/deployment/sha"]));
    draft.annotation("description", text(status, &["/description"]));
    draft.annotation("conclusion", text(status, &["/state"]));
    draft.link(text(status, &["/log_url", "/target_url"]));
    draft.link(text(status, &["/environment_url"]));
    draft.starts_at = moment::at(status, &["/updated_at", "/created_at"]);
    draft.fingerprint(Some(format!("deployment/{repository}/{environment}")));
}

fn dependency(draft: &mut AlertDraft, value: &Value, repository: &str) {
    let alert = &value["alert"];
    let package = text(alert, &["/dependency/package/name"]).unwrap_or_else(|| "a dependency".to_owned());
    let summary = text(alert, &["/security_advisory/summary"]).unwrap_or_default();
    draft.title(Some(format!("{package} in {repository}: {summary}")));
    draft.severity([text(alert, &["/security_advisory/severity", "/security_vulnerability/severity"])]);
    draft.label("package", Some(package));
    draft.label("ecosystem", text(alert, &["/dependency/package/ecosystem"]));
    draft.annotation("manifest", text(alert, &["/dependency/manifest_path"]));
    draft.annotation("advisory", text(alert, &["/security_advisory/cve_id", "/security_advisory/ghsa_id"]));
    draft.annotation("range", text(alert, &["/security_vulnerability/vulnerable_version_range"]));
    of_alert(draft, value, repository, "dependabot");
}

fn code(draft: &mut AlertDraft, value: &Value, repository: &str) {
    let alert = &value["alert"];
    let rule = text(alert, &["/rule/description", "/rule/name", "/rule/id"]).unwrap_or_default();
    draft.title(Some(format!("{rule} in {repository}")));
    draft.severity([text(alert, &["/rule/security_severity_level"]), text(alert, &["/rule/severity"])]);
    draft.label("rule", text(alert, &["/rule/id"]));
    draft.label("tool", text(alert, &["/tool/name"]));
    draft.annotation("message", text(alert, &["/most_recent_instance/message/text"]));
    draft.annotation("file", text(alert, &["/most_recent_instance/location/path"]));
    draft.annotation("line", text(alert, &["/most_recent_instance/location/start_line"]));
    draft.annotation("ref", text(alert, &["/most_recent_instance/ref"]));
    of_alert(draft, value, repository, "code");
}

fn secret(draft: &mut AlertDraft, value: &Value, repository: &str) {
    let alert = &value["alert"];
    let kind = text(alert, &["/secret_type_display_name", "/secret_type"]).unwrap_or_default();
    draft.title(Some(format!("Secret in {repository}: {kind}")));
    draft.severity([Some("critical".to_owned())]);
    draft.label("secret_type", text(alert, &["/secret_type"]));
    draft.annotation("validity", text(alert, &["/validity"]));
    draft.annotation("resolution", text(alert, &["/resolution"]));
    of_alert(draft, value, repository, "secret");
}

/// Adds what the three kinds of security alerts have in common.
fn of_alert(draft: &mut AlertDraft, value: &Value, repository: &str, kind: &str) {
    let alert = &value["alert"];
    let number = text(alert, &["/number"]).unwrap_or_default();
    draft.label("alert", Some(number.clone()));
    draft.link(text(alert, &["/html_url"]));
    draft.starts_at = moment::at(alert, &["/fixed_at", "/dismissed_at", "/resolved_at", "/updated_at", "/created_at"]);
    draft.fingerprint(Some(format!("{kind}/{repository}/{number}")));
}

/// A run of a workflow that failed.
#[cfg(test)]
pub(super) const FIXTURE: &str = r#"{
  "action": "completed",
  "workflow_run": {
    "id": 30433642,
    "name": "CI",
    "head_branch": "main",
    "head_sha": "acb5820ced9479c074f688cc328bf03f341a511d",
    "path": ".github/workflows/ci.yml",
    "display_title": "Cut the retries",
    "run_number": 562,
    "event": "push",
    "status": "completed",
    "conclusion": "failure",
    "workflow_id": 159038,
    "html_url": "https://github.com/acme/shop/actions/runs/30433642",
    "created_at": "2026-10-04T07:21:05Z",
    "updated_at": "2026-10-04T07:31:05Z",
    "run_started_at": "2026-10-04T07:21:05Z",
    "head_commit": {"id": "acb5820ced9479c074f688cc328bf03f341a511d", "message": "Cut the retries"}
  },
  "workflow": {"id": 159038, "name": "CI", "path": ".github/workflows/ci.yml"},
  "repository": {
    "full_name": "acme/shop",
    "default_branch": "main",
    "html_url": "https://github.com/acme/shop"
  },
  "sender": {"login": "ada"}
}"#;

/// A secret that somebody has committed.
#[cfg(test)]
pub(super) const SECRET_FIXTURE: &str = r#"{
  "action": "created",
  "alert": {
    "number": 42,
    "created_at": "2026-10-04T07:31:05Z",
    "html_url": "https://github.com/acme/shop/security/secret-scanning/42",
    "state": "open",
    "secret_type": "acme_api_key",
    "secret_type_display_name": "Acme API Key",
    "secret": "v3ry-s3cr3t-k3y",
    "validity": "active"
  },
  "repository": {"full_name": "acme/shop", "html_url": "https://github.com/acme/shop"},
  "sender": {"login": "ada"}
}"#;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Severity, read as read_text};
    use super::*;
    use crate::clock::Timestamp;

    fn sent(more: &Value) -> Option<Alert> {
        let mut payload = json!({"action": "created", "repository": {"full_name": "acme/shop"}});
        payload.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        read(&payload)
    }

    #[test]
    fn a_failed_run_is_an_alert_and_the_next_success_its_end() {
        let failed = read_text(FIXTURE).unwrap().remove(0);
        assert_eq!((failed.source, failed.severity, failed.status), (Source::GitHub, Severity::Error, Firing::Firing));
        assert_eq!(failed.title, "CI failed on main of acme/shop");
        assert_eq!((failed.labels["workflow"].as_str(), failed.labels["branch"].as_str()), ("CI", "main"));
        assert_eq!(failed.annotations["message"], "Cut the retries");
        assert_eq!(failed.links[0], "https://github.com/acme/shop/actions/runs/30433642");
        assert_eq!(failed.starts_at, Some(Timestamp(1_791_099_065_000)));
        let passed = FIXTURE.replace("\"failure\"", "\"success\"").replace("07:31", "08:31").replace("30433642", "7");
        let passed = read_text(&passed).unwrap().remove(0);
        assert_eq!((passed.status, passed.starts_at), (Firing::Resolved, None));
        assert_eq!(passed.fingerprint, failed.fingerprint);
    }

    #[test]
    fn steps_on_the_way_are_no_news() {
        for (from, to) in
            [("\"completed\",\n  \"workflow_run\"", "\"requested\",\n  \"workflow_run\""), ("failure", "cancelled")]
        {
            let payload: Value = serde_json::from_str(&FIXTURE.replace(from, to)).unwrap();
            assert!(subject(&payload).is_some());
            assert_eq!(read(&payload), None, "{to}");
        }
        assert_eq!(sent(&json!({"deployment_status": {"state": "in_progress"}})), None);
    }

    #[test]
    fn checks_and_deployments_are_known_by_name_and_place() {
        let check = json!({"action": "completed", "check_run": {"name": "lint", "conclusion": "timed_out",
            "completed_at": "2026-10-04T07:31:05Z", "check_suite": {"head_branch": "fix"}, "app": {"slug": "linter"}}});
        let check = sent(&check).unwrap();
        assert_eq!((check.title.as_str(), check.severity), ("lint failed on fix of acme/shop", Severity::Warning));
        assert_eq!(check.fingerprint, "check/acme/shop/lint/fix");
        let deployment = |state: &str| {
            let status = json!({"state": state, "environment": "production", "updated_at": "2026-10-04T07:31:05Z"});
            sent(&json!({"deployment_status": status, "deployment": {"ref": "main"}})).unwrap()
        };
        let (failed, passed) = (deployment("error"), deployment("success"));
        assert_eq!(failed.title, "Deployment of acme/shop to production failed");
        assert_eq!((passed.status, passed.fingerprint), (Firing::Resolved, failed.fingerprint));
    }

    #[test]
    fn security_alerts_have_the_severity_of_the_advisory() {
        let dependency = json!({"alert": {"number": 2, "dependency": {"package": {"name": "left-pad"}},
            "security_advisory": {"severity": "high", "summary": "It pads", "cve_id": "CVE-2026-1"}}});
        let dependency = sent(&dependency).unwrap();
        assert_eq!(
            (dependency.title.as_str(), dependency.severity),
            ("left-pad in acme/shop: It pads", Severity::Error)
        );
        let code = json!({"action": "fixed", "alert": {"number": 3, "tool": {"name": "CodeQL"},
            "rule": {"id": "js/xss", "severity": "error", "description": "Reflected XSS"}}});
        let code = sent(&code).unwrap();
        assert_eq!((code.status, code.fingerprint.as_str()), (Firing::Resolved, "code/acme/shop/3"));
    }

    #[test]
    fn a_leaked_secret_is_told_without_the_secret() {
        let alert = read_text(SECRET_FIXTURE).unwrap().remove(0);
        assert_eq!((alert.severity, alert.title.as_str()), (Severity::Critical, "Secret in acme/shop: Acme API Key"));
        assert!(!serde_json::to_string(&alert).unwrap().contains("v3ry-s3cr3t"));
    }
}
